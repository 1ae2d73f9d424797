"""What may not have arrived: last known lag, cut offsets and what they prove; and between which bounds the truth lies.

Numbers are kept as the cluster said them. -1, negative and frozen values get a label instead of a rounder number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clusters.facts import MirrorFacts, MirrorStatus, PartitionLag, SideFacts, TopicFacts

NEVER_FETCHED = -1
DEVIATIONS = 3.0  # records come in bursts: the upper bound leaves room for what chance adds to the highest rate
Ends = tuple[int | None, ...]


@dataclass(frozen=True)
class Source:
    """What was known of the side that failed. Everything by mirror topic, so that prefixes do not matter here.

    `ends` are its log ends as read last; `rates` records a second then, `peaks` the highest of the last minutes. From
    that reading it took `likely` until the side was lost, and `longest` at most.
    """

    ends: Mapping[str, Ends] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    peaks: Mapping[str, float] = field(default_factory=dict)
    likely: timedelta = timedelta()
    longest: timedelta = timedelta()


def source(
    before: SideFacts | None,
    by_mirror: Mapping[str, str],
    rates: Mapping[str, float],
    peaks: Mapping[str, float],
    lost: Lost,
) -> Source:
    """`before` is the side's last whole reading; `by_mirror` names the source topic of each mirror."""
    topics = before.topics or {} if before else {}
    since = asked_at(before) if before else None
    seen = max(lost.after - since, timedelta()) if since else lost.poll
    return Source(
        ends={mirror: topics[topic].end_offsets for mirror, topic in by_mirror.items() if topic in topics},
        rates=_named(rates, by_mirror),
        peaks=_named(peaks, by_mirror),
        likely=seen + lost.within / 2,
        longest=seen + lost.within,
    )


@dataclass(frozen=True)
class Lost:
    """A side answered at `after` for the last time, and had failed `within` that time after it."""

    after: datetime
    within: timedelta
    poll: timedelta

    @property
    def by(self) -> datetime:
        return self.after + self.within


def asked_at(side: SideFacts) -> datetime | None:
    """Its log ends are no older: they were asked for some moment before the whole reading was there."""
    took = max((probe.took_ms for probe in side.probes), default=0)
    return side.offsets_at - timedelta(milliseconds=took) if side.offsets_at else None


def _named(rates: Mapping[str, float], by_mirror: Mapping[str, str]) -> dict[str, float]:
    return {mirror: rates[topic] for mirror, topic in by_mirror.items() if topic in rates}


@dataclass(frozen=True)
class PartitionCut:
    """One mirror partition. `end` is the mirror's log end, the best cut there is; `lower` the least that is missing:
    by the last known lag, or by `source_end`, the source's log end as it was read last.
    """

    partition: int
    end: int | None
    lag: int | None
    last_source_fetch_offset: int | None
    lower: int | None
    label: str
    source_end: int | None = None


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

    @property
    def is_read_at_source(self) -> bool:
        return bool(self.partitions) and all(part.source_end is not None for part in self.partitions)

    def as_evidence(self) -> dict[str, Any]:
        return {**asdict(self), "partitions": [asdict(part) for part in self.partitions], "lower": self.lower}


def cut(mirror: MirrorFacts, topic: TopicFacts | None, source_ends: Ends = (), *, is_settled: bool = True) -> TopicCut:
    """`is_settled`: the log ends were read after the source was lost, so that nothing more can have arrived."""
    lags = {lag.partition: lag for lag in mirror.partitions}
    ends = topic.end_offsets if topic else ()
    frozen = mirror.status is not MirrorStatus.ACTIVE
    partitions = tuple(
        _partition(number, lags.get(number), _at(ends, number), _at(source_ends, number), is_frozen=frozen)
        for number in range(max(mirror.num_partitions, len(ends)))
    )
    if not is_settled:
        partitions = tuple(_unsettled(part) for part in partitions)
    state_at = mirror.state_at.isoformat() if mirror.state_at else None
    return TopicCut(mirror.topic, mirror.said_status or mirror.status, state_at, partitions)


def _at(ends: Ends, number: int) -> int | None:
    return ends[number] if number < len(ends) else None


def _partition(
    number: int, lag: PartitionLag | None, end: int | None, source_end: int | None, *, is_frozen: bool
) -> PartitionCut:
    behind = max(0, source_end - end) if source_end is not None and end is not None else None
    said, label = _judged(lag, is_frozen=is_frozen)
    if behind is not None and (said is None or behind > said):
        label = f"{label}; counted by the source's log end as it was read last"
    known = [number for number in (said, behind) if number is not None]
    return PartitionCut(
        number,
        end,
        lag.lag if lag else None,
        lag.last_source_fetch_offset if lag else None,
        max(known) if known else None,
        label,
        source_end,
    )


def _judged(lag: PartitionLag | None, *, is_frozen: bool) -> tuple[int | None, str]:
    """What a reported lag proves to be missing, and how it is to be read."""
    if lag is None:
        return None, "not reported"
    if lag.last_source_fetch_offset == NEVER_FETCHED:
        return None, "never fetched since the last restart: its lag says nothing"
    if lag.lag < 0:
        return None, f"negative lag {lag.lag}: unknown"
    return lag.lag, "frozen at the last fetch" if is_frozen else "at the last fetch"


def _unsettled(part: PartitionCut) -> PartitionCut:
    return PartitionCut(
        part.partition,
        part.end,
        part.lag,
        part.last_source_fetch_offset,
        None,
        f"{part.label}; read before the source was lost: more may have arrived since",
        part.source_end,
    )


@dataclass(frozen=True)
class Loss:
    """At least `lower`, about `estimate`, at most `upper`; `basis` says from what. Partitions without a number count
    apart, and then nothing bounds the whole from above.
    """

    lower: int
    estimate: int | None
    unknown_partitions: int
    basis: str
    upper: int | None = None

    def words(self) -> str:
        about = f", about {self.estimate:,}" if self.estimate is not None else ""
        most = f", at most {self.upper:,}" if self.upper is not None else ""
        holes = f"; {self.unknown_partitions} partitions have no usable number" if self.unknown_partitions else ""
        return f"at least {self.lower:,}{about}{most} records ({self.basis}{holes})"


def loss(cuts: Iterable[TopicCut], source: Source) -> Loss:
    known = tuple(cuts)
    parts = [part for topic in known for part in topic.partitions]
    lower = sum(part.lower or 0 for part in parts)
    holes = sum(part.lower is None for part in parts)
    if not all(topic.topic in source.rates for topic in known):
        return Loss(lower, None, holes, "last known lag; the rate before the failure is not known")
    estimate = sum(_missing(topic, source.rates[topic.topic] * source.likely.total_seconds()) for topic in known)
    upper = None
    if not holes and all(topic.is_read_at_source for topic in known):
        upper = sum(_missing(topic, _most_unseen(topic, source)) for topic in known)
    return Loss(lower, round(estimate), holes, _basis(source, is_bounded=upper is not None), upper)


def _missing(topic: TopicCut, unseen: float) -> int:
    """With so many records written after the source was read last: less those of them that have arrived.

    A mirror never ends above its source, so that what is missing is the sum of one side's ends less the other's.
    """
    lower = sum(part.lower or 0 for part in topic.partitions)
    if not topic.is_read_at_source or not topic.is_complete:
        return lower + round(unseen)
    behind = sum((part.source_end or 0) - (part.end or 0) for part in topic.partitions)
    return max(lower, behind + round(unseen))


def _most_unseen(topic: TopicCut, source: Source) -> int:
    """Written between the last reading of the source and its loss, at the highest rate, with what chance may add."""
    most = max(source.peaks.get(topic.topic, 0.0), source.rates[topic.topic]) * source.longest.total_seconds()
    return math.ceil(most + DEVIATIONS * math.sqrt(most)) + (len(topic.partitions) if most else 0)


def highest_ends(topic: TopicCut, source: Source) -> list[int | None]:
    """Where each partition of the source may have ended at most: all that was unseen may have gone into one."""
    if topic.topic not in source.rates:
        return [None for _ in topic.partitions]
    most = _most_unseen(topic, source)
    return [None if part.source_end is None else part.source_end + most for part in topic.partitions]


def _basis(source: Source, *, is_bounded: bool) -> str:
    if not is_bounded:
        return f"last known lag, plus {source.likely.total_seconds():.3g} s at the rate before the failure"
    return (
        f"last known lag and log ends of the source, plus {source.likely.total_seconds():.3g} s at the rate before the "
        f"failure, less what arrived of that; at most {source.longest.total_seconds():.3g} s at the highest rate of "
        "the last minutes, if clients could write no longer than this console could read"
    )
