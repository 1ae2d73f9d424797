"""Canaries of a pair: one written on each side whose topic is mirrored, and looked for in the mirror of the other.

Off unless the inventory names the topic. The poller's work, on its own: a side that hangs keeps no other poll waiting.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.clock import database_now
from clusters.canary import Beat
from clusters.connections import Connections
from clusters.declared import PairEntry
from clusters.errors import ClusterError
from clusters.facts import MirrorStatus
from clusters.lanes import Stuck, wait
from dashboard import leases
from dashboard.models import CanaryState, MirrorNow

DEADLINE_S = 4.0


@dataclass(frozen=True)
class Direction:
    """From a side where the canary's topic takes writes, to the side that mirrors it."""

    side: str
    to: str
    topic: str
    mirror: str


def directions(entry: PairEntry) -> list[Direction]:
    """Where a mirror of the topic is at work. The reverse of a link turns them round by itself."""
    rows = MirrorNow.objects.filter(pair=entry.name, source_topic=entry.canary)
    at_work = rows.exclude(status=MirrorStatus.STOPPED.value).order_by("side").values_list("side", "topic")
    return [Direction(entry.other(to).name, to, entry.canary, mirror) for to, mirror in at_work]


def beat(entry: PairEntry, ways: Connections, token: str) -> bool:
    """One round. False where another process has taken it over."""
    deadline = time.monotonic() + DEADLINE_S
    known = {row.side: row for row in CanaryState.objects.filter(pair=entry.name)}
    asked = [(each, *_ask(entry, ways, each, known.get(each.side), deadline)) for each in directions(entry)]
    found = [
        _state(entry.name, each, known.get(each.side), sent, _answer(writes, deadline), _answer(reads, deadline))
        for each, sent, writes, reads in asked
    ]
    with transaction.atomic():
        if not leases.is_held(token):
            return False
        for state in found:
            state.save()
        leases.finish(token)
    return True


def _ask(
    entry: PairEntry, ways: Connections, way: Direction, known: CanaryState | None, deadline: float
) -> tuple[Beat, Future[Any], Future[Any]]:
    """Both at once. The reading may find the record that was written before: then the age says so."""
    sent = Beat(entry.name, way.side, (known.number if known else 0) + 1, database_now())

    def write() -> None:
        ways.canary(way.side).write(way.topic, sent, deadline=deadline)

    def read() -> Beat | None:
        return ways.canary(way.to).newest(way.mirror, deadline=deadline)

    writes = ways.canary_lane(way.side, "write").start(write, deadline)
    return sent, writes, ways.canary_lane(way.to, "read").start(read, deadline)


def _answer(future: Future[Any], deadline: float) -> tuple[Any, str]:
    """What came of a call, or why nothing did."""
    try:
        return wait(future, deadline + 0.5), ""
    except (ClusterError, Stuck) as error:
        return None, str(error)


def _state(
    pair: str, way: Direction, known: CanaryState | None, sent: Beat, wrote: tuple[Any, str], read: tuple[Any, str]
) -> CanaryState:
    state = known or CanaryState(pair=pair, side=way.side)
    now = database_now()
    state.to, state.topic, state.mirror, state.number = way.to, way.topic, way.mirror, sent.number
    state.tried_at, state.write_said, state.read_said = now, wrote[1], read[1]
    if not wrote[1]:
        state.written_at = sent.at
    if not read[1]:
        state.read_at = now
        state.seen_at = _newest(state.seen_at, read[0], pair, way.side)
    return state


def _newest(known: datetime | None, found: Beat | None, pair: str, side: str) -> datetime | None:
    """Never back: a mirror that was made anew begins again, and what had arrived once had arrived."""
    if found is None or (found.pair, found.side) != (pair, side):
        return known
    return max(known, found.at) if known else found.at
