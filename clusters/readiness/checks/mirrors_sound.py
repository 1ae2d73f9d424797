from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import MirrorStatus, PairFacts, SideFacts
from clusters.readiness.finding import Check, Finding, Weight, checks

MANY = 5


@checks.add("mirrors-sound")
class MirrorsSound(Check):
    """No mirror has failed, and each has as many partitions as its source."""

    code: ClassVar[str] = "C10"
    title: ClassVar[str] = "Mirrors match their sources"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "no failed mirror, and equal partition counts"
    act: ClassVar[str] = (
        "A failed mirror has to be made anew; a partition count follows by itself unless the link is stuck."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if any(side.mirrors is None for side in facts.sides.values()):
            return self.unknown("the mirrors of a side could not be read")
        wrong = sorted(said for name, side in facts.sides.items() for said in _wrong(side, facts.other(name)))
        if wrong:
            rest = f"and {len(wrong) - MANY} more" if len(wrong) > MANY else ""
            return self.fails(*wrong[:MANY], *([rest] if rest else []))
        return self.met(f"{sum(len(side.mirrors or ()) for side in facts.sides.values())} mirrors")


def _wrong(side: SideFacts, source: SideFacts) -> Iterator[str]:
    for mirror in side.mirrors or ():
        if mirror.status in {MirrorStatus.FAILED, MirrorStatus.LINK_FAILED}:
            yield f"{mirror.topic} on {side.side} is {mirror.status}"
            continue
        topic = (source.topics or {}).get(mirror.source_topic)
        if topic and mirror.num_partitions and topic.partitions != mirror.num_partitions:
            yield f"{mirror.topic} on {side.side} has {mirror.num_partitions} partitions, its source {topic.partitions}"
