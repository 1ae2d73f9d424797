"""The one way a step or a run changes its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from audit.clock import database_now
from audit.ledger import Ledger
from people.models import Person
from runbooks.engine.states import RUN_MOVES, Event, IllegalMove, RunState, StepState, after
from runbooks.models import Attempt, Run, StepRun
from runbooks.services import outbox
from runbooks.services.errors import Stale, overtaken
from runbooks.services.plain import recordable

NOTHING: Mapping[str, Any] = {}


def move(
    book: Ledger,
    step: StepRun,
    event: Event,
    *,
    by: Person | None = None,
    attempt: Attempt | None = None,
    summary: str = "",
    reason: str = "",
    digest: str = "",
    guards: Sequence[Mapping[str, Any]] = (),
    facts: Mapping[str, Any] = NOTHING,
    **changes: object,
) -> None:
    """Move by the table, only if state and fence are still those that were read; record it; enqueue what follows.

    Raises IllegalMove or Stale. `step` then carries the new state, fence and `changes`.
    """
    now, before = book.now, StepState(step.state)
    new = {
        "state": after(before, event).value, "fence": step.fence + 1, "moved_at": now, "moved_by": by,
        "summary": summary, **changes,
    }  # fmt: skip
    if not StepRun.objects.filter(pk=step.pk, state=before.value, fence=step.fence).update(**new):
        raise overtaken(step)
    for name, value in new.items():
        setattr(step, name, value)
    book.add(
        f"step.{event}", object=f"{step.run}/{step.key}", run=step.run_id, step=step.pk,
        attempt=attempt.number if attempt else None, fence=step.fence, before=before.value, after=step.state,
        digest=digest or (attempt.digest if attempt else ""), guards=recordable(guards),
        facts=recordable({**facts, "summary": summary} if summary else facts), reason=reason,
    )  # fmt: skip
    outbox.follow(step, now)


def move_run(book: Ledger, run: Run, state: RunState, *, reason: str = "", **changes: object) -> None:
    """The same for a run; the audit kind is `run.` and the new state."""
    before = RunState(run.state)
    if state not in RUN_MOVES[before]:
        raise IllegalMove(f"a run that is {before} cannot become {state}")
    new: dict[str, Any] = {"state": state.value, "fence": run.fence + 1, **changes}
    if not Run.objects.filter(pk=run.pk, state=before.value, fence=run.fence).update(**new):
        raise Stale("The run has moved on since this page was made. Nothing of what you sent was done.")
    for name, value in new.items():
        setattr(run, name, value)
    kind = f"run.{state.value.replace('_', '-')}"
    book.add(kind, object=str(run), run=run.pk, fence=run.fence, before=before.value, after=state.value, reason=reason)


def end_attempt(attempt: Attempt, why: str, at: datetime | None = None) -> None:
    """Nothing more will be sent under this arming; its approvals count no longer."""
    attempt.is_live, attempt.ended_at, attempt.ending = False, at or database_now(), why
    attempt.save(update_fields=["is_live", "ended_at", "ending"])


def live_attempt(step: StepRun) -> Attempt | None:
    # Ordered by itself: the model's own order would join step, run and more.
    return Attempt.objects.filter(step=step, is_live=True).select_related("requester").order_by("pk").first()
