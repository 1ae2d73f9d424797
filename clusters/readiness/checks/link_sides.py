from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from clusters.facts import LinkFacts, PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.links import links_of, one_way

BIDIRECTIONAL = "BIDIRECTIONAL"


@checks.add("link-sides")
class LinkSides(Check):
    """The two objects of the link carry the same name and id, name each other's cluster, and are bidirectional.

    A one-way link has one object. It protects, but the way back is to delete and mirror again: that weighs less.
    """

    code: ClassVar[str] = "C02"
    title: ClassVar[str] = "The two sides of the link belong together"
    weight: ClassVar[Weight] = Weight.CRITICAL
    needs: ClassVar[str] = "same name, same link id, each other's cluster ids, both bidirectional"
    act: ClassVar[str] = (
        "Make the missing half with exactly the same name, or the mode right: halves that do not pair go on mirroring, "
        "and neither sync offsets nor reverse."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if any(side.links is None for side in facts.sides.values()):
            return self.unknown("the links of a side could not be read")
        links = links_of(facts)
        if mode := one_way(facts):
            said = f"{facts.link} is one-way ({mode}): promote and failover work, nothing can be reversed or restored"
            return self.fails(said, weight=Weight.MEDIUM)
        if missing := [f"{name} has no link {facts.link}" for name in facts.sides if name not in links]:
            return self.fails(*missing)
        if any(not link.is_mode_known for link in links.values()):
            return self.unknown("the link's settings could not be read")
        wrong = list(_wrong(facts, links))
        return self.fails(*wrong) if wrong else self.met(f"{facts.link}, bidirectional on both")


def _wrong(facts: PairFacts, links: Mapping[str, LinkFacts]) -> Iterator[str]:
    if len({link.cluster_link_id for link in links.values()}) > 1:
        yield "two different link ids"
    for name, link in links.items():
        other = facts.other(name)
        if link.remote_cluster_id and other.cluster_id and link.remote_cluster_id != other.cluster_id:
            yield f"{name} names cluster {link.remote_cluster_id}, and {other.side} is {other.cluster_id}"
        if link.mode != BIDIRECTIONAL:
            yield f"{name} is {link.mode}"
