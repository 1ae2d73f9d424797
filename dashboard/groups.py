"""Consumer groups of a pair, both sides put together: where each runs, and whether that is as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from clusters.declared import PairEntry
from clusters.facts import GroupFacts, GroupState, PairFacts, SideFacts
from clusters.health import Expectations, Judgement, Severity, is_stale, judge_group
from clusters.reading import pair_facts, unread_side
from dashboard.models import GroupNow, Reading


@dataclass(frozen=True)
class GroupSeen:
    """A group on one side; `is_fresh` False: it was not looked at lately, so nothing is known of it now."""

    side: str
    row: GroupNow | None
    is_fresh: bool

    @property
    def is_active(self) -> bool:
        return self.row is not None and (self.row.members > 0 or self.row.state not in {"EMPTY", "DEAD"})


@dataclass(frozen=True)
class GroupStanding:
    name: str
    home: str  # the side declared as its home; empty for a group nobody declared
    seen: tuple[GroupSeen, ...]
    judged: Judgement

    @property
    def active_on(self) -> tuple[str, ...]:
        """Where it is seen to run; where it ran when that side last answered is not known to be so now."""
        return tuple(seen.side for seen in self.seen if seen.is_active and seen.is_fresh)


def group_standings(
    entry: PairEntry,
    outlines: Mapping[str, SideFacts | None],
    readings: Mapping[str, Reading],
    explained: Expectations,
    now: datetime,
) -> tuple[GroupStanding, ...]:
    homes = {client.group: client.home for client in entry.clients if client.group}
    rows: dict[str, dict[str, GroupNow]] = {str(name): {} for name in homes}
    for row in GroupNow.objects.filter(pair=entry.name, side__in=[side.name for side in entry.sides]):
        rows.setdefault(row.group, {})[row.side] = row
    facts = _with_groups(entry, outlines, rows)
    found = [
        _group(name, homes.get(name, ""), rows[name], facts, readings, explained, now)
        for name in sorted(rows)
        if name in homes or any(GroupSeen("", row, is_fresh=True).is_active for row in rows[name].values())
    ]
    return tuple(sorted(found, key=lambda each: -each.judged.severity.rank))


def _group(
    name: str,
    home: str,
    rows: Mapping[str, GroupNow],
    facts: PairFacts,
    readings: Mapping[str, Reading],
    explained: Expectations,
    now: datetime,
) -> GroupStanding:
    judged = judge_group(name, facts, explained, now)
    alone = next((row for row in rows.values() if row.words and judged.severity is not Severity.CRITICAL), None)
    seen = tuple(GroupSeen(side, rows.get(side), _is_fresh(readings.get(side), facts, now)) for side in facts.sides)
    return GroupStanding(name, home, seen, Judgement(Severity.CRITICAL, alone.words, alone.why) if alone else judged)


def _is_fresh(reading: Reading | None, facts: PairFacts, now: datetime) -> bool:
    return bool(reading and reading.groups_at and not is_stale(reading.groups_at, facts.policy, now))


def _with_groups(
    entry: PairEntry, outlines: Mapping[str, SideFacts | None], rows: Mapping[str, Mapping[str, GroupNow]]
) -> PairFacts:
    """The two outlines with their groups put back from rows; positions were judged when they were read."""
    sides: dict[str, SideFacts] = {}
    for side in entry.sides:
        facts = outlines[side.name] or unread_side(entry, side.name, "not read yet")
        groups = {name: _as_facts(seen[side.name]) for name, seen in rows.items() if side.name in seen}
        sides[side.name] = replace(facts, groups=groups if facts.groups is not None else None)
    return pair_facts(entry, sides)


def _as_facts(row: GroupNow) -> GroupFacts:
    known = row.state in set(GroupState)
    return GroupFacts(row.group, GroupState(row.state) if known else GroupState.UNKNOWN, row.members)
