"""What most services ask before they change anything."""

from __future__ import annotations

from datetime import datetime

from audit.ledger import Ledger
from dashboard import inventory
from runbooks.engine.states import IllegalMove, RunState, StepState
from runbooks.models import StepRun
from runbooks.services import stopping
from runbooks.services.errors import Invalid, NotProved, overtaken
from runbooks.services.who import Who


def get(step_id: int) -> StepRun:
    return StepRun.objects.select_related("run__version", "run__incident", "moved_by").get(pk=step_id)


def needed(reason: str) -> str:
    if not reason.strip():
        raise Invalid({"reason": "Say why, in a sentence: it stays in the record."})
    return reason.strip()


def is_current(step: StepRun, fence: int, *states: StepState) -> None:
    """Stale where the page is older than the step; IllegalMove where the step is in none of these states."""
    if step.fence != fence:
        raise overtaken(step)
    if step.state not in states:
        raise IllegalMove(f"“{step.title}” is {step.state.replace('_', ' ')}: this is not open to it now.")


def is_running(step: StepRun) -> None:
    run = step.run
    if run.is_rehearsal:
        raise IllegalMove("A rehearsal goes on by itself and sends nothing: there is nothing to confirm.")
    has_inventory()
    stopping.none_in_force()
    if run.held:
        raise Invalid({"": run.held})
    if run.state != RunState.RUNNING:
        raise IllegalMove(f"The run is {run.state}: resume it before you go on.")


def has_proved(who: Who, step: StepRun, now: datetime) -> None:
    """What cannot be undone is not confirmed or approved by whoever finds a screen that somebody left."""
    if step.is_irreversible and not who.has_proved(now):
        raise NotProved(
            "This step has no way back, and it is more than a quarter of an hour since you proved who you are: "
            "say it again, then send this form again. Nothing was done."
        )


def has_inventory() -> None:
    """Nothing is confirmed or started on facts that no inventory in force vouches for."""
    if why := inventory.why_none():
        raise Invalid({"": why})


def record(book: Ledger, step: StepRun, kind: str, **said: object) -> None:
    """An event about a step that is not a move."""
    book.add(kind, object=f"{step.run}/{step.key}", run=step.run_id, step=step.pk, fence=step.fence, **said)  # type: ignore[arg-type]
