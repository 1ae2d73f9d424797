"""What follows a move: the next step opens, a pause or an abort takes effect, a run ends."""

from __future__ import annotations

from audit.ledger import Ledger
from runbooks.engine.states import TERMINAL, Event, RunState, StepState
from runbooks.models import Override, Run, StepRun
from runbooks.models.decisions import APPROVAL
from runbooks.services.moves import end_attempt, live_attempt, move, move_run

S = StepState
OPENS = frozenset({S.SUCCEEDED.value, S.SKIPPED.value})
AT_WORK = frozenset({S.CLAIMED.value, S.SENT.value, S.OBSERVING.value})
CANCELLABLE = frozenset(
    state.value for state in (S.LOCKED, S.READY, S.AWAITING_APPROVAL, S.QUEUED, S.BLOCKED, S.PARTIAL, S.FAILED)
)
OVER = frozenset(state.value for state in TERMINAL)
STANDING = ["state", "fence", "held", "inventory_digest", "finished_at", "ending"]  # of a run: what moves


def settle(book: Ledger, run: Run, moved: StepRun | None = None) -> None:
    """Call at the end of every service that moved a step or a run, in the same ledger.

    `moved` is the one step that did, and nothing else: while it is not over, nothing of a running run follows.
    """
    run.refresh_from_db(fields=STANDING)
    if moved is not None and moved.state not in OVER and run.state == RunState.RUNNING:
        return
    steps = list(StepRun.objects.filter(run=run).order_by("position"))
    for step in steps:
        step.run = run
    match RunState(run.state):
        case RunState.RUNNING:
            _open_next(book, run, steps)
            if all(step.state in OVER for step in steps):
                _complete(book, run, steps)
        case RunState.PAUSING if not any(step.state in AT_WORK for step in steps):
            move_run(book, run, RunState.PAUSED)
        case RunState.ABORTING:
            _wind_down(book, run, steps)


def _open_next(book: Ledger, run: Run, steps: list[StepRun]) -> None:
    """A rehearsal asks nobody: what opens is queued at once."""
    past = {step.key for step in steps if step.state in OPENS}
    for step in steps:
        if step.state == S.LOCKED and past.issuperset(step.needs):
            move(book, step, Event.UNLOCKED, ready_at=book.now)
            if run.is_rehearsal:
                move(book, step, Event.CONFIRMED)


def _complete(book: Ledger, run: Run, steps: list[StepRun]) -> None:
    exceptions = [f"{step.title}: {step.rehearsed or step.state}" for step in steps if step.state != S.SUCCEEDED]
    exceptions += [_exception(row) for row in Override.objects.filter(step__run=run).select_related("step", "person")]
    state = RunState.COMPLETED_WITH_EXCEPTIONS if exceptions else RunState.COMPLETED
    move_run(book, run, state, finished_at=book.now, ending="; ".join(exceptions))


def _exception(row: Override) -> str:
    if row.guard == APPROVAL:
        return f"{row.step.title}: {row.person.name} went on without another person"
    return f"guard {row.guard} overridden"


def _wind_down(book: Ledger, run: Run, steps: list[StepRun]) -> None:
    for step in steps:
        _leave(book, run, step)
    # A step whose outcome is unknown, or overdue, does not keep the run from ending; it stays watched.
    if not any(step.state in AT_WORK and not (step.state == S.OBSERVING and step.overdue) for step in steps):
        move_run(book, run, RunState.ABORTED, finished_at=book.now)


def _leave(book: Ledger, run: Run, step: StepRun) -> None:
    """Cancel what has not begun; a check that only waits is ended; what was sent still gets its outcome."""
    attempt = live_attempt(step)
    if step.state == S.OBSERVING and step.nature != "act":
        move(book, step, Event.FAILED, attempt=attempt, summary="the run was aborted", ended_at=book.now)
    if step.state in CANCELLABLE:
        if attempt:
            end_attempt(attempt, "the run was aborted")
        move(book, step, Event.CANCELLED, attempt=attempt, summary="the run was aborted")
