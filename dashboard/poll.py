"""Looking at one side, alone: a dead one never delays the other, and its silence is a fact that is stored like any."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction

from audit.clock import database_now
from clusters.codec import decode
from clusters.collecting import collection_held
from clusters.declared import PairEntry
from clusters.facts import SideFacts
from clusters.health import is_stale
from clusters.reading import pair_facts, read_side
from clusters.vantage import console, link_side
from clusters.witness import read_witnesses
from dashboard import canary, dry_runs, expectations, inventory, leases, memory, sight
from dashboard.models import Reading, SideLease
from dashboard.rows import Scene, group_rows, mirror_rows, rates
from dashboard.store import Poll, TooLate, store
from dashboard.totals import totals
from dashboard.ways import Ways

DEADLINE_S = 4.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Due:
    """A side to poll; `side` is empty for the witnesses of the pair."""

    pair: str
    side: str


def due_polls() -> list[Due]:
    """What nobody is polling though it is time, of every pair in force."""
    rows = {(row.pair, row.side): row for row in SideLease.objects.all()}
    now = database_now()
    found = []
    for due, entry in _sides():
        row = rows.get((due.pair, due.side))
        if row is None or leases.is_due(row.started_at, row.until, _period(entry, due.side), now):
            found.append(due)
    return found


def _sides() -> Iterator[tuple[Due, PairEntry]]:
    for entry in inventory.in_force().pairs.values():
        for side in entry.sides:
            yield Due(entry.name, side.name), entry
        if entry.witnesses:
            yield Due(entry.name, leases.WITNESSES), entry
        if entry.canary:
            yield Due(entry.name, leases.CANARY), entry
        if _has_drivers(entry):
            yield Due(entry.name, leases.DRIVERS), entry


def _has_drivers(entry: PairEntry) -> bool:
    return any(not client.is_by_hand for client in entry.clients)


def _period(entry: PairEntry, side: str) -> timedelta:
    return dry_runs.EVERY if side == leases.DRIVERS else entry.policy.poll


def poll_side(pair: str, side: str) -> bool:
    """Read one side and store what changed. False where another poll holds it, it is not due, or it is not in force."""
    entry = inventory.pair_entry(pair)
    if entry is None or side not in {known.name for known in entry.sides} | _also(entry):
        return False
    token = leases.claim(pair, side, _period(entry, side))
    if token is None:
        return False
    try:
        _look(entry, side, token)
    except TooLate:
        log.warning("%s/%s: the poll took too long; another one has taken its place", pair, side)
        return False
    return True


def _also(entry: PairEntry) -> set[str]:
    """What is looked at beside the sides."""
    canaries = {leases.CANARY} if entry.canary else set[str]()
    return {leases.WITNESSES, leases.DRIVERS} | canaries


def _look(entry: PairEntry, side: str, token: str) -> None:
    if side == leases.WITNESSES:
        _witnesses(entry, token)
    elif side == leases.DRIVERS:
        if not dry_runs.try_all(entry, _looking.to(entry), token):
            raise TooLate
    elif side != leases.CANARY:
        _side(entry, side, token)
    elif not canary.beat(entry, _looking.to(entry), token):
        raise TooLate


def _side(entry: PairEntry, side: str, token: str) -> None:
    before = memory.recall(entry.name, side)
    take(entry, read_side(_looking.to(entry), entry, side, deadline_s=DEADLINE_S), before, token)


def take(entry: PairEntry, facts: SideFacts, before: memory.Memory, token: str) -> None:
    """Judge one reading and store it; TooLate where the side is held by another poll."""
    with collection_held():
        found = _judged(entry, facts, before, token)
    memory.keep(entry.name, facts.side, store(found, before))


def _judged(entry: PairEntry, facts: SideFacts, before: memory.Memory, token: str) -> Poll:
    other = entry.other(facts.side).name
    source, known_rates = _other(entry, other, facts)
    alone = pair_facts(entry, {facts.side: facts})
    scene = Scene(alone, facts, source, expectations.current(entry.name), known_rates)
    mirrors = mirror_rows(scene, before)
    unseen = replace(facts, side=other)  # only its name is looked at
    return Poll(
        pair=entry.name,
        token=token,
        facts=facts,
        vantages=[console(facts), link_side(unseen, facts, entry.link, before.facts)],
        policy=entry.policy,
        mirrors=mirrors,
        groups=group_rows(scene, before),
        totals=totals(facts, mirrors),
        rates=rates(facts, before.facts),
        context=scene.context,
    )


def _other(entry: PairEntry, side: str, facts: SideFacts) -> tuple[SideFacts | None, dict[str, float]]:
    """The other side as read last, and its rates. Not read for long counts as not answering: nothing vouches for it."""
    row = Reading.objects.filter(pair=entry.name, side=side).values_list("outline", "rates").first()
    if row is None:
        return None, {}
    outline = decode(SideFacts, bytes(row[0]))
    is_old = is_stale(outline.read_at, entry.policy, facts.read_at)
    return (replace(outline, reachable=False) if is_old else outline), row[1]


def _witnesses(entry: PairEntry, token: str) -> None:
    rows = read_witnesses(_looking.to(entry), deadline=time.monotonic() + DEADLINE_S)
    now = database_now()
    with transaction.atomic():
        if not leases.is_held(token):
            raise TooLate
        sight.remember(entry.name, rows, entry.policy, now)
        leases.finish(token)


_looking = Ways()  # the poller's own: a look of the executor in the same process never keeps it from looking


def close_ways() -> None:
    """For the end of a process, or of a test."""
    _looking.close()
