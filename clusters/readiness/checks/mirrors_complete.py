from __future__ import annotations

from typing import ClassVar

from clusters.facts import MirrorStatus, PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.topics import NOBODY_DECLARED, declared_topics, some


@checks.add("mirrors-complete")
class MirrorsComplete(Check):
    """Every topic that a declared client writes or reads at its home is mirrored on the other side."""

    code: ClassVar[str] = "C09"
    title: ClassVar[str] = "Every declared topic is mirrored"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "a mirror, not stopped, of each topic of each declared client"
    act: ClassVar[str] = "Create the missing mirrors: what is not mirrored is lost with its side."

    def judge(self, facts: PairFacts) -> Finding:
        if any(side.mirrors is None for side in facts.sides.values()):
            return self.unknown("the mirrors of a side could not be read")
        wanted = declared_topics(facts)
        if not wanted:
            return self.unknown(NOBODY_DECLARED)
        missing = sorted(f"{topic} of {home}" for home, topic in wanted if not _is_mirrored(facts, home, topic))
        if not missing:
            return self.met(f"{len(wanted)} topics")
        return self.fails(f"not mirrored: {some(missing)}")


def _is_mirrored(facts: PairFacts, home: str, topic: str) -> bool:
    return any(
        mirror.source_topic == topic and mirror.status is not MirrorStatus.STOPPED
        for mirror in facts.other(home).mirrors or ()
    )
