"""Which pair was drilled when, and which is due: what was not tried for a while is not counted on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from clusters.declared import PairEntry
from dashboard import inventory
from runbooks.engine.states import Mode, RunState
from runbooks.models import Run
from runbooks.queries.words import counted

GONE_THROUGH = (RunState.COMPLETED.value, RunState.COMPLETED_WITH_EXCEPTIONS.value)


@dataclass(frozen=True)
class DrillStanding:
    """The last drill that was gone through to its end, and when the next is due; `due_at` None: it always was."""

    pair: str
    every: timedelta
    run: Run | None
    due_at: datetime | None
    is_overdue: bool
    text: str

    @property
    def every_days(self) -> str:
        return counted(self.every.days, "day") if self.every.days else f"{self.every.total_seconds() / 3600:g} hours"


def drills(pair: str = "") -> QuerySet[Run]:
    """Those gone through to their end, newest first; one that was aborted shows nothing."""
    found = Run.objects.filter(mode=Mode.DRILL.value, state__in=GONE_THROUGH, finished_at__isnull=False)
    found = found.filter(pair=pair) if pair else found
    return found.select_related("version__definition", "commander", "incident").order_by("-finished_at", "-pk")


def drill_standing(entry: PairEntry, now: datetime) -> DrillStanding:
    return _standing(entry, drills(entry.name).first(), now)


def drill_schedule(now: datetime) -> list[DrillStanding]:
    """Every pair of the inventory in force, the one that is due first before the others."""
    last: dict[str, Run] = {}
    for run in drills():
        last.setdefault(run.pair, run)
    found = [_standing(entry, last.get(entry.name), now) for entry in inventory.in_force().pairs.values()]
    return sorted(found, key=lambda each: (each.due_at.timestamp() if each.due_at else 0.0, each.pair))


def overdue(standings: Iterable[DrillStanding]) -> list[DrillStanding]:
    return [each for each in standings if each.is_overdue]


def _standing(entry: PairEntry, last: Run | None, now: datetime) -> DrillStanding:
    every = entry.policy.drill_every
    if last is None or last.finished_at is None:
        text = "no drill of it was ever gone through to its end"
        return DrillStanding(entry.name, every, None, None, is_overdue=True, text=text)
    due_at = last.finished_at + every
    text = f"the last drill was {counted((now - last.finished_at).days, 'day')} ago"
    return DrillStanding(entry.name, every, last, due_at, now > due_at, text)
