from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import MirrorStatus, PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.topics import NOBODY_DECLARED, declared_topics, some
from clusters.subscriptions import names_on


@checks.add("mirrors-complete")
class MirrorsComplete(Check):
    """Every topic that a declared client writes or reads at its home is mirrored on the other side, and no mirror is
    left without its source.
    """

    code: ClassVar[str] = "C09"
    title: ClassVar[str] = "Every declared topic is mirrored"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "a mirror, not stopped, of each topic of each declared client"
    act: ClassVar[str] = (
        "Create the missing mirrors: what is not mirrored is lost with its side. Find out who deleted a source, and "
        "whether its mirror is to stay."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if any(side.mirrors is None for side in facts.sides.values()):
            return self.unknown("the mirrors of a side could not be read")
        wanted = declared_topics(facts)
        if not wanted:
            return self.unknown(NOBODY_DECLARED)
        missing = sorted(f"{topic} of {home}" for home, topic in wanted if not _is_mirrored(facts, home, topic))
        orphans = list(_orphans(facts))
        wrong = {"not mirrored": missing, "no source": orphans}
        said = [f"{what}: {some(names)}" for what, names in wrong.items() if names]
        if said:
            return self.fails(*said)
        if nameless := [side.side for side in facts.sides.values() if names_on(side) is None]:
            return self.unknown(f"not every topic of {' and '.join(nameless)} is known, so orphans cannot be told")
        return self.met(f"{len(wanted)} topics, and no mirror without its source")


def _orphans(facts: PairFacts) -> Iterator[str]:
    """Mirrors that still are mirrors, of topics that are gone: they will never get another record."""
    for side in facts.sides.values():
        sources = names_on(facts.other(side.side))
        for mirror in side.mirrors or ():
            is_gone = sources is not None and mirror.source_topic not in sources
            if is_gone and mirror.link == facts.link and mirror.status is not MirrorStatus.STOPPED:
                yield f"{mirror.topic} on {side.side}"


def _is_mirrored(facts: PairFacts, home: str, topic: str) -> bool:
    return any(
        mirror.source_topic == topic and mirror.status is not MirrorStatus.STOPPED
        for mirror in facts.other(home).mirrors or ()
    )
