"""Facts made by hand: what no simulated cluster shows, or would take long to show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from clusters.declared import PairEntry
from clusters.facts import GroupFacts, GroupState, MirrorFacts, MirrorStatus, PartitionLag, SideFacts
from clusters.reading import unread_side
from dashboard import leases, memory, poll
from dashboard.models import SideLease


def side_facts(entry: PairEntry, side: str, **changes: object) -> SideFacts:
    """A side that answers, with nothing on it but what is said here."""
    made = replace(
        unread_side(entry, side, ""),
        reachable=True,
        probes=(),
        links=(),
        mirrors=(),
        topics={},
        groups={},
        said="",
    )
    return replace(made, **changes)


def silent(entry: PairEntry, side: str) -> SideFacts:
    """A side that did not answer."""
    return unread_side(entry, side, "connection refused")


def mirror(topic: str, lag: int = 0, status: MirrorStatus = MirrorStatus.ACTIVE, fetched: int = 100) -> MirrorFacts:
    """With six partitions; the lag stands on the first."""
    lags = (PartitionLag(0, lag, fetched), *(PartitionLag(number, 0, fetched) for number in range(1, 6)))
    return MirrorFacts("a-link", topic, topic, status, status.value, "", datetime.now(UTC), 6, lags)


def group(name: str, members: int) -> GroupFacts:
    return GroupFacts(name, GroupState.STABLE if members else GroupState.EMPTY, members)


def read(entry: PairEntry, facts: SideFacts) -> None:
    """Take these facts as a poll would that has just read them."""
    SideLease.objects.filter(pair=entry.name, side=facts.side).update(started_at=leases.LONG_AGO)
    token = leases.claim(entry.name, facts.side, entry.policy.poll)
    assert token is not None
    poll.take(entry, facts, memory.recall(entry.name, facts.side), token)


def topics(number: int) -> Iterable[str]:
    return (f"topic-{each:05}" for each in range(number))
