"""The bar at the bottom: who must act, what happens if nobody does, and at most one primary act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runbooks.engine.states import StepState
from runbooks.models import Run
from runbooks.queries.offer import Offers
from runbooks.queries.steps import StepRows
from runbooks.queries.words import Chip, run_chip

S = StepState


@dataclass(frozen=True)
class Bar:
    """`until` is when it ends by itself; `note` follows it."""

    chip: Chip
    title: str
    note: str
    until: datetime | None = None


NOTES: dict[StepState, str] = {
    S.LOCKED: "It opens by itself when the steps before it are done.",
    S.QUEUED: "Nothing was sent yet. Guards are read again right before sending.",
    S.CLAIMED: "Nothing was sent yet. Guards are read again right before sending.",
    S.SENT: "The answer is awaited. Accepted is not done.",
    S.OBSERVING: "It is looked at again and again until it reads as done.",
    S.UNKNOWN: "No time-out turns this into a failure or a second send.",
    S.BLOCKED: "Looking only reads. Nothing was done.",
    S.PARTIAL: "What is done stays. Nothing is tried again by itself.",
    S.FAILED: "Nothing is tried again by itself.",
    S.SUCCEEDED: "",
    S.SKIPPED: "Skipping satisfied no guard.",
    S.CANCELLED: "",
}


def bar(run: Run, rows: StepRows, chip: Chip, offers: Offers) -> Bar:
    if run.is_over:
        return Bar(run_chip(run), "This run is over.", run.ending)
    if run.held:
        return Bar(run_chip(run), "The run is held.", run.held)
    title = f"Step {rows.step.position}: {rows.step.title}"
    primary = offers.primary
    if primary and primary.why_not:
        return Bar(chip, title, f"Not yet: {primary.why_not.removesuffix('.')}.", _until(rows))
    if primary:
        return Bar(chip, title, _note(rows), _until(rows))
    if run.is_rehearsal:
        return Bar(chip, "Nothing for you to do.", "A rehearsal goes on by itself and sends nothing.")
    return Bar(chip, "Nothing for you to do.", _note(rows), _until(rows))


def _until(rows: StepRows) -> datetime | None:
    waits = rows.step.state in {S.AWAITING_APPROVAL, S.QUEUED, S.BLOCKED}
    return rows.live.expires_at if waits and rows.live else None


def _note(rows: StepRows) -> str:
    if rows.step.state == S.READY:
        return "No way back after this." if rows.step.is_irreversible else "Nothing was sent for this step yet."
    return NOTES.get(S(rows.step.state), "Then nothing is sent.")
