"""What a slice does when a claimed step may not be sent. In each case nothing was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audit.ledger import Actor, Ledger, ledger
from runbooks.engine.outcome import Verdict
from runbooks.engine.states import Event, RunState
from runbooks.models import Attempt, Run, StepRun
from runbooks.services.binding import Broken
from runbooks.services.boundaries import settle
from runbooks.services.moves import end_attempt, move
from runbooks.services.plain import plain


def refuse(
    step: StepRun, attempt: Attempt | None, refusals: Sequence[Verdict], verdicts: Iterable[Verdict], by: str
) -> None:
    """Blocked by guards. What was confirmed still binds: a person may look again."""
    says = "; ".join(f"refused by {verdict.code}: {verdict.says}" for verdict in refusals)
    with ledger(Actor.product(by)) as book:
        move(
            book, step, Event.REFUSED, attempt=attempt, summary=f"{says} Nothing was done.",
            guards=plain(list(verdicts)),
        )  # fmt: skip
        settle(book, step.run)


def refuse_broken(step: StepRun, attempt: Attempt | None, why: str, by: str) -> None:
    """Blocked because it could not be judged at all."""
    with ledger(Actor.product(by)) as book:
        move(book, step, Event.REFUSED, attempt=attempt, summary=f"{why}. Nothing was done.")
        settle(book, step.run)


def void_claimed(step: StepRun, attempt: Attempt, broken: Broken, by: str) -> None:
    with ledger(Actor.product(by)) as book:
        void_in(book, step, attempt, broken)
        settle(book, step.run)


def void_in(book: Ledger, step: StepRun, attempt: Attempt, broken: Broken) -> None:
    """What was confirmed binds no longer: the step returns, and says what moved."""
    why = f"What was confirmed is void: {broken.why}. Nothing was done."
    move(book, step, Event.REFUSED, attempt=attempt, summary=why)
    end_attempt(attempt, broken.why)
    move(book, step, broken.event, attempt=attempt, summary=why)
    if broken.holds_run and not step.run.held:
        hold(book, step.run, broken.why)


def hold(book: Ledger, run: Run, why: str, changes: Sequence[str] = ()) -> None:
    run.held = why
    run.save(update_fields=["held"])
    book.add("run.held", object=str(run), run=run.pk, facts={"why": why, "changes": list(changes)})


def stand_down(book: Ledger, step: StepRun, attempt: Attempt | None) -> None:
    """The run was paused or aborted, or all sending stopped, while this slice was judging: nothing was sent."""
    if step.run.state in {RunState.RUNNING, RunState.PAUSING, RunState.PAUSED}:
        move(book, step, Event.RELEASED, attempt=attempt, claimed_by="", lease_until=None)
    else:
        move(book, step, Event.REFUSED, attempt=attempt, summary=f"the run is {step.run.state}. Nothing was done.")
