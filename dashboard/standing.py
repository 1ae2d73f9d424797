"""How each pair stands now: the poller's rows joined and judged again for freshness. Reads no mirror, no cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from audit.clock import database_now
from clusters.codec import decode
from clusters.declared import PairEntry, SideEntry
from clusters.facts import LinkFacts, SideFacts, Topology, Vantage
from clusters.health import (
    Expectations,
    Judgement,
    Severity,
    is_stale,
    judge_link,
    judge_side,
    worst,
)
from dashboard import expectations, inventory, sight
from dashboard.groups import GroupStanding, group_standings
from dashboard.models import Reading
from dashboard.totals import Totals

NEVER = Judgement(Severity.UNKNOWN, "not read yet", "Breakwater has not read it since it was added to the inventory")


@dataclass(frozen=True)
class SideStanding:
    """One side. `facts` hold no mirrors, topics and groups; None before the first reading."""

    entry: SideEntry
    facts: SideFacts | None
    judged: Judgement
    totals: Totals = field(default_factory=Totals)
    rates: Mapping[str, float] = field(default_factory=dict)
    link: LinkFacts | None = None
    link_judged: Judgement | None = None
    is_fresh: bool = False
    has_fresh_mirrors: bool = False
    mirrors_at: datetime | None = None
    vantages: tuple[Vantage, ...] = ()

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def read_at(self) -> datetime | None:
        return self.facts.read_at if self.facts else None

    @property
    def is_stale(self) -> bool:
        return not self.is_fresh

    @property
    def is_silent(self) -> bool:
        """Asked just now, and did not answer."""
        return self.is_fresh and self.facts is not None and not self.facts.reachable

    @property
    def silent_since(self) -> datetime | None:
        seen = next((row for row in self.vantages if row.kind == "console"), None)
        return seen.since if self.is_silent and seen and seen.sees is False else None

    @property
    def rate(self) -> float | None:
        """Records a second that clients write here; None where it is not known now."""
        return sum(self.rates.values()) if self.is_fresh and not self.is_silent and self.rates else None


@dataclass(frozen=True)
class PairStanding:
    entry: PairEntry
    sides: tuple[SideStanding, ...]
    groups: tuple[GroupStanding, ...]
    judged: Judgement
    alarms: tuple[Judgement, ...]  # what is critical or needs an act, the worst first
    incidents: tuple[str, ...]
    now: datetime

    def side(self, name: str) -> SideStanding:
        return next(side for side in self.sides if side.name == name)

    def other(self, name: str) -> SideStanding:
        return next(side for side in self.sides if side.name != name)

    @property
    def silent(self) -> tuple[SideStanding, ...]:
        return tuple(side for side in self.sides if side.is_silent)

    @property
    def doubles(self) -> tuple[GroupStanding, ...]:
        return tuple(group for group in self.groups if len(group.active_on) > 1)

    @property
    def is_moving(self) -> bool:
        """Something changes while one looks: pages then ask more often."""
        return any(side.totals.moving for side in self.sides) or bool(self.incidents)


def standings() -> tuple[PairStanding, ...]:
    """Every pair in force, worst first."""
    now = database_now()
    found = [_standing(entry, now) for entry in inventory.in_force().pairs.values()]
    return tuple(sorted(found, key=lambda each: -each.judged.severity.rank))


def standing(pair: str) -> PairStanding | None:
    """None for a pair that is not in force."""
    entry = inventory.pair_entry(pair)
    return _standing(entry, database_now()) if entry else None


def _standing(entry: PairEntry, now: datetime) -> PairStanding:
    explained = expectations.current(entry.name)
    seen = sight.fresh(entry.name, entry.policy, now)
    blobs = ("facts", "good_facts")
    readings = {row.side: row for row in Reading.objects.filter(pair=entry.name).defer(*blobs)}
    facts = {side.name: _outline(readings.get(side.name)) for side in entry.sides}
    groups = group_standings(entry, facts, readings, explained, now)
    sides = tuple(
        _side(
            entry, side, facts, readings.get(side.name), explained, tuple(r for r in seen if r.side == side.name), now
        )
        for side in entry.sides
    )
    judged = [*_split(entry, sides), *(each for side in sides for each in _of_side(side)), *(g.judged for g in groups)]
    alarms = sorted(
        (each for each in judged if each.severity in {Severity.CRITICAL, Severity.ACT}), key=lambda e: -e.severity.rank
    )
    incidents = expectations.incidents(entry.name)
    return PairStanding(entry, sides, groups, worst(judged), tuple(alarms), incidents, now)


def _outline(reading: Reading | None) -> SideFacts | None:
    """None as well for a reading of another release's shape: it is read anew in a moment."""
    try:
        return decode(SideFacts, bytes(reading.outline)) if reading else None
    except ValueError:
        return None


def _side(
    entry: PairEntry,
    side: SideEntry,
    facts: Mapping[str, SideFacts | None],
    reading: Reading | None,
    explained: Expectations,
    seen: tuple[Vantage, ...],
    now: datetime,
) -> SideStanding:
    here, there = facts[side.name], facts[entry.other(side.name).name]
    if here is None or reading is None:
        return SideStanding(side, None, NEVER, vantages=seen)
    lost = next((row.since for row in seen if row.kind == "console" and row.sees is False), None)
    link = here.link(entry.link)
    return SideStanding(
        entry=side,
        facts=here,
        judged=judge_side(here, entry.policy, explained, now, unreachable_since=lost),
        totals=Totals.of(reading.totals),
        rates=reading.rates,
        link=link,
        link_judged=_link(entry, link, here, there, explained, now),
        is_fresh=not is_stale(here.read_at, entry.policy, now),
        has_fresh_mirrors=reading.mirrors_at is not None and not is_stale(reading.mirrors_at, entry.policy, now),
        mirrors_at=reading.mirrors_at,
        vantages=seen,
    )


def _link(
    entry: PairEntry,
    link: LinkFacts | None,
    here: SideFacts,
    there: SideFacts | None,
    explained: Expectations,
    now: datetime,
) -> Judgement | None:
    if link is not None:
        return judge_link(link, here, entry.policy, explained, now, remote=there)
    if entry.link and here.links is not None:
        return Judgement(Severity.CRITICAL, "missing", f"{here.side} has no link {entry.link}")
    return None


def _of_side(side: SideStanding) -> Iterable[Judgement]:
    yield side.judged
    if side.link_judged:
        yield side.link_judged
    if not side.totals.severities:
        return
    if not side.has_fresh_mirrors:
        yield Judgement(Severity.UNKNOWN, "mirrors not seen", f"the mirrors on {side.name} could not be read lately")
        return
    topic, words, why = side.totals.worst or ("", "", "")
    severity = max(map(Severity, side.totals.severities), key=lambda each: each.rank)
    yield Judgement(severity, words, f"{topic}: {why}" if topic else why)


def _split(entry: PairEntry, sides: Iterable[SideStanding]) -> Iterable[Judgement]:
    """Active-passive: topics that clients write on both sides at once."""
    if entry.topology is not Topology.ACTIVE_PASSIVE:
        return
    written = [{topic for topic, rate in side.rates.items() if rate > 0 and side.rate is not None} for side in sides]
    for topic in sorted(set.intersection(*written)):
        yield Judgement(
            Severity.CRITICAL, "written on both sides", f"{topic} is written on both sides: stop one of them"
        )
