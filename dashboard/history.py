"""What was read and seen so far, as facts: for runbooks, incidents and pages. Reads rows; asks no cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from audit.clock import database_now
from clusters.facts import PairFacts, SideFacts, TrialFacts, Vantage
from clusters.reading import pair_facts
from dashboard import dry_runs, inventory, sight, trends
from dashboard.chart import Point
from dashboard.memory import unpacked
from dashboard.models import CanaryState, GroupNow, Reading, VantageState

CONSOLE, LINK = "console", "link"


def latest(pair: str) -> PairFacts | None:
    """Both sides as read last, whole, with what every vantage point sees; None until both were read once."""
    entry = inventory.pair_entry(pair)
    if entry is None:
        return None
    rows = Reading.objects.filter(pair=pair).values_list("side", "facts", "good_facts")
    sides = {side: facts for side, now, good in rows if (facts := unpacked(now or good)) is not None}
    named = [side.name for side in entry.sides]
    if not all(name in sides for name in named):
        return None
    return pair_facts(entry, {name: sides[name] for name in named}, vantages(pair))


def readings(pairs: Collection[str]) -> dict[str, dict[str, int]]:
    """Of each pair every side with the number of its newest reading: the same as long as nothing new was read."""
    found: dict[str, dict[str, int]] = {}
    for pair, side, number in Reading.objects.filter(pair__in=pairs).values_list("pair", "side", "number"):
        found.setdefault(pair, {})[side] = number
    return found


def trials(pair: str) -> dict[str, TrialFacts]:
    """The last dry run of the driver of each client."""
    return dry_runs.trials(pair)


def last_good(pair: str, side: str) -> SideFacts | None:
    """The last whole reading with the side answering, however old; None before the first."""
    row = Reading.objects.filter(pair=pair, side=side).values_list("good_facts", flat=True).first()
    return unpacked(row)


def vantages(pair: str) -> tuple[Vantage, ...]:
    """What each vantage point sees of each side, and since when without a break; nothing where it was not asked."""
    entry = inventory.pair_entry(pair)
    return sight.fresh(pair, entry.policy, database_now()) if entry else ()


def with_history(facts: PairFacts, before: Iterable[Vantage]) -> PairFacts:
    """Facts read just now, their vantage points joined with what they said `before`, as the poller left it.

    One that still says the same keeps its `since`. One that was not read now is taken as the poller left it.
    """
    known = {(row.side, row.name): row for row in before}
    read = {(row.side, row.name): _since(row, known.get((row.side, row.name))) for row in facts.vantages}
    return replace(facts, vantages=tuple((known | read).values()))


def _since(row: Vantage, known: Vantage | None) -> Vantage:
    if known is None or known.since is None:
        return row
    if row.kind == LINK and row.sees is None:
        return known  # a link proves something between two looks only, and this was one
    if known.sees != row.sees:
        return row
    return replace(row, since=min(known.since, row.since or known.since))


def rates(pair: str, side: str) -> dict[str, float]:
    """Records a second that clients wrote, by topic, at the last two looks that got through."""
    return dict(Reading.objects.filter(pair=pair, side=side).values_list("rates", flat=True).first() or {})


def peak_rates(pair: str, side: str) -> dict[str, float]:
    """The highest of those rates in the last minutes, fading by half every five; topics nobody writes are left out."""
    return dict(Reading.objects.filter(pair=pair, side=side).values_list("peaks", flat=True).first() or {})


@dataclass(frozen=True)
class Canary:
    """The newest canary of a side that has arrived on the other: what was written before `seen_at` is there.

    `age` of it when the mirror was read last is the RPO in time as it was then: by the clocks of the hosts of this
    console that write and read canaries, never by those of the clusters.
    """

    side: str
    to: str
    mirror: str
    seen_at: datetime | None
    read_at: datetime | None
    written_at: datetime | None
    write_said: str
    read_said: str

    @property
    def age(self) -> timedelta | None:
        return max(self.read_at - self.seen_at, timedelta()) if self.read_at and self.seen_at else None


def canary(pair: str, side: str) -> Canary | None:
    """Of the records written on this side; None where the inventory names no topic, or none was mirrored yet."""
    entry = inventory.pair_entry(pair)
    row = CanaryState.objects.filter(pair=pair, side=side).first()
    if entry is None or not entry.canary or row is None or row.topic != entry.canary:
        return None
    return Canary(row.side, row.to, row.mirror, row.seen_at, row.read_at, row.written_at, row.write_said, row.read_said)


def lag_trend(pair: str, side: str, *, since: datetime, topic: str = "") -> list[Point]:
    """Of all mirrors on this side together, or of one; `value` None where it was not known."""
    return trends.line(pair, side, since, topic)


class FirstFailure(NamedTuple):
    """`at` is the last success before the first failure: the side was lost within `uncertainty` after it."""

    at: datetime
    uncertainty: timedelta


def first_failure(pair: str, side: str) -> FirstFailure | None:
    """T0 of the present outage as this console's probes saw it; None while the side answers or was never seen."""
    state = VantageState.objects.filter(pair=pair, side=side, kind=CONSOLE).first()
    if state is None or state.lost_at is None or state.seen_at is None:
        return None
    return FirstFailure(state.seen_at, state.lost_at - state.seen_at)


@dataclass(frozen=True)
class GroupActivity:
    """A group on one side. `since`: active, or not, since then. `read_at` None: groups were never read there."""

    side: str
    state: str
    members: int
    is_active: bool
    since: datetime
    active_at: datetime | None
    moved_at: datetime | None
    read_at: datetime | None


def group_activity(pair: str, groups: Iterable[str]) -> dict[str, tuple[GroupActivity, ...]]:
    """For the watch on groups that wake up: each group by name, a row for each side where it was ever seen."""
    read_at = dict(Reading.objects.filter(pair=pair).values_list("side", "groups_at"))
    found: dict[str, tuple[GroupActivity, ...]] = dict.fromkeys(groups, ())
    for row in GroupNow.objects.filter(pair=pair, group__in=found).order_by("side"):
        is_active = row.members > 0 or row.state not in {"EMPTY", "DEAD"}
        found[row.group] += (
            GroupActivity(
                row.side,
                row.state,
                row.members,
                is_active,
                row.since,
                row.active_at,
                row.moved_at,
                read_at.get(row.side),
            ),
        )
    return found


@dataclass(frozen=True)
class GroupLag:
    """How far a group is behind on one side, as read at `read_at`; `lag` None where a log end was not known."""

    state: str
    members: int
    lag: int | None
    read_at: datetime


def group_lags(pair: str, side: str, groups: Iterable[str]) -> dict[str, GroupLag]:
    read_at = Reading.objects.filter(pair=pair, side=side).values_list("groups_at", flat=True).first()
    if read_at is None:
        return {}
    rows = GroupNow.objects.filter(pair=pair, side=side, group__in=list(groups))
    return {row.group: GroupLag(row.state, row.members, row.lag, read_at) for row in rows}
