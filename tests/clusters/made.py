"""Facts made by hand, with only what a test wants to say spelled out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clusters.facts import (
    BrokerFacts,
    ClientFacts,
    ClockSkew,
    Committed,
    Edition,
    Fact,
    GroupFacts,
    GroupState,
    LinkFacts,
    MetadataMode,
    MirrorFacts,
    MirrorStatus,
    Origin,
    PairFacts,
    PartitionLag,
    Policy,
    Probe,
    SideFacts,
    TopicFacts,
    Topology,
    Version,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
POLICY = Policy()
WEEK = {"cleanup.policy": "delete", "retention.ms": "604800000", "retention.bytes": "-1"}


def known(value: Any) -> Fact[Any]:
    return Fact(value, Origin.DECLARED, NOW, "declared")


def mirror(topic: str = "orders", lags: Sequence[tuple[int, int]] = ((0, 10), (0, 12)), **changes: Any) -> MirrorFacts:
    """`lags` are (lag, last source fetch offset) by partition."""
    made = MirrorFacts(
        link="link",
        topic=topic,
        source_topic=topic,
        status=MirrorStatus.ACTIVE,
        said_status="ACTIVE",
        error="",
        state_at=NOW - timedelta(hours=1),
        num_partitions=len(lags),
        partitions=tuple(PartitionLag(n, lag, fetched) for n, (lag, fetched) in enumerate(lags)),
    )
    if "status" in changes:
        changes.setdefault("said_status", changes["status"].value)
    return replace(made, **changes)


def link(**changes: Any) -> LinkFacts:
    configs = {"link.mode": "BIDIRECTIONAL", "cluster.link.prefix": None, "consumer.offset.sync.enable": "true"}
    return replace(LinkFacts("link", "id", "remote", "ACTIVE", "", "", "BIDIRECTIONAL", "", configs), **changes)


def topic(name: str = "orders", ends: Sequence[int | None] = (10, 12), **changes: Any) -> TopicFacts:
    made = TopicFacts(name, len(ends), (0,) * len(ends), tuple(ends), settings={**WEEK})
    return replace(made, **changes)


def group(name: str = "settlement", members: int = 0, at: dict[tuple[str, int], int] | None = None) -> GroupFacts:
    state = GroupState.STABLE if members else GroupState.EMPTY
    return GroupFacts(name, state, members, tuple(Committed(t, p, o) for (t, p), o in (at or {}).items()))


def side(name: str = "east", **changes: Any) -> SideFacts:
    made = SideFacts(
        side=name,
        region=name,
        is_home=name == "east",
        read_at=NOW,
        reachable=True,
        said="",
        probes=(Probe("rest", ok=True, said="answers", took_ms=3), Probe("kafka", ok=True, said="answers", took_ms=3)),
        cluster_id=f"id-{name}",
        edition=known(Edition.PLATFORM),
        metadata=known(MetadataMode.KRAFT),
        tiering=known(False),
        brokers=(BrokerFacts(1, known(Version(8, 1, 0))),),
        links=(link(),),
        mirrors=(),
        topics={},
        other_topics=(),
        groups={},
        offsets_at=NOW,
        configs_at=NOW,
        broker_settings={1: {"offsets.retention.minutes": "10080"}},
        skew=ClockSkew(-100, 200, NOW),
    )
    for key in ("mirrors", "links"):
        if isinstance(changes.get(key), list):
            changes[key] = tuple(changes[key])
    for key in ("topics", "groups"):
        if isinstance(changes.get(key), list):
            changes[key] = {each.name: each for each in changes[key]}
    return replace(made, **changes)


def gone(name: str = "east", **changes: Any) -> SideFacts:
    """A side that does not answer."""
    probes = (Probe("rest", ok=False, said="refused", took_ms=1),)
    nothing = {"links": None, "mirrors": None, "topics": None, "groups": None, "offsets_at": None, "configs_at": None}
    return replace(side(name), reachable=False, said="rest: refused", probes=probes, **nothing, **changes)


def pair(*sides: SideFacts, topology: Topology = Topology.ACTIVE_PASSIVE, **changes: Any) -> PairFacts:
    clients = (ClientFacts("settle", "group", ("orders",), "control", "east", "settlement"),)
    made = PairFacts("pair", topology, "link", "east", {each.side: each for each in sides}, clients)
    return replace(made, **changes)
