"""What `run_executor` finds in the rows and puts right: by the database's clock, never by sending anything again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet

from audit.clock import database_now
from audit.ledger import Actor, Ledger, ledger
from clusters.inventory import semantic_diff
from dashboard import inventory
from runbooks.engine.outcome import ItemState
from runbooks.engine.states import RUN_OVER, Event, RunState, StepState
from runbooks.models import Call, Item, Outbox, Run, StepRun, WorkerBeat
from runbooks.services import binding, outbox, policy, stopping
from runbooks.services.boundaries import settle
from runbooks.services.errors import Stale
from runbooks.services.moves import end_attempt, live_attempt, move
from runbooks.services.refusing import hold
from runbooks.services.runs import void_all
from runbooks.services.sending import end_call

S, T = StepState, Outbox.Task
PutRight = Callable[[Ledger, StepRun], None]
DEATHS = 3
RINGS = {S.QUEUED: T.ADVANCE, S.SENT: T.ADVANCE, S.OBSERVING: T.LOOK, S.UNKNOWN: T.LOOK}
WATCHED = (*RINGS, S.CLAIMED, S.AWAITING_APPROVAL, S.BLOCKED)


def put_right(by: str) -> None:
    """One sweep. Each finding is put right in a transaction of its own."""
    now = database_now()
    _hold_runs(by)
    # One question each second, and most of the time nothing stands there.
    for step in StepRun.objects.filter(state__in=WATCHED).select_related("run__version"):
        if put := _wrong(step, now):
            _guarded(put, step, by)
        _ring_forgotten(step, now)


def _wrong(step: StepRun, now: datetime) -> PutRight | None:
    match step.state:
        case S.CLAIMED if step.lease_until and step.lease_until < now:
            return _release
        case S.SENT if _calls(step).filter(deadline_at__lt=now - policy.ANSWER_LATE).exists():
            return _give_up
        case S.AWAITING_APPROVAL | S.BLOCKED if attempt := live_attempt(step):
            if attempt.expires_at <= now:
                return _expire
            return _void_departed if binding.departed(step, attempt) else None
    return None


def _calls(step: StepRun) -> QuerySet[Call]:
    """Requests that nobody has written down an answer of."""
    return Call.objects.filter(attempt__step=step, ended_at=None)


def _guarded(put: PutRight, step: StepRun, by: str) -> None:
    try:
        with ledger(Actor.product(by)) as book:
            put(book, step)
            settle(book, step.run)
    except Stale:
        return  # it has moved on by itself


def _release(book: Ledger, step: StepRun) -> None:
    """Its worker died, or stood still, before anything was sent. A step that kills worker after worker is blocked."""
    attempt = live_attempt(step)
    if attempt is not None:
        attempt.releases += 1
        attempt.save(update_fields=["releases"])
    if attempt is not None and attempt.releases >= DEATHS:
        why = f"{attempt.releases} workers ended while they judged this step; nothing was sent"
        move(book, step, Event.REFUSED, attempt=attempt, summary=why, lease_until=None)
    else:
        move(
            book, step, Event.RELEASED, attempt=attempt, claimed_by="", lease_until=None,
            summary="its worker ended before anything was sent",
        )  # fmt: skip


def _give_up(book: Ledger, step: StepRun) -> None:
    """A request whose worker never wrote down an answer: nobody knows what came of it."""
    attempt, now = live_attempt(step), database_now()
    said = "the worker ended before it could write down an answer"
    for call in Call.objects.filter(attempt=attempt, ended_at=None):
        end_call(call, Call.Outcome.UNKNOWN, said, now)
        call.save()
        Item.objects.filter(call=call, state=ItemState.SENT.value).update(
            state=ItemState.UNKNOWN.value, saw=said, updated_at=now
        )
    move(book, step, Event.LOST, attempt=attempt, summary=f"outcome unknown: {said}")
    outbox.enqueue(step, T.LOOK, now)


def _expire(book: Ledger, step: StepRun) -> None:
    attempt = live_attempt(step)
    if attempt is None:
        return
    why = f"what was confirmed expired at {attempt.expires_at:%H:%M:%S} UTC"
    end_attempt(attempt, why)
    move(book, step, Event.EXPIRED, attempt=attempt, summary=f"{why}. Nothing was done.")


def _void_departed(book: Ledger, step: StepRun) -> None:
    """What waits rests on the word of somebody who may give none any more. What is queued meets this at its claim."""
    attempt = live_attempt(step)
    why = binding.departed(step, attempt) if attempt else None
    if attempt and why:
        end_attempt(attempt, why.why)
        move(
            book, step, why.event, attempt=attempt, summary=f"What was confirmed is void: {why.why}. Nothing was done."
        )


def _ring_forgotten(step: StepRun, now: datetime) -> None:
    """A step that waits for a slice nobody is going to do: its row was picked by a worker that died."""
    task = RINGS.get(StepState(step.state))
    if task is None or step.moved_at >= now - policy.LEASE:
        return
    if task is T.ADVANCE and (step.run.state != RunState.RUNNING or (step.state == S.QUEUED and stopping.is_on())):
        return  # resuming it, or lifting the stop, rings it
    waiting = Outbox.objects.filter(step=step, fence=step.fence, task=task.value, done_at=None)
    if not waiting.exists() and not _calls(step).exists():
        outbox.enqueue(step, task, now)


def _hold_runs(by: str) -> None:
    """Another inventory is in force than the one a run was started with: a commander has to adopt it."""
    in_force = inventory.digest_in_force()
    if not in_force:
        return  # there is none to adopt, and nothing can be confirmed or sent without one
    for run in Run.objects.exclude(state__in=RUN_OVER).exclude(inventory_digest=in_force).filter(held=""):
        with ledger(Actor.product(by)) as book:
            run.refresh_from_db()
            if run.held or run.inventory_digest == inventory.digest_in_force():
                continue  # the run is younger than what this sweep took for the inventory in force
            changes = _changes(run.inventory_digest)
            why = "The inventory has changed since this run was started: a commander has to adopt it."
            hold(book, run, why, changes)
            void_all(book, run, "the inventory has changed")
            settle(book, run)


def _changes(before: str) -> list[str]:
    old = inventory.version(before)
    return [str(change) for change in semantic_diff(old, inventory.in_force())] if old is not None else []


def prune() -> None:
    """Rows of work that is done, after some hours, and of workers that are gone for good."""
    now = database_now()
    Outbox.objects.filter(done_at__lt=now - policy.KEEP_OUTBOX).delete()
    WorkerBeat.objects.filter(at__lt=now - policy.KEEP_OUTBOX).delete()
