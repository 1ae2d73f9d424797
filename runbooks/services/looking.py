"""Looking at what came of a step: the only way it can be called done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from audit.clock import database_now
from audit.ledger import Actor, Ledger, ledger
from clusters.errors import ClusterError
from dashboard import inventory
from runbooks import trial
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Nature, StepKind
from runbooks.engine.outcome import Item as Seen
from runbooks.engine.outcome import ItemState, Observation
from runbooks.engine.states import Event, StepState
from runbooks.models import Attempt, Call, Evidence, Item, Look, Outbox, StepRun
from runbooks.services import evidence, facts, marks, outbox, unknown
from runbooks.services.boundaries import settle
from runbooks.services.checks import get, record
from runbooks.services.errors import Stale
from runbooks.services.merging import merged
from runbooks.services.moves import end_attempt, live_attempt, move
from runbooks.services.plain import plain
from runbooks.services.policy import next_look
from runbooks.services.script import kind_of

WATCHED = frozenset({StepState.OBSERVING.value, StepState.UNKNOWN.value})
AT_ONCE = 200  # items of one statement
NOTHING_CAME = [Call.Outcome.REFUSED, Call.Outcome.NOT_SENT, Call.Outcome.NOT_SERVED]
LEFT_OUT = "the look did not find it"


def look(step_id: int, fence: int, by: str) -> None:
    """One slice on the `observe` queue; harmless when the message is old, doubled or forged."""
    row = outbox.pick(step_id, fence, Outbox.Task.LOOK, database_now())
    if row is None:
        return
    step = get(step_id)
    attempt = live_attempt(step)
    if step.fence == fence and step.state in WATCHED and attempt is not None:
        kind = kind_of(step)
        look_now(step, attempt, kind, facts.read(step, kind, attempt), by)
    outbox.done(row, database_now())


def look_now(step: StepRun, attempt: Attempt, kind: StepKind, case: Case, by: str) -> None:
    items = Item.objects.filter(attempt=attempt)
    looked_at = _sent(items) if kind.nature is Nature.ACT else items
    names = tuple(looked_at.order_by("name").values_list("name", flat=True))
    found = observed(step, attempt, kind, case, names)
    trial.point("seen", step.pk)
    try:
        with ledger(Actor.product(by)) as book:
            conclude(book, step, attempt, found)
    except Stale:
        return  # another look was faster
    trial.point("concluded", step.pk)


def sent_of(attempt: Attempt) -> tuple[str, ...]:
    """The items of which something may have come, by name."""
    rows = _sent(Item.objects.filter(attempt=attempt)).order_by("name")
    return tuple(rows.values_list("name", flat=True))


def _sent(items: QuerySet[Item]) -> QuerySet[Item]:
    """Those of which something may have come: in a call that may have arrived, and not refused in its answer."""
    sent = items.exclude(call=None).exclude(state=ItemState.REFUSED.value)
    return sent.exclude(call__outcome__in=NOTHING_CAME)


def observed(step: StepRun, attempt: Attempt, kind: StepKind, case: Case, names: tuple[str, ...]) -> Observation:
    """What the clusters show of these items; never with a transaction open.

    An error of a cluster says nothing of the outcome: the items are unknown, and it is looked again.
    """
    try:
        found = kind.observe(facts.context(step, case, names, attempt=attempt))
    except (ClusterError, MissingFact, LookupError) as error:
        return Observation(dict.fromkeys(names, Seen.unknown(str(error))), str(error))
    items = {name: found.items.get(name, Seen.unknown(LEFT_OUT)) for name in names}
    return Observation(items, found.said, found.evidence)


def conclude(book: Ledger, step: StepRun, attempt: Attempt, found: Observation) -> None:
    """Write down what a look found, and what it proves of the step."""
    now = book.now
    here = Attempt.objects.filter(pk=attempt.pk, step__state=step.state, step__fence=step.fence)
    if (fresh := here.order_by("pk").first()) is None:
        return
    attempt, fresh.step = fresh, step
    known = {item.name: item for item in Item.objects.filter(attempt=attempt).order_by("name")}
    _write_down(book, step, attempt, known, found, now)
    event, why = _judged(step, attempt, found, known.keys() - found.items.keys(), now)
    if event is None:
        _wait(book, step, attempt, found, now)
    elif event is Event.LOOKED:
        move(book, step, event, attempt=attempt, summary=found.said)
        _look_later(step, 0, now)
    else:
        _end(book, step, attempt, event, why or found.said, _said(known.values()))
    settle(book, step.run, step)


def _write_down(
    book: Ledger, step: StepRun, attempt: Attempt, known: Mapping[str, Item], found: Observation, now: datetime
) -> None:
    """Brings `known` up to what was found."""
    changed = {
        name: seen
        for name, seen in found.items.items()
        if (known[name].state, known[name].saw) != (seen.state, seen.saw)
    }
    has_moved = any(known[name].state != seen.state for name, seen in changed.items())
    for name, seen in changed.items():
        known[name].state, known[name].saw, known[name].updated_at = seen.state.value, seen.saw, now
    Item.objects.bulk_update([known[name] for name in changed], ["state", "saw", "updated_at"], batch_size=AT_ONCE)
    Look.objects.create(attempt=attempt, at=now, said=found.said, items=plain(changed))
    unknown.count(attempt, found, now)
    attempt.looks += 1
    attempt.memory = merged(attempt.memory, plain(found.evidence))
    attempt.save(update_fields=["looks", "memory", "clear_looks", "clear_since"])
    if has_moved:
        said = {name: f"{seen.state}: {seen.saw}" for name, seen in changed.items()}
        record(book, step, "items.seen", attempt=attempt.number, facts={"said": found.said, "items": said})


def _judged(
    step: StepRun, attempt: Attempt, found: Observation, left: Collection[str], now: datetime
) -> tuple[Event | None, str]:
    """The event this look proves; None while there is only waiting. `left` were refused, or never sent."""
    states = {item.state for item in found.items.values()}
    if not states:
        return Event.FAILED, "there was nothing to look at"
    if states <= {ItemState.DONE}:
        return (Event.PARTLY if left else Event.SUCCEEDED), ""
    if states <= {ItemState.DONE, ItemState.FAILED, ItemState.REFUSED}:
        return (Event.PARTLY if ItemState.DONE in states else Event.FAILED), ""
    if step.state == StepState.UNKNOWN:
        return _unknown(attempt, states)
    if step.nature != Nature.ACT and _is_over_time(step, now):
        return Event.FAILED, f"not so within {step.timeout}: {found.said}"
    return None, ""


def _unknown(attempt: Attempt, states: set[ItemState]) -> tuple[Event | None, str]:
    if states <= {ItemState.DONE, ItemState.WAITING, ItemState.FAILED}:
        return Event.LOOKED, ""  # it was applied, and is under way
    if ItemState.DONE in states and unknown.is_proven_untouched(attempt):
        return Event.PARTLY, "what is not done is proven not applied"
    return None, ""


def _is_over_time(step: StepRun, now: datetime) -> bool:
    return step.started_at is not None and now - step.started_at > step.timeout


def _wait(book: Ledger, step: StepRun, attempt: Attempt, found: Observation, now: datetime) -> None:
    """An act that takes too long is overdue, never failed: what was sent may still come true."""
    if step.state == StepState.UNKNOWN and unknown.is_proven_untouched(attempt):
        summary = f"not applied, as {attempt.clear_looks} looks have shown: it can be re-armed"
    elif step.state == StepState.UNKNOWN:
        summary = f"outcome unknown, looking: {found.said}"
    else:
        summary = found.said
    changes: dict[str, Any] = {"summary": summary}
    if not step.overdue and _is_over_time(step, now):
        changes["overdue"] = True
        record(
            book, step, "step.overdue", attempt=attempt.number, facts={"timeout": str(step.timeout), "said": found.said}
        )
    StepRun.objects.filter(pk=step.pk, fence=step.fence).update(**changes)
    for name, value in changes.items():
        setattr(step, name, value)
    _look_later(step, attempt.looks - 1, now)


def _look_later(step: StepRun, looks: int, now: datetime) -> None:
    """One look to come, however many were made at once: two slow ones would else become four, and so on."""
    if outbox.is_to_come(step, Outbox.Task.LOOK):
        return
    outbox.enqueue(step, Outbox.Task.LOOK, now, next_look(looks, inventory.pair_entry(step.run.pair)))


def _end(book: Ledger, step: StepRun, attempt: Attempt, event: Event, why: str, items: Mapping[str, str]) -> None:
    now, data = book.now, {**attempt.memory, "said": why, "items": items}
    is_whole = event is Event.SUCCEEDED
    kind = step.kind if is_whole else f"{step.kind} ({'in part' if event is Event.PARTLY else 'failed'})"
    kept = evidence.keep(book, kind, merged(_earlier(attempt), data), now, step=step, attempt=attempt)
    end_attempt(attempt, event.value, now)
    move(
        book, step, event, attempt=attempt, summary=why, ended_at=now, overdue=False, digest=kept.digest,
        facts={"items": items},
    )  # fmt: skip
    marks.of_step(step, attempt, kept, now, is_whole=is_whole)


def _earlier(attempt: Attempt) -> Mapping[str, Any]:
    """What earlier attempts of this step brought about in part: the evidence of the whole covers it too."""
    if attempt.number == 1:
        return {}
    of_part = Evidence.objects.filter(step=attempt.step, kind=f"{attempt.step.kind} (in part)")
    return of_part.order_by("-pk").values_list("data", flat=True).first() or {}


def _said(items: Iterable[Item]) -> dict[str, str]:
    return {item.name: f"{item.state}: {item.saw}" if item.saw else item.state for item in items}
