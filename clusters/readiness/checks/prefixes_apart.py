from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.links import links_of

SEPARATORS = "._-"


@checks.add("prefixes-apart")
class PrefixesApart(Check):
    """Prefixes of the two halves differ, end with a separator, and begin no topic that a side owns."""

    code: ClassVar[str] = "C08"
    title: ClassVar[str] = "Prefixes cannot be mistaken"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "two different prefixes that end with a separator and begin no owned topic"
    act: ClassVar[str] = "A prefix cannot be changed: make the link anew with another one, or rename the topic."

    def judge(self, facts: PairFacts) -> Finding:
        prefixes = {name: link.prefix for name, link in links_of(facts).items()}
        if not prefixes or None in prefixes.values():
            return self.unknown("whether the link has a prefix could not be read")
        used = {name: prefix for name, prefix in prefixes.items() if prefix}
        if not used:
            return self.spared("the link has no prefix")
        if any(facts.side(name).topics is None for name in used):
            return self.unknown("the topics of a side could not be read")
        wrong = list(_wrong(facts, used))
        return self.fails(*wrong) if wrong else self.met(" and ".join(sorted(used.values())))


def _wrong(facts: PairFacts, used: dict[str, str]) -> Iterator[str]:
    if len(used) > 1 and len(set(used.values())) == 1:
        yield f"both halves use {next(iter(used.values()))}"
    for name, prefix in used.items():
        side = facts.side(name)
        if prefix[-1] not in SEPARATORS:
            yield f"{prefix} on {name} ends without a separator"
        mirrors = {mirror.topic for mirror in side.mirrors or ()}
        owned = sorted(topic for topic in side.topics or () if topic.startswith(prefix) and topic not in mirrors)
        if owned:
            yield f"{owned[0]} on {name} begins with {prefix} and is no mirror"
