"""The one place from which something leaves: the intent is committed first, and then one request is made."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audit.ledger import Actor, Ledger, ledger
from runbooks import trial
from runbooks.engine.context import StepContext
from runbooks.engine.kinds import StepKind
from runbooks.engine.outcome import Answer, ItemState, Result
from runbooks.engine.states import Event, RunState, StepState
from runbooks.models import Attempt, Call, Item, Outbox, StepRun
from runbooks.services import binding, evidence, facts, outbox, policy, stopping
from runbooks.services.boundaries import settle
from runbooks.services.examination import Examination
from runbooks.services.merging import merged
from runbooks.services.moves import move
from runbooks.services.plain import digest, plain
from runbooks.services.refusing import stand_down, void_in

APPLIED = [state.value for state in (ItemState.SENT, ItemState.WAITING, ItemState.DONE)]
# What an answer makes of an item it says nothing more about.
BY_RESULT = {
    Result.REFUSED: ItemState.REFUSED,
    Result.NOT_SENT: ItemState.NOT_APPLIED,
    Result.NOT_SERVED: ItemState.NOT_APPLIED,
    Result.UNKNOWN: ItemState.UNKNOWN,
}


@dataclass(frozen=True)
class Batch:
    """One call about to be made: the items it names, and the judgement it rests on. `begun` is monotonic."""

    step: StepRun
    attempt: Attempt
    kind: StepKind
    found: Examination
    names: tuple[str, ...]
    by: str
    begun: float

    def context(self, deadline: float | None = None) -> StepContext:
        return facts.context(self.step, self.found.case, self.names, attempt=self.attempt, deadline=deadline)


def intent_of(batch: Batch, pre_state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The exact request, and how its outcome will be recognised; for a guided action the command a person runs."""
    attempt = batch.attempt
    attempt.pre_state = merged(attempt.pre_state, pre_state)
    if attempt.is_guided:
        return {"command": attempt.command, "run_by": str(attempt.requester.public_id)}
    return dict(plain(batch.kind.request(batch.context(), batch.names)))


def send(batch: Batch, intent: Mapping[str, Any]) -> None:
    """At most one request. The monotonic deadlines hold even if this process is frozen between any two lines."""
    # Taken before the row's own deadline, so that no byte leaves after what the row says.
    deadline = time.monotonic() + policy.WRITE_S
    call = _commit_intent(batch, intent)
    if call is None:
        return
    trial.point("intended", batch.step.pk)
    if batch.attempt.is_guided:
        answer = Answer(Result.UNKNOWN, "a person runs the command; what comes of it is observed")
    elif time.monotonic() > batch.begun + policy.SEND_WITHIN_S:
        answer = Answer(Result.NOT_SENT, "this worker stood still too long between its checks and the request")
    else:
        answer = batch.kind.apply(batch.context(deadline), batch.names)
    trial.point("sent", batch.step.pk)
    _record(batch, call, answer)
    trial.point("recorded", batch.step.pk)


def _commit_intent(batch: Batch, intent: Mapping[str, Any]) -> Call | None:
    """Fence, rights, approvals and intent in one transaction; None where the run or a confirmation has moved."""
    step, attempt, names = batch.step, batch.attempt, batch.names
    with ledger(Actor.product(batch.by)) as book:
        step.run.refresh_from_db(fields=["state", "held", "fence", "inventory_digest"])
        first = step.state == StepState.CLAIMED
        why, halt = binding.broken(step, attempt), why_not_on(step)
        if why or halt:
            _turn_back(book, step, attempt, why, halt, first=first)
            return None
        now = book.now
        call = Call.objects.create(
            attempt=attempt, number=attempt.calls.count() + 1, intent=intent, items=list(names), digest=digest(intent),
            sent_at=now, deadline_at=now + timedelta(seconds=policy.WRITE_S),
        )  # fmt: skip
        taken = Item.objects.filter(attempt=attempt, name__in=names, call=None)
        if taken.update(call=call, state=ItemState.SENT.value, updated_at=now) != len(names):
            raise RuntimeError(f"an item of {names} is in a call already; nothing was sent")
        for kind, data in dict(attempt.pre_state.get("keep") or {}).items():
            evidence.keep(book, kind, data, now, step=step, attempt=attempt)
        attempt.sent_at = attempt.sent_at or now
        attempt.save(update_fields=["sent_at", "pre_state"])
        changes: dict[str, Any] = {"started_at": now, "lease_until": None} if first else {}
        move(
            book, step, Event.SENT if first else Event.BATCH_SENT, attempt=attempt, digest=call.digest,
            guards=plain(batch.found.verdicts), facts={"call": call.number, "items": list(names), "intent": intent},
            summary=f"sent {len(names)} of {attempt.items.count()}", **changes,
        )  # fmt: skip
        return call


def why_not_on(step: StepRun) -> str:
    """A pause waits for the step that is under way; an abort, and a stop, only for the call that is."""
    if stopping.is_on():
        return "all sending is stopped"
    state = step.run.state
    is_on = state == RunState.RUNNING or (state == RunState.PAUSING and step.state == StepState.SENT)
    return "" if is_on else f"the run is {state}"


def _turn_back(
    book: Ledger, step: StepRun, attempt: Attempt, why: binding.Broken | None, halt: str, *, first: bool
) -> None:
    if not first:
        _stop(book, step, attempt, why.why if why else halt)
    elif why:
        void_in(book, step, attempt, why)
    else:
        stand_down(book, step, attempt)
    settle(book, step.run)


def _record(batch: Batch, call: Call, answer: Answer) -> None:
    step, attempt, names = batch.step, batch.attempt, batch.names
    with ledger(Actor.product(batch.by)) as book:
        now = book.now
        call.refresh_from_db()
        if call.ended_at is not None:
            # Given up as lost meanwhile. What came is kept; only a look may say what it did.
            said = {"call": call.number, "result": answer.result, "said": answer.said}
            book.add("call.answered-late", object=f"{step.run}/{step.key}", run=step.run_id, step=step.pk, facts=said)
            return
        end_call(
            call, Call.Outcome.BY_HAND if attempt.is_guided else Call.Outcome(answer.result.value), answer.said, now
        )
        call.answer = plain(answer)
        call.save()
        _mark_items(attempt, names, answer, now)
        attempt.memory = merged(attempt.memory, plain(answer.evidence))
        attempt.save(update_fields=["memory"])
        _go_on(book, step, attempt, call, answer, now)
        settle(book, step.run, step)


def end_call(call: Call, outcome: Call.Outcome, said: str, now: datetime) -> None:
    call.outcome, call.said, call.ended_at = outcome, said, now


def _mark_items(attempt: Attempt, names: tuple[str, ...], answer: Answer, now: datetime) -> None:
    alike: dict[tuple[ItemState, str], list[str]] = {}
    for name in names:
        reply = answer.replies.get(name)
        if answer.result is not Result.ACCEPTED:
            state, saw = BY_RESULT[answer.result], reply.said if reply and reply.said else answer.said
        elif reply is None:
            state, saw = ItemState.REFUSED, "the answer leaves it out"
        else:
            state, saw = (ItemState.SENT if reply.is_accepted else ItemState.REFUSED), reply.said
        alike.setdefault((state, saw), []).append(name)
    for (state, saw), those in alike.items():
        Item.objects.filter(attempt=attempt, name__in=those).update(state=state.value, saw=saw, updated_at=now)


def _go_on(book: Ledger, step: StepRun, attempt: Attempt, call: Call, answer: Answer, now: datetime) -> None:
    """The next batch, or the looking, or the end: by what the answers so far prove."""
    said = {"call": call.number, "result": answer.result, "said": answer.said, "items": _changed(attempt, call)}
    if answer.result is Result.UNKNOWN:
        move(
            book, step, Event.LOST, attempt=attempt, facts=said, summary=f"outcome unknown: {answer.said}",
        )  # fmt: skip
        outbox.enqueue(step, Outbox.Task.LOOK, now)
    elif answer.result in {Result.ACCEPTED, Result.REFUSED} and attempt.items.filter(call=None).exists():
        book.add(
            "call.answered", object=f"{step.run}/{step.key}", run=step.run_id, step=step.pk, attempt=attempt.number,
            fence=step.fence, facts={**said, "items": said["items"]},
        )  # fmt: skip
        outbox.enqueue(step, Outbox.Task.ADVANCE, now)
    else:
        _stop(book, step, attempt, answer.said, said)


def _stop(book: Ledger, step: StepRun, attempt: Attempt, why: str, said: Mapping[str, Any] | None = None) -> None:
    """No further call. Where anything was accepted only looking tells the outcome; else nothing was applied."""
    if attempt.items.filter(state__in=APPLIED).exists():
        move(book, step, Event.ANSWERED, attempt=attempt, facts=said or {}, summary=why)
        outbox.enqueue(step, Outbox.Task.LOOK, book.now)
    else:
        move(
            book, step, Event.NOT_SENT, attempt=attempt, facts=said or {}, ended_at=book.now,
            summary=f"nothing was applied: {why}",
        )  # fmt: skip


def stop_here(step: StepRun, attempt: Attempt, why: str, by: str) -> None:
    """Between two batches: what is left is not sent."""
    with ledger(Actor.product(by)) as book:
        _stop(book, step, attempt, f"stopped before the next call: {why}")
        settle(book, step.run, step)


def _changed(attempt: Attempt, call: Call) -> dict[str, str]:
    rows = Item.objects.filter(attempt=attempt, call=call).values_list("name", "state", "saw")
    return {name: f"{state}: {saw}" if saw else state for name, state, saw in rows}
