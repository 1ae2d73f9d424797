"""What came of a pair's drills over time: how long applications were gone, what was lost, refused and waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.models import Event
from clusters.declared import PairEntry
from runbooks.models import Evidence, Run, StepRun
from runbooks.queries.drill_schedule import DrillStanding, drill_standing, drills
from runbooks.queries.effort import Effort, effort, moves_of
from runbooks.queries.met import REFUSED
from runbooks.queries.times import recovery_times

MOST, COMPARED = 20, 4
LOST = ("loss.reconciled", "cut.save", "lag.record")  # the surest first


@dataclass(frozen=True)
class DrillResult:
    """`rto` is of the slowest application. `lost` is a lower bound in records. Either is None where not measured."""

    run: Run
    rto: timedelta | None
    is_inside: bool | None
    lost: int | None
    refused: int
    effort: Effort


@dataclass(frozen=True)
class StepOver:
    """One step of a runbook across its drills: how long it took in each, None where it did not end there."""

    title: str
    took: Sequence[timedelta | None]


@dataclass(frozen=True)
class Comparison:
    runbook: str
    runs: Sequence[Run]
    steps: Sequence[StepOver]


@dataclass(frozen=True)
class DrillsPage:
    entry: PairEntry
    standing: DrillStanding
    results: Sequence[DrillResult]
    compared: Sequence[Comparison]


def drills_page(entry: PairEntry, now: datetime) -> DrillsPage:
    found = list(drills(entry.name)[:MOST])
    lost = _lost(found)
    results = [_result(run, lost.get(run.pk), now) for run in found]
    return DrillsPage(entry, drill_standing(entry, now), results, _compared(found))


def _result(run: Run, lost: int | None, now: datetime) -> DrillResult:
    times = recovery_times(run, now)
    return DrillResult(
        run,
        times.rto,
        times.is_inside,
        lost,
        Event.objects.filter(run=run.pk, kind=REFUSED).count(),
        effort(moves_of([run.pk]), run.started_at, run.finished_at or now),
    )


def _lost(runs: Sequence[Run]) -> dict[int, int | None]:
    """Records that had not arrived, by run, as its surest piece of evidence says."""
    found: dict[int, int | None] = {}
    pieces = Evidence.objects.filter(run__in=[run.pk for run in runs], kind__in=LOST)
    for piece in sorted(pieces, key=lambda piece: LOST.index(piece.kind)):
        if piece.run_id is not None:
            found.setdefault(piece.run_id, piece.data.get("lower"))
    return found


def _compared(runs: Sequence[Run]) -> list[Comparison]:
    """The newest drills of each runbook side by side, oldest of them first."""
    by_runbook: dict[str, list[Run]] = {}
    for run in runs:
        by_runbook.setdefault(run.version.definition.title, []).append(run)
    return [
        Comparison(title, same[:COMPARED][::-1], _steps(same[:COMPARED][::-1]))
        for title, same in by_runbook.items()
        if len(same) > 1
    ]


def _steps(runs: Sequence[Run]) -> list[StepOver]:
    """By key, as the newest of them orders them; steps that only older ones had come last."""
    rows = list(StepRun.objects.filter(run__in=[run.pk for run in runs]).order_by("-run__pk", "position"))
    took: dict[str, dict[int, timedelta]] = {}
    titles: dict[str, str] = {}
    for step in rows:
        titles.setdefault(step.key, step.title)
        if (length := length_of(step)) is not None:
            took.setdefault(step.key, {})[step.run_id] = length
    return [StepOver(title, _in_order(runs, took.get(key, {}))) for key, title in titles.items()]


def _in_order(runs: Sequence[Run], took: Mapping[int, timedelta]) -> list[timedelta | None]:
    return [took.get(run.pk) for run in runs]


def length_of(step: StepRun) -> timedelta | None:
    """From its first command or look of the last attempt to its end; None where it was not done."""
    if step.state != "succeeded" or step.started_at is None or step.ended_at is None:
        return None
    return step.ended_at - step.started_at
