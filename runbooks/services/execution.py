"""A slice of work on a confirmed step: claim, judge on fresh facts, commit the intent, send once, record.

The order is the safety: facts → guards → one transaction (fence, rights, approvals, intent) → deadline → socket. No
transaction is open while a cluster is asked, and whatever a message says, the rows decide.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.clock import database_now
from audit.ledger import Actor, ledger
from clusters.errors import ClusterError
from dashboard import inventory
from runbooks import trial
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Nature, StepKind
from runbooks.engine.outcome import ItemState, Level, Refused, Verdict
from runbooks.engine.states import Event, RunState, StepState
from runbooks.models import Attempt, Item, Outbox, StepRun
from runbooks.services import binding, drift, facts, looking, outbox, policy, rehearsal, sending, stopping
from runbooks.services.errors import Stale
from runbooks.services.examination import Examination, examine
from runbooks.services.moves import live_attempt, move
from runbooks.services.plain import plain
from runbooks.services.refusing import refuse, void_claimed
from runbooks.services.script import kind_of


def advance(step_id: int, fence: int, by: str) -> None:
    """One short, bounded slice; harmless when the message is old, doubled, late or forged. `by` is recorded."""
    begun = time.monotonic()
    step = StepRun.objects.filter(pk=step_id, fence=fence).select_related("run__version", "run__incident").first()
    if step is None:
        return  # another worker has moved the step on, or it never was
    trial.point("taken", step.pk)
    try:
        if step.state == StepState.QUEUED and (claimed := _claim(step, by)):
            trial.point("claimed", step.pk)
            _first(step, claimed.attempt, by, begun)
        elif step.state == StepState.SENT and _is_next_due(step):
            _next(step, by, begun)
    except Stale:
        return  # lost to somebody faster: nothing of ours was sent


@dataclass(frozen=True)
class _Claimed:
    attempt: Attempt | None  # none in a rehearsal: nobody confirmed


def _claim(step: StepRun, by: str) -> _Claimed | None:
    """Take the step, if its run still wants it. The lease frees it should this process die before it sends."""
    with ledger(Actor.product(by)) as book:
        step.run.refresh_from_db(fields=["state", "held", "fence", "inventory_digest"])
        if step.run.state != RunState.RUNNING or (stopping.is_on() and not step.run.is_rehearsal):
            # Paused, or all sending is stopped: it stays queued, and `resume` rings again.
            Outbox.objects.filter(step=step, fence=step.fence, done_at=None).update(done_at=book.now)
            return None
        attempt = live_attempt(step)
        move(
            book, step, Event.CLAIMED, attempt=attempt,
            claimed_by=by, claimed_at=book.now, lease_until=book.now + policy.LEASE,
        )  # fmt: skip
        return _Claimed(attempt)


def _first(step: StepRun, attempt: Attempt | None, by: str, begun: float) -> None:
    kind = kind_of(step)
    if step.run.is_rehearsal:
        rehearsal.rehearse(step, kind, by)
        return
    assert attempt is not None  # noqa: S101  (only a confirmed step is queued)
    if why := binding.broken(step, attempt):
        void_claimed(step, attempt, why, by)
        return
    case = facts.read(step, kind, attempt)
    drift.note(step.run, case, by)
    found = examine(step, kind, case, attempt.number)
    if why := binding.moved(step, attempt, found):
        void_claimed(step, attempt, why, by)
    elif found.refusals:
        refuse(step, attempt, found.refusals, found.verdicts, by)
    elif kind.nature is Nature.ACT:
        _plan_items(attempt, found, database_now())
        _act(step, attempt, found, _batch(attempt, kind, found.case), by, begun)
    else:
        _start_check(step, attempt, found, by)


def _plan_items(attempt: Attempt, found: Examination, now: datetime) -> None:
    Item.objects.bulk_create(
        [Item(attempt=attempt, name=name, updated_at=now) for name in found.targets], ignore_conflicts=True
    )


def _batch(attempt: Attempt, kind: StepKind, case: Case) -> tuple[str, ...]:
    """The next items that were never in a call: as many as one call takes, and all of them where a person sends it."""
    rows = Item.objects.filter(attempt=attempt, state=ItemState.PLANNED.value, call=None).order_by("name")
    waiting = tuple(rows.values_list("name", flat=True))
    return waiting if attempt.is_guided else kind.next_call(case, waiting)


def _act(step: StepRun, attempt: Attempt, found: Examination, names: tuple[str, ...], by: str, begun: float) -> None:
    """One call."""
    batch = sending.Batch(step, attempt, found.kind, found, names, by, begun)
    try:
        pre_state = plain(found.kind.pre_state(batch.context(begun + policy.SEND_WITHIN_S), names))
        intent = sending.intent_of(batch, pre_state)
    except Refused as refused:
        _hold_back(step, attempt, found, refused.verdicts, by)
        return
    except (ClusterError, MissingFact, LookupError) as error:
        _hold_back(step, attempt, found, (_unread(error),), by)
        return
    sending.send(batch, intent)


def _hold_back(step: StepRun, attempt: Attempt, found: Examination, refusals: Sequence[Verdict], by: str) -> None:
    """Refused by the last look. What earlier batches sent keeps its own outcome."""
    if step.state == StepState.CLAIMED:
        refuse(step, attempt, refusals, (*found.verdicts, *refusals), by)
    else:
        sending.stop_here(step, attempt, f"refused by {refusals[0].code}: {refusals[0].says}", by)


def _unread(error: Exception) -> Verdict:
    said = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    return Verdict(
        "R19", "What is true right before sending is known", Level.ABSOLUTE, False, f"unknown: {said}",
        "an answer right before sending", "executor: re-check, then send",
        says=f"What is true right before sending could not be read: {said}. Unknown is treated as unsafe.",
    )  # fmt: skip


def _is_next_due(step: StepRun) -> bool:
    """The slice for the next batch is a picked row of its own, so that a doubled message finds nothing to do."""
    row = outbox.pick(step.pk, step.fence, Outbox.Task.ADVANCE, database_now())
    if row is not None:
        outbox.done(row, database_now())
    return row is not None


def _next(step: StepRun, by: str, begun: float) -> None:
    """What the next call names is judged anew; what was sent before keeps its outcome whatever is found now.

    Only that: of 10,000 topics in 200 calls each would else be read and judged a hundred times.
    """
    attempt, kind = live_attempt(step), kind_of(step)
    assert attempt is not None  # noqa: S101  (a sent step has its attempt)
    step.run.refresh_from_db(fields=["state", "held", "inventory_digest"])
    why, halt = binding.broken(step, attempt), sending.why_not_on(step)
    if why or halt:
        sending.stop_here(step, attempt, why.why if why else halt, by)
        return
    names = _batch(attempt, kind, facts.stored(step, attempt))
    case = facts.read(step, kind, attempt, items=names)
    found = examine(step, kind, case, attempt.number, items=names)
    if found.refusals:
        _hold_back(step, attempt, found, found.refusals, by)
    elif _is_their_turn(step, attempt, kind, case, names, by):
        _act(step, attempt, found, names, by, begun)


def _is_their_turn(
    step: StepRun, attempt: Attempt, kind: StepKind, case: Case, names: tuple[str, ...], by: str
) -> bool:
    """Where items go in turn, the next is sent only when all that were sent have come to their end; else it is asked
    again a little later. One that failed ends the sending.
    """
    sent = looking.sent_of(attempt)
    if not kind.goes_in_turn(case, (*sent, *names)):
        return True
    seen = looking.observed(step, attempt, kind, case, sent)
    if seen.is_done:
        return True
    if seen.is_settled:
        sending.stop_here(step, attempt, f"R24: an earlier topic has failed: {seen.said}", by)
        return False
    now = database_now()
    outbox.enqueue(step, Outbox.Task.ADVANCE, now, policy.next_look(1, inventory.pair_entry(step.run.pair)))
    return False


def _start_check(step: StepRun, attempt: Attempt, found: Examination, by: str) -> None:
    """Kinds without apply: nothing is sent, they look until it is so or their time is over.

    The first look is made before anything is written, so that one transaction says both that it began and what it saw.
    """
    names = tuple(sorted(found.targets))
    seen = looking.observed(step, attempt, found.kind, found.case, names)
    with ledger(Actor.product(by)) as book:
        _plan_items(attempt, found, book.now)
        move(
            book, step, Event.STARTED, attempt=attempt, started_at=book.now, guards=plain(found.verdicts),
            facts={"targets": list(found.targets)},
        )  # fmt: skip
        looking.conclude(book, step, attempt, seen)
