from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import LinkFacts, PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.links import is_on, links_of

AUTO_CREATE, ACL_SYNC = "auto.create.mirror.topics.enable", "acl.sync.enable"


@checks.add("prefix-settings")
class PrefixSettings(Check):
    """A link with a prefix neither creates mirrors by itself nor syncs ACLs: the platform refuses to combine them."""

    code: ClassVar[str] = "C07"
    title: ClassVar[str] = "Nothing that does not go with a prefix"
    weight: ClassVar[Weight] = Weight.CRITICAL
    needs: ClassVar[str] = f"{AUTO_CREATE}=false and {ACL_SYNC}=false beside a prefix"
    act: ClassVar[str] = "Create mirrors one by one, and manage ACLs yourself or on a link without data (R22, R23)."

    def judge(self, facts: PairFacts) -> Finding:
        links = links_of(facts)
        if not links or any(link.prefix is None for link in links.values()):
            return self.unknown("whether the link has a prefix could not be read")
        prefixed = {name: link for name, link in links.items() if link.prefix}
        if not prefixed:
            return self.spared("the link has no prefix")
        if any(is_on(link, name) is None for link in prefixed.values() for name in (AUTO_CREATE, ACL_SYNC)):
            return self.unknown("the link's settings could not be read")
        wrong = [f"{name}: {said}" for name, link in prefixed.items() for said in _wrong(link)]
        return self.fails(*wrong) if wrong else self.met("both false")


def _wrong(link: LinkFacts) -> Iterator[str]:
    return (f"{name} is true" for name in (AUTO_CREATE, ACL_SYNC) if is_on(link, name))
