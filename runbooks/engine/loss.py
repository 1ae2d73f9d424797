"""What may not have arrived: last known lag, cut offsets and what they prove.

Numbers are kept as the cluster said them. -1, negative and frozen values get a label instead of a rounder number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from clusters.facts import MirrorFacts, MirrorStatus, PartitionLag, TopicFacts

NEVER_FETCHED = -1


@dataclass(frozen=True)
class PartitionCut:
    """One mirror partition. `end` is the mirror's log end, the best cut there is; `lower` the least that is missing."""

    partition: int
    end: int | None
    lag: int | None
    last_source_fetch_offset: int | None
    lower: int | None
    label: str


@dataclass(frozen=True)
class TopicCut:
    topic: str
    status: str
    state_at: str | None
    partitions: tuple[PartitionCut, ...]

    @property
    def is_complete(self) -> bool:
        return bool(self.partitions) and all(part.end is not None for part in self.partitions)

    @property
    def lower(self) -> int | None:
        """None where any partition's number is unusable: a sum with holes would look like knowledge."""
        found = [part.lower for part in self.partitions]
        return None if None in found or not found else sum(part or 0 for part in found)

    def as_evidence(self) -> dict[str, Any]:
        return {**asdict(self), "partitions": [asdict(part) for part in self.partitions], "lower": self.lower}


def cut(mirror: MirrorFacts, topic: TopicFacts | None) -> TopicCut:
    lags = {lag.partition: lag for lag in mirror.partitions}
    ends = topic.end_offsets if topic else ()
    frozen = mirror.status is not MirrorStatus.ACTIVE
    partitions = tuple(
        _partition(number, lags.get(number), ends[number] if number < len(ends) else None, is_frozen=frozen)
        for number in range(max(mirror.num_partitions, len(ends)))
    )
    state_at = mirror.state_at.isoformat() if mirror.state_at else None
    return TopicCut(mirror.topic, mirror.said_status or mirror.status, state_at, partitions)


def _partition(number: int, lag: PartitionLag | None, end: int | None, *, is_frozen: bool) -> PartitionCut:
    if lag is None:
        return PartitionCut(number, end, None, None, None, "not reported")
    fetched = lag.last_source_fetch_offset
    lower: int | None = lag.lag
    if fetched == NEVER_FETCHED:
        lower, label = None, "never fetched since the last restart: its lag says nothing"
    elif lag.lag < 0:
        lower, label = None, f"negative lag {lag.lag}: unknown"
    elif is_frozen:
        label = "frozen at the last fetch"
    else:
        label = "at the last fetch"
    return PartitionCut(number, end, lag.lag, fetched, lower, label)


@dataclass(frozen=True)
class Loss:
    """At least `lower`, about `estimate`; `basis` says from what. Partitions without a number count apart."""

    lower: int
    estimate: int | None
    unknown_partitions: int
    basis: str

    def words(self) -> str:
        about = f", about {self.estimate:,}" if self.estimate is not None else ""
        holes = f"; {self.unknown_partitions} partitions have no usable number" if self.unknown_partitions else ""
        return f"at least {self.lower:,}{about} records ({self.basis}{holes})"


def loss(cuts: Iterable[TopicCut], rates: Mapping[str, Any], window: timedelta) -> Loss:
    """`rates` are records per second by topic before the failure; `window` bounds the time since the last fetch."""
    known = tuple(cuts)
    parts = [part for topic in known for part in topic.partitions]
    lower = sum(part.lower or 0 for part in parts)
    holes = sum(part.lower is None for part in parts)
    if not all(topic.topic in rates for topic in known):
        return Loss(lower, None, holes, "last known lag; the rate before the failure is not known")
    unseen = sum(float(rates[topic.topic]) for topic in known) * window.total_seconds()
    basis = f"last known lag, plus {window.total_seconds():g} s at the rate before the failure"
    return Loss(lower, lower + round(unseen), holes, basis)
