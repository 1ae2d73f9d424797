"""Enqueuing: a row in the same transaction as the move, and a bell after its commit."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from runbooks import relay
from runbooks.engine.states import StepState
from runbooks.models import Outbox, StepRun
from runbooks.services import policy

# What a state asks of the workers when it is entered.
NEXT: dict[StepState, Outbox.Task] = {
    StepState.READY: Outbox.Task.PREFLIGHT,
    StepState.AWAITING_APPROVAL: Outbox.Task.PREFLIGHT,
    StepState.BLOCKED: Outbox.Task.PREFLIGHT,
    StepState.QUEUED: Outbox.Task.ADVANCE,
}
AT_ONCE = timedelta(0)


def enqueue(step: StepRun, task: Outbox.Task, now: datetime, after: timedelta = AT_ONCE) -> None:
    row = Outbox.objects.create(task=task, step=step, fence=step.fence, made_at=now, due_at=now + after)
    relay.ring_after_commit([row], now)


def follow(step: StepRun, now: datetime) -> None:
    """After a move: work for the old fence is void, and the new state may ask for some."""
    Outbox.objects.filter(step=step, fence__lt=step.fence, done_at=None).update(done_at=now)
    if (task := NEXT.get(StepState(step.state))) is not None:
        enqueue(step, task, now)


def pick(step_id: int, fence: int, task: Outbox.Task, now: datetime) -> Outbox | None:
    """Take a due row for oneself. A doubled, late or forged message finds none.

    A row whose picker died is free again after half a minute: only work that reads is picked this way.
    """
    free = Q(picked_at=None) | Q(picked_at__lt=now - policy.PICK_LAPSES)
    due = Outbox.objects.filter(free, step=step_id, fence=fence, task=task, done_at=None, due_at__lte=now)
    row = due.first()
    if row is None or not due.filter(pk=row.pk).update(picked_at=now):
        return None
    return row


def is_to_come(step: StepRun, task: Outbox.Task) -> bool:
    """Whether a row of this step as it is now waits for somebody to pick it."""
    return Outbox.objects.filter(step=step, fence=step.fence, task=task, done_at=None, picked_at=None).exists()


def done(row: Outbox, now: datetime) -> None:
    Outbox.objects.filter(pk=row.pk).update(done_at=now)


def due(now: datetime) -> list[Outbox]:
    """Rows that are due and that nobody works on."""
    free = Q(picked_at=None) | Q(picked_at__lt=now - policy.PICK_LAPSES)
    return list(Outbox.objects.filter(free, done_at=None, due_at__lte=now))
