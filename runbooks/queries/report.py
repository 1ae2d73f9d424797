"""The report of a run, in the order a reviewer reads: summary, decisions, timeline, loss, times, overrides, proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audit.entries import Entry
from audit.queries import consistency, events_of_run
from audit.verify import Result
from dashboard import inventory
from runbooks.models import Approval, Attempt, Evidence, Mark, Override, Run
from runbooks.queries.effort import Effort, effort, moves_of
from runbooks.queries.guards import GuardRow, guard_rows
from runbooks.queries.incidents import RECEIPT
from runbooks.queries.run_page import title
from runbooks.queries.steps import StepRows, steps_of
from runbooks.queries.times import MARKS
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import Chip, counted, length, run_chip
from runbooks.services.script import runbook_of


@dataclass(frozen=True)
class DecisionLine:
    """Who decided what about a step, and what they were shown."""

    step: str
    number: int
    at: datetime
    who: str
    did: str
    typed: str
    said: Sequence[tuple[str, str]]
    saw: Sequence[tuple[str, str]]
    guards: Sequence[GuardRow]
    digest: str


@dataclass(frozen=True)
class Report:
    run: Run
    title: str
    chip: Chip
    summary: Sequence[str]
    steps: Sequence[tuple[StepRows, Chip, str]]
    decisions: Sequence[DecisionLine]
    overrides: Sequence[Override]
    events: Sequence[Entry]
    consistency: Result | None
    effort: Effort
    marks: Sequence[tuple[Mark, str, timedelta]]
    rto: timedelta | None
    receipt: Mapping[str, Any] | None
    exact: Mapping[str, Any] | None
    evidence: Sequence[Evidence]
    made_at: datetime


RECONCILED = "loss.reconciled"


def report(run: Run, viewer: Viewer, now: datetime) -> Report:
    rows = steps_of([run])[run.pk]
    events = events_of_run(run.pk)
    evidence = list(Evidence.objects.filter(run=run))
    of_incident = (
        dict(Evidence.objects.filter(incident=run.incident_id).values_list("kind", "data")) if run.incident_id else {}
    )
    marks = list(Mark.objects.filter(incident=run.incident_id)) if run.incident_id else []
    entry = inventory.pair_entry(run.pair)
    spent = effort(moves_of([run.pk]), run.started_at, run.finished_at or now)
    return Report(
        run,
        title(run, runbook_of(run)),
        run_chip(run),
        _summary(run, rows, spent, marks),
        [(each, each.chip(viewer), _took(each)) for each in rows],
        list(_decisions(run)),
        list(Override.objects.filter(step__run=run).select_related("person", "step")),
        events,
        consistency(list(events)),
        spent,
        [(mark, MARKS[mark.name], mark.at - run.incident.t0) for mark in marks] if run.incident else [],
        entry.policy.rto if entry and run.incident_id else None,
        of_incident.get(RECEIPT),
        of_incident.get(RECONCILED),
        evidence,
        now,
    )


def _summary(run: Run, rows: Sequence[StepRows], spent: Effort, marks: Sequence[Mark]) -> list[str]:
    done = sum(each.step.state == "succeeded" for each in rows)
    words = [
        f"{done} of {counted(len(rows), 'step')} done in {length(spent.total)}: "
        f"machines {length(spent.machines)}, people {length(spent.people)}."
    ]
    healthy = next((mark.at for mark in marks if mark.name == "T8"), None)
    if healthy and run.incident:
        words.append(f"From failure to healthy: {length(healthy - run.incident.t0)}.")
    if run.ending:
        words.append(run.ending)
    return words


def _took(rows: StepRows) -> str:
    step = rows.step
    begun = step.claimed_at or step.ready_at
    return length(step.ended_at - begun) if step.ended_at and begun else ""


def _decisions(run: Run) -> Iterator[DecisionLine]:
    attempts = Attempt.objects.filter(step__run=run).select_related("requester", "step").order_by("requested_at")
    words: dict[int, list[Approval]] = {}
    for word in Approval.objects.filter(attempt__step__run=run).select_related("approver"):
        words.setdefault(word.attempt_id, []).append(word)
    for attempt in attempts:
        yield DecisionLine(
            attempt.step.title,
            attempt.step.position,
            attempt.requested_at,
            attempt.requester.name,
            "confirmed",
            attempt.phrase,
            sorted(attempt.inputs.items()),
            list(shown(attempt.seen)),
            guard_rows(attempt.verdicts, {}),
            attempt.digest,
        )
        for word in words.get(attempt.pk, ()):
            did = "approved" if word.verdict == Approval.Verdict.APPROVE else "declined"
            said = [("reason", word.reason)] if word.reason else []
            yield DecisionLine(
                attempt.step.title,
                attempt.step.position,
                word.at,
                word.approver.name,
                did,
                attempt.phrase if did == "approved" else "",
                said,
                list(shown(word.seen)),
                guard_rows(word.verdicts or (), {}),
                word.digest,
            )


def shown(values: Mapping[str, Any], path: str = "", most: int = 40) -> Iterator[tuple[str, str]]:
    """Nested numbers as lines of name and value; a long list is counted."""
    for key, value in list(values.items())[:most]:
        name = f"{path}{key}"
        if isinstance(value, Mapping):
            yield from shown(value, f"{name}: ")
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value)) if len(value) <= 6 else counted(len(value), "entry", "entries")
        else:
            yield name, "not known" if value is None else str(value)
