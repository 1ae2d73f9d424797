from __future__ import annotations

from typing import ClassVar

from clusters.facts import LinkFacts, PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.links import is_on, receiving

ENABLE, FILTERS = "consumer.offset.sync.enable", "consumer.offset.group.filters"


@checks.add("offset-sync")
class OffsetSync(Check):
    """Offsets are synced, for groups that a filter names: an empty filter syncs nothing."""

    code: ClassVar[str] = "C04"
    title: ClassVar[str] = "Group offsets are synced"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = f"{ENABLE}=true and a filter that names groups"
    act: ClassVar[str] = (
        f"Set {FILTERS} first and {ENABLE} last: without them every group begins at auto.offset.reset after a failover."
    )

    def judge(self, facts: PairFacts) -> Finding:
        links = receiving(facts)
        if not links or any(is_on(link, ENABLE) is None for link in links.values()):
            return self.unknown("the link's settings could not be read")
        wrong = [f"{name}: {said}" for name, link in links.items() if (said := _wrong(link))]
        return self.fails(*wrong) if wrong else self.met(f"on, on {' and '.join(links)}")


def _wrong(link: LinkFacts) -> str:
    if not is_on(link, ENABLE):
        return f"{ENABLE} is false"
    return "" if '"name"' in (link.configs.get(FILTERS) or "") else f"{FILTERS} names no group"
