"""What was known of the lag at the moment of declaration, frozen: per partition, with its basis and its age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from clusters.facts import MirrorFacts, MirrorStatus, PairFacts, SideFacts
from dashboard import history
from runbooks.engine.loss import Source, TopicCut, cut, loss


def receipt(facts: PairFacts, side: str, t0: datetime, uncertainty: timedelta, now: datetime) -> dict[str, Any]:
    """Of every mirror on the side that survives. `rates` are records per second by mirror topic, before the failure."""
    survivor, lost_by = facts.other(side), t0 + uncertainty
    mirrors = mirrors_of(survivor)
    source = source_of(facts, side, t0, uncertainty)
    is_settled = survivor.offsets_at is not None and survivor.offsets_at - _took(survivor) >= lost_by
    cuts = cuts_of(survivor, mirrors, source, is_settled=is_settled)
    found = loss(cuts, source)
    before = history.last_good(facts.pair, side)
    return {
        "side": side,
        "survivor": survivor.side,
        "at": now,
        "t0": t0,
        "lost_by": lost_by,
        "read_at": survivor.read_at,
        "offsets_at": survivor.offsets_at,
        "source_read_at": before.offsets_at if before else None,
        "likely_s": source.likely.total_seconds(),
        "longest_s": source.longest.total_seconds(),
        "is_complete": _is_complete(survivor, cuts),
        "is_settled": is_settled,
        "rates": dict(source.rates),
        "peaks": dict(source.peaks),
        "lower": found.lower,
        "estimate": found.estimate,
        "upper": found.upper,
        "unknown_partitions": found.unknown_partitions,
        "basis": found.basis,
        "topics": {topic.topic: topic.as_evidence() for topic in cuts},
    }


def mirrors_of(survivor: SideFacts) -> list[MirrorFacts]:
    return [mirror for mirror in survivor.mirrors or () if mirror.status is not MirrorStatus.STOPPED]


def cuts_of(
    survivor: SideFacts, mirrors: list[MirrorFacts], source: Source, *, is_settled: bool = True
) -> list[TopicCut]:
    topics = survivor.topics or {}
    return [
        cut(mirror, topics.get(mirror.topic), source.ends.get(mirror.topic, ()), is_settled=is_settled)
        for mirror in mirrors
    ]


def source_of(facts: PairFacts, side: str, t0: datetime, uncertainty: timedelta) -> Source:
    """The side that failed as it was read last, by the mirrors of its topics on the other side."""
    before, by_mirror = history.last_good(facts.pair, side), _source_topics(facts.other(side))
    topics = before.topics or {} if before else {}
    # The log ends were asked for some moment before the whole reading was there.
    since = before.offsets_at - _took(before) if before and before.offsets_at else None
    seen = max(t0 - since, timedelta()) if since else facts.policy.poll
    return Source(
        ends={mirror: topics[topic].end_offsets for mirror, topic in by_mirror.items() if topic in topics},
        rates=_named(history.rates(facts.pair, side), by_mirror),
        peaks=_named(history.peak_rates(facts.pair, side), by_mirror),
        likely=seen + uncertainty / 2,
        longest=seen + uncertainty,
    )


def _took(side: SideFacts) -> timedelta:
    return timedelta(milliseconds=max((probe.took_ms for probe in side.probes), default=0))


def _source_topics(survivor: SideFacts) -> dict[str, str]:
    return {mirror.topic: mirror.source_topic for mirror in mirrors_of(survivor)}


def _named(rates: Mapping[str, float], by_mirror: Mapping[str, str]) -> dict[str, float]:
    return {mirror: rates[topic] for mirror, topic in by_mirror.items() if topic in rates}


def _is_complete(survivor: SideFacts, cuts: list[TopicCut]) -> bool:
    return survivor.mirrors is not None and all(topic.is_complete for topic in cuts)
