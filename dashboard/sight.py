"""What each vantage point has seen of a side without a break: the basis of *unreachable for* and the first failure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from clusters.facts import Policy, Vantage
from dashboard.bulk import upsert
from dashboard.models import VantageState

KEY = ("pair", "side", "name")
FIELDS = (*KEY, "kind", "sees", "since", "said", "at", "seen_at", "lost_at")
LONGEST_POLL = timedelta(seconds=4)


def unbroken(policy: Policy) -> timedelta:
    """Two looks further apart than this say nothing of the time between them; three missed polls are unknown."""
    return policy.poll * 3 + LONGEST_POLL


def remember(pair: str, rows: Iterable[Vantage], policy: Policy, now: datetime) -> None:
    """Store one look. `since` moves when a vantage point says something else, or was not asked for too long."""
    seen = list(rows)
    names = {row.name for row in seen}
    known = {(old.side, old.name): old for old in VantageState.objects.filter(pair=pair, name__in=names)}
    written = [_next(pair, row, known.get((row.side, row.name)), unbroken(policy), now) for row in seen]
    upsert(VantageState, KEY, FIELDS, written)


def _next(pair: str, row: Vantage, old: VantageState | None, gap: timedelta, now: datetime) -> tuple[object, ...]:
    at = row.at or now
    is_same = old is not None and old.sees == row.sees and old.at is not None and at - old.at <= gap
    since = old.since if old is not None and is_same else row.since or at
    seen_at, lost_at = (old.seen_at, old.lost_at) if old else (None, None)
    if row.sees:
        seen_at, lost_at = at, None
    elif row.sees is False and lost_at is None:
        lost_at = at
    return (pair, row.side, row.name, row.kind, row.sees, since, row.said, at, seen_at, lost_at)


def fresh(pair: str, policy: Policy, now: datetime) -> tuple[Vantage, ...]:
    """The rows as facts; one that is older than three polls has no opinion any more."""
    rows = VantageState.objects.filter(pair=pair).order_by("side", "kind", "name")
    return tuple(_vantage(row, is_old=row.at is None or now - row.at > unbroken(policy)) for row in rows)


def _vantage(row: VantageState, *, is_old: bool) -> Vantage:
    if is_old:
        return Vantage(row.name, row.kind, row.side, None, None, "not asked for three polls", row.at)
    return Vantage(row.name, row.kind, row.side, row.sees, row.since, row.said, row.at)
