"""Producers past the switch: log ends of the side that was left that go on growing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from clusters.facts import SideFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, present
from runbooks.engine.guards.writable import mirror_status


def unrouted(case: Case, left: str, clients: tuple[str, ...], since: datetime | None) -> str | None:
    """What is written on `left` to topics that only `clients` wrote; None where nothing is, or it does not answer.

    MissingFact where there are no two looks that lie apart, both after `since`: what was written before the switch was
    done is no growth past it.
    """
    side = case.facts.side(left)
    if not side.reachable:
        return None
    before = present(case.previous, f"an earlier look at {left}").side(left)
    seconds = (side.read_at - before.read_at).total_seconds()
    if seconds <= 0 or not before.reachable or since is None or before.read_at < since:
        raise MissingFact(f"two looks at {left} that lie apart")
    present(side.mirrors, f"the mirrors of {left}")
    grown = [text for topic in _own(case, left, clients) for text in _grown(before, side, topic, seconds)]
    more = f" and {len(grown) - 1} more" if len(grown) > 1 else ""
    return f"R14: {grown[0]}{more}: producers that were not routed. Stop all producers first." if grown else None


def _own(case: Case, left: str, clients: tuple[str, ...]) -> list[str]:
    """Topics that nobody else is declared to write on that side, and that no link writes there."""
    producers = [client for client in case.facts.clients if client.kind == "producers"]
    moved = {topic for client in producers if client.name in clients for topic in client.topics}
    others = {
        topic for client in producers if client.name not in clients and client.home == left for topic in client.topics
    }
    side = case.facts.side(left)
    return [topic for topic in sorted(moved - others) if mirror_status(side, topic) is None]


def _grown(before: SideFacts, now: SideFacts, topic: str, seconds: float) -> Iterator[str]:
    """Partition by partition. One that did not answer both times tells nothing."""
    was, ends = (before.topics or {}).get(topic), (now.topics or {}).get(topic)
    if was is None or ends is None:
        return
    for partition, (old, new) in enumerate(zip(was.end_offsets, ends.end_offsets, strict=False)):
        if old is not None and new is not None and new > old:
            rate = f"{(new - old) / seconds:,.1f} records a second"
            yield f"{topic}-{partition} on {now.side} is still receiving writes ({new - old} records, {rate})"
