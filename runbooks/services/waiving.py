"""Going on without another person: open to somebody who broke the glass, one step at a time."""

from __future__ import annotations

from audit.ledger import ledger
from people.rights import Right
from runbooks.engine.states import IllegalMove, StepState
from runbooks.models import Override, StepRun
from runbooks.models.decisions import APPROVAL
from runbooks.services.checks import get, is_current, is_running, needed, record
from runbooks.services.errors import NotProved
from runbooks.services.recovery import set_aside
from runbooks.services.who import Who


def waive_approval(who: Who, step_id: int, *, fence: int, reason: str) -> StepRun:
    """The next arming of this step asks nobody else. It is confirmed anew, with that in view; guards stay."""
    with ledger(who.actor) as book:
        person, step, said = who.require(Right.WAIVE_APPROVAL), get(step_id), needed(reason)
        is_current(step, fence, StepState.READY, StepState.AWAITING_APPROVAL, StepState.BLOCKED)
        is_running(step)
        if not step.approvals:
            raise IllegalMove("This step asks for no other person: there is nothing to waive.")
        if not who.has_proved(book.now):
            raise NotProved(
                "It is more than a quarter of an hour since you proved who you are: say it again, then send this form "
                "again. Nothing was done."
            )
        why = f"{person.name} goes on without another person: confirm the step again, with that in view"
        set_aside(book, step, APPROVAL, person, said, why)
        record(book, step, "approval.waived", attempt=step.attempts + 1, reason=said)
        return step


def approvals_of(step: StepRun, number: int) -> int:
    """How many other persons have to agree to this arming."""
    if not step.approvals or Override.objects.filter(step=step, attempt=number, guard=APPROVAL).exists():
        return 0
    return step.approvals
