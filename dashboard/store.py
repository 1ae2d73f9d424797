"""Writes one poll of a side: encoded and compared before the first transaction, which then lasts milliseconds.

Each transaction asks whether the poll still holds the side; a poll that came too late stores nothing more.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from clusters.codec import encode
from clusters.facts import Policy, SideFacts, Vantage
from dashboard import leases, sight
from dashboard.bulk import delete, insert, upsert
from dashboard.memory import GROUP_FIELDS, GROUP_KEY, MIRROR_FIELDS, MIRROR_KEY, Memory, Row
from dashboard.models import GroupNow, MirrorNow, Reading, Trend
from dashboard.rows import AT, peaks
from dashboard.totals import Totals

AT_ONCE = 500  # rows of one transaction
DRAWN_EVERY = timedelta(minutes=1)
TREND_FIELDS = ("pair", "side", "topic", "at", "seconds", "max_lag", "total_lag", "rate")


class TooLate(Exception):
    """Another poll holds the side by now."""


@dataclass(frozen=True)
class Poll:
    """What one poll found of a side, ready to be written."""

    pair: str
    token: str
    facts: SideFacts
    vantages: Sequence[Vantage]
    policy: Policy
    mirrors: Mapping[str, Row]
    groups: Mapping[str, Row]
    totals: Totals
    rates: Mapping[str, float]
    context: object


def store(poll: Poll, before: Memory) -> Memory:
    """What was written, to be remembered; TooLate where the poll lost its side."""
    facts = poll.facts
    packed, outline = pack(facts), encode(outlined(facts))
    mirrors = poll.mirrors if facts.mirrors is not None else before.mirrors
    changed = [row for topic, row in mirrors.items() if before.mirrors.get(topic) != row]
    for start in range(0, len(changed), AT_ONCE):
        with transaction.atomic():
            _hold(poll.token)
            upsert(MirrorNow, MIRROR_KEY, MIRROR_FIELDS, changed[start : start + AT_ONCE])
    groups = poll.groups if facts.groups is not None else before.groups
    drawn = _drawn(changed, before.drawn, facts.read_at)
    with transaction.atomic():
        _hold(poll.token)
        delete(MirrorNow, _where(poll), "topic", before.mirrors.keys() - mirrors.keys())
        delete(GroupNow, _where(poll), "group", before.groups.keys() - groups.keys())
        moved = [row for name, row in groups.items() if before.groups.get(name) != row]
        upsert(GroupNow, GROUP_KEY, GROUP_FIELDS, moved)
        insert(Trend, TREND_FIELDS, [_line(poll), *(_point(row, facts.read_at) for row in drawn)])
        sight.remember(poll.pair, poll.vantages, poll.policy, facts.read_at)
        number = _reading(poll, packed, outline)
        leases.finish(poll.token)
    newest = before.drawn | {str(row[AT["topic"]]): facts.read_at for row in drawn}
    good = facts if facts.reachable else before.facts
    return Memory(number, good, mirrors, groups, poll.context, newest)


def pack(facts: SideFacts) -> bytes:
    return zlib.compress(encode(facts), 1)


def outlined(facts: SideFacts) -> SideFacts:
    """Without what is large; what was read stays told from what was not."""
    return replace(
        facts,
        mirrors=None if facts.mirrors is None else (),
        topics=None if facts.topics is None else {},
        groups=None if facts.groups is None else {},
    )


def _hold(token: str) -> None:
    if not leases.is_held(token):
        raise TooLate


def _where(poll: Poll) -> dict[str, str]:
    return {"pair": poll.pair, "side": poll.facts.side}


def _reading(poll: Poll, packed: bytes, outline: bytes) -> int:
    """The new number of the reading."""
    facts = poll.facts
    reading = Reading.objects.filter(**_where(poll)).defer("facts", "good_facts").first()
    if reading is None:
        reading = Reading(**_where(poll))
    reading.number += 1
    reading.read_at, reading.reachable, reading.said, reading.outline = (
        facts.read_at,
        facts.reachable,
        facts.said,
        outline,
    )
    written = ["number", "read_at", "reachable", "said", "outline", "facts"]
    if facts.reachable:
        elapsed = facts.read_at - (reading.good_at or facts.read_at)
        reading.facts, reading.good_facts, reading.good_at = None, packed, facts.read_at
        reading.rates, reading.peaks = dict(poll.rates), peaks(poll.rates, reading.peaks, elapsed)
        written += ["good_facts", "good_at", "rates", "peaks"]
    else:
        reading.facts = packed
    if facts.mirrors is not None:
        reading.mirrors_at, reading.totals = facts.read_at, poll.totals.as_json()
        written += ["mirrors_at", "totals"]
    if facts.groups is not None:
        reading.groups_at = facts.read_at
        written += ["groups_at"]
    reading.save(update_fields=written if reading.pk else None)
    return reading.number


def _line(poll: Poll) -> Row:
    """How far behind this side is as a whole. Not known, where it was not read or one mirror's lag is not believed."""
    facts, totals = poll.facts, poll.totals
    is_known = facts.mirrors is not None and not totals.unmeasured
    rate = round(sum(poll.rates.values()), 1) if poll.rates else None
    most, total = (totals.max_lag, totals.total_lag) if is_known else (None, None)
    return (poll.pair, facts.side, "", facts.read_at, 0, most, total, rate)


def _drawn(changed: Sequence[Row], before: Mapping[str, datetime], now: datetime) -> list[Row]:
    """Mirrors whose trend gets a point: changed, and none in the last minute."""
    return [row for row in changed if now - before.get(str(row[AT["topic"]]), now - DRAWN_EVERY) >= DRAWN_EVERY]


def _point(row: Row, at: datetime) -> Row:
    pair, side, topic = row[:3]
    return (pair, side, topic, at, 0, row[AT["max_lag"]], row[AT["total_lag"]], None)
