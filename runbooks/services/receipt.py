"""What was known of the lag at the moment of declaration, frozen: per partition, with its basis and its age."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from clusters.facts import MirrorFacts, MirrorStatus, PairFacts, SideFacts
from dashboard import history
from runbooks.engine.loss import TopicCut, cut, loss


def receipt(facts: PairFacts, side: str, t0: datetime, now: datetime) -> dict[str, Any]:
    """Of every mirror on the side that survives. `rates` are records per second by mirror topic, before the failure."""
    survivor = facts.other(side)
    mirrors = [mirror for mirror in survivor.mirrors or () if mirror.status is not MirrorStatus.STOPPED]
    cuts = [cut(mirror, (survivor.topics or {}).get(mirror.topic)) for mirror in mirrors]
    rates = _rates(facts.pair, side, mirrors)
    found = loss(cuts, rates, facts.policy.poll)
    return {
        "side": side,
        "survivor": survivor.side,
        "at": now,
        "t0": t0,
        "read_at": survivor.read_at,
        "is_complete": _is_complete(survivor, cuts),
        "rates": rates,
        "lower": found.lower,
        "estimate": found.estimate,
        "unknown_partitions": found.unknown_partitions,
        "basis": found.basis,
        "topics": {topic.topic: topic.as_evidence() for topic in cuts},
    }


def _rates(pair: str, side: str, mirrors: list[MirrorFacts]) -> dict[str, float]:
    known = history.rates(pair, side)
    return {mirror.topic: known[mirror.source_topic] for mirror in mirrors if mirror.source_topic in known}


def _is_complete(survivor: SideFacts, cuts: list[TopicCut]) -> bool:
    return survivor.mirrors is not None and all(topic.is_complete for topic in cuts)
