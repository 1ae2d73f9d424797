"""What was known of the lag at the moment of declaration, frozen: per partition, with its basis and its age."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from clusters.facts import MirrorFacts, MirrorStatus, PairFacts, SideFacts
from dashboard import history
from runbooks.engine.clamping import frozen_commits
from runbooks.engine.loss import Lost, Source, TopicCut, asked_at, cut, highest_ends, loss, source


def receipt(facts: PairFacts, side: str, t0: datetime, uncertainty: timedelta, now: datetime) -> dict[str, Any]:
    """Of every mirror on the side that survives. `rates` are records per second by mirror topic, before the failure."""
    survivor, lost_by = facts.other(side), t0 + uncertainty
    mirrors = mirrors_of(survivor)
    known = source_of(facts, side, t0, uncertainty)
    asked = asked_at(survivor)
    is_settled = asked is not None and asked >= lost_by
    cuts = cuts_of(survivor, mirrors, known, is_settled=is_settled)
    found = loss(cuts, known)
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
        "likely_s": known.likely.total_seconds(),
        "longest_s": known.longest.total_seconds(),
        "is_complete": _is_complete(survivor, cuts),
        "is_settled": is_settled,
        "rates": dict(known.rates),
        "peaks": dict(known.peaks),
        "lower": found.lower,
        "estimate": found.estimate,
        "upper": found.upper,
        "unknown_partitions": found.unknown_partitions,
        "basis": found.basis,
        "topics": {topic.topic: _topic(topic, known) for topic in cuts},
        "groups": frozen_commits(facts, side, before),
        "groups_read_at": before.read_at if before else None,
        "canary": canary_of(facts.pair, side, t0),
    }


def _topic(topic: TopicCut, known: Source) -> dict[str, Any]:
    said = topic.as_evidence()
    for part, end in zip(said["partitions"], highest_ends(topic, known), strict=True):
        part["upper_end"] = end
    return said


def canary_of(pair: str, side: str, t0: datetime) -> dict[str, Any]:
    """The RPO in time: from the newest record known to have arrived until the failure. `rpo_s` None: nobody knows."""
    found = history.canary(pair, side)
    if found is None or found.seen_at is None:
        said = "no canary has arrived" if found else "no canary topic is named in the inventory, or it is not mirrored"
        return {"rpo_s": None, "said": said}
    return {
        "rpo_s": max(t0 - found.seen_at, timedelta()).total_seconds(),
        "seen_at": found.seen_at,
        "written_at": found.written_at,
        "read_at": found.read_at,
        "said": "by the clocks of the hosts that write and read canaries; records may be older by what those differ",
    }


def mirrors_of(survivor: SideFacts) -> list[MirrorFacts]:
    return [mirror for mirror in survivor.mirrors or () if mirror.status is not MirrorStatus.STOPPED]


def cuts_of(
    survivor: SideFacts, mirrors: list[MirrorFacts], known: Source, *, is_settled: bool = True
) -> list[TopicCut]:
    topics = survivor.topics or {}
    return [
        cut(mirror, topics.get(mirror.topic), known.ends.get(mirror.topic, ()), is_settled=is_settled)
        for mirror in mirrors
    ]


def source_of(facts: PairFacts, side: str, t0: datetime, uncertainty: timedelta) -> Source:
    """The side that failed as it was read last, by the mirrors of its topics on the other side."""
    by_mirror = {mirror.topic: mirror.source_topic for mirror in mirrors_of(facts.other(side))}
    rates, peaks = history.rates(facts.pair, side), history.peak_rates(facts.pair, side)
    lost = Lost(t0, uncertainty, facts.policy.poll)
    return source(history.last_good(facts.pair, side), by_mirror, rates, peaks, lost)


def _is_complete(survivor: SideFacts, cuts: list[TopicCut]) -> bool:
    return survivor.mirrors is not None and all(topic.is_complete for topic in cuts)
