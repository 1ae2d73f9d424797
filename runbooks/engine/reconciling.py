"""What an outage really cost, once the lost side is back and nobody writes there: exact, partition by partition.

Offsets, not records: on compacted or transactional topics there are gaps, and an export is what counts records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact

CUT, RECORDED, RECEIPT = "cut.save", "lag.record", "receipt"


@dataclass(frozen=True)
class Partition:
    """`source_*` are the log of the side that was lost, `end` is the log end where clients went on.

    `is_mirroring`: the topic there is still a mirror (active-active), so that what is missing is only late.
    """

    partition: int
    cut: int
    source_start: int
    source_end: int
    end: int
    is_mirroring: bool = False

    @property
    def unreplicated(self) -> int:
        """Records of the lost side that had not arrived when mirroring stopped."""
        return max(0, self.source_end - self.cut)

    @property
    def behind(self) -> int:
        """Records that the surviving side has and the lost one has lost: acknowledged data is gone there."""
        return max(0, self.cut - self.source_end)

    @property
    def expired(self) -> int:
        """Of the unreplicated, those that the lost side's retention has removed."""
        return max(0, min(self.source_start, self.source_end) - self.cut)

    @property
    def divergent(self) -> tuple[int, int]:
        """Offsets that hold different records on both sides: from the cut to the shorter end; empty where equal."""
        return self.cut, self.cut if self.is_mirroring else max(self.cut, min(self.source_end, self.end))

    @property
    def arrived(self) -> int:
        """Of the unreplicated, those that have come since, where the mirror goes on."""
        return min(max(0, self.end - self.cut), self.unreplicated) if self.is_mirroring else 0

    @property
    def missing(self) -> int:
        return self.unreplicated - self.arrived

    def as_evidence(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "unreplicated": self.unreplicated,
            "behind": self.behind,
            "expired": self.expired,
            "divergent": list(self.divergent),
            "arrived": self.arrived,
            "missing": self.missing,
        }


FIGURES = ("unreplicated", "behind", "expired", "arrived", "missing")


def totals(partitions: Iterable[Partition]) -> dict[str, int]:
    """With the number of divergent offsets, whose ranges stand with the partitions."""
    known = list(partitions)
    sums = {name: sum(getattr(part, name) for part in known) for name in FIGURES}
    return {**sums, "divergent": sum(end - begin for begin, end in (part.divergent for part in known))}


def words(partitions: Sequence[Partition]) -> str:
    """Of one topic, or of all together."""
    found = totals(partitions)
    if found["behind"]:
        return (
            f"{found['behind']:,} offsets that had been mirrored are gone at the source: it has lost acknowledged data"
        )
    if any(part.is_mirroring for part in partitions):
        said = f"{found['unreplicated']:,} offsets were late, {found['arrived']:,} of them have arrived"
    else:
        said = f"{found['unreplicated']:,} offsets never arrived, {found['divergent']:,} hold different records"
    return f"{said}; {found['expired']:,} have expired at the source" if found["expired"] else said


Cuts = Mapping[str, tuple[int, ...]]


def known_cuts(case: Case, survivor: str) -> tuple[str, Cuts]:
    """Where mirroring stopped, by mirror topic, and which evidence says so: the saved cut, else what was recorded of
    the outage, else the receipt, if it was read when nothing more could arrive. MissingFact where there is none.
    """
    for kind in (CUT, RECORDED, RECEIPT):
        recorded = case.evidence.get(kind, {})
        if recorded.get("survivor") == survivor and recorded.get("is_settled", True):
            cuts = {name: _ends(topic) for name, topic in recorded.get("topics", {}).items()}
            if whole := {name: ends for name, ends in cuts.items() if ends}:
                return kind, whole
    raise MissingFact(f"where mirroring to {survivor} stopped", waits_for=CUT)


def _ends(topic: Mapping[str, Any]) -> tuple[int, ...]:
    """Empty where one partition has no usable cut: a range with a hole reconciles nothing."""
    ends = [part["end"] for part in sorted(topic["partitions"], key=lambda part: part["partition"])]
    return () if None in ends else tuple(ends)
