"""The report of a run, in the order a reviewer reads: summary, decisions, timeline, loss, time, overrides, refusals,
drift, proof. The page, the PDF and the JSON are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.entries import Entry
from audit.queries import consistency, events_of_run
from audit.verify import Result
from dashboard import inventory
from runbooks.models import Evidence, Override, PaperTick, Run
from runbooks.queries.board import Board, board
from runbooks.queries.effort import Effort, effort, moves_of
from runbooks.queries.incidents import RECEIPT
from runbooks.queries.losses import LeftBehind, TimeLost, left_behind, planned_time_lost, reconciliation, time_lost
from runbooks.queries.met import Drift, Refusal, drift_found, refusals_met, titles_of
from runbooks.queries.report_decisions import DecisionLine, decisions
from runbooks.queries.run_page import title
from runbooks.queries.steps import StepRows, steps_of
from runbooks.queries.times import MARKS, PLANNED, MarkLine, RecoveryTimes, recovery_times
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import Chip, counted, length, run_chip
from runbooks.services.script import runbook_of

MOST_EVENTS = 1000


@dataclass(frozen=True)
class Report:
    run: Run
    title: str
    chip: Chip
    summary: Sequence[str]
    steps: Sequence[tuple[StepRows, Chip, str]]
    decisions: Sequence[DecisionLine]
    events: Sequence[Entry]
    receipt: Mapping[str, Any] | None
    exact: Mapping[str, Any] | None
    time_lost: TimeLost | None
    left_behind: LeftBehind | None
    times: RecoveryTimes
    effort: Effort
    overrides: Sequence[Override]
    paper_ticks: Sequence[PaperTick]
    refusals: Sequence[Refusal]
    drift: Sequence[Drift]
    board: Board
    consistency: Result | None
    evidence: Sequence[Evidence]
    made_at: datetime

    @property
    def is_cut(self) -> bool:
        """Whether the record holds more events of the run than the report tells."""
        return len(self.events) >= MOST_EVENTS

    @property
    def marks(self) -> list[tuple[str, str, MarkLine | None]]:
        """All of them: one that was not measured is said to be so."""
        known: dict[str, list[MarkLine]] = {}
        for line in self.times.marks:
            known.setdefault(line.name, []).append(line)
        words = MARKS if self.run.incident_id else PLANNED
        return [(name, what, line) for name, what in words.items() for line in known.get(name, [None])]


def report(run: Run, viewer: Viewer, now: datetime) -> Report:
    rows = steps_of([run])[run.pk]
    titles = titles_of(each.step for each in rows)
    events = events_of_run(run.pk, limit=MOST_EVENTS)
    of_incident = (
        dict(Evidence.objects.filter(incident=run.incident_id).values_list("kind", "data")) if run.incident_id else {}
    )
    exact = reconciliation(run.incident_id) if run.incident_id else None
    left = None if run.incident_id else left_behind(run)
    times = recovery_times(run, now)
    spent = effort(moves_of([run.pk]), run.started_at, run.finished_at or now)
    return Report(
        run,
        title(run, runbook_of(run)),
        run_chip(run),
        _summary(run, rows, spent, times),
        [(each, each.chip(viewer), took(each)) for each in rows],
        list(decisions(run)),
        events,
        of_incident.get(RECEIPT),
        exact.flat() if exact else None,
        time_lost(run.incident) if run.incident else planned_time_lost(run, left) if left else None,
        left,
        times,
        spent,
        list(Override.objects.filter(step__run=run).select_related("person", "step")),
        list(PaperTick.objects.filter(step__run=run).select_related("step", "entered_by")),
        refusals_met(run, titles),
        drift_found(run, titles),
        board(run, inventory.pair_entry(run.pair)),
        consistency(list(events)),
        list(Evidence.objects.filter(run=run)),
        now,
    )


def _summary(run: Run, rows: Sequence[StepRows], spent: Effort, times: RecoveryTimes) -> list[str]:
    done = sum(each.step.state == "succeeded" for each in rows)
    words = [
        f"{done} of {counted(len(rows), 'step')} done in {length(spent.total)}: "
        f"machines {length(spent.machines)}, people {length(spent.people)}."
    ]
    if slowest := times.slowest:
        words.append(f"Slowest to come back: {slowest.application}, after {length(slowest.rto)}.")
    healthy = [mark.after for mark in times.marks if mark.name == "T8" and mark.after is not None]
    if healthy:
        words.append(f"From failure to healthy: {length(max(healthy))}.")
    if run.ending:
        words.append(run.ending)
    return words


def took(rows: StepRows) -> str:
    step = rows.step
    begun = step.claimed_at or step.ready_at
    return length(step.ended_at - begun) if step.ended_at and begun else ""
