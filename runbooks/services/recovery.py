"""What a commander decides when a step did not go through: skip, re-arm, override, acknowledge, look again."""

from __future__ import annotations

from datetime import datetime

from audit.clock import database_now
from audit.ledger import Ledger, ledger
from dashboard import inventory
from people.models import Person
from people.rights import Right
from runbooks.engine.outcome import Level
from runbooks.engine.states import Event, IllegalMove, StepState
from runbooks.models import Attempt, DriftAcknowledgement, Outbox, Override, Preflight, StepRun
from runbooks.services import outbox
from runbooks.services.boundaries import settle
from runbooks.services.checks import get, is_current, is_running, needed, record
from runbooks.services.errors import Invalid
from runbooks.services.moves import end_attempt, live_attempt, move
from runbooks.services.policy import patience
from runbooks.services.unknown import deadline_of, is_proven_untouched
from runbooks.services.who import Who

S = StepState


def skip(who: Who, step_id: int, *, fence: int, reason: str) -> StepRun:
    """Go on without this step. An optional one at any time; another only after it was refused or failed.

    A skip never satisfies a guard: whatever a later step needs from this one, it still needs.
    """
    with ledger(who.actor) as book:
        person, step, said = who.require(Right.COMMAND), get(step_id), needed(reason)
        always = (S.BLOCKED, S.PARTIAL, S.FAILED)
        is_current(step, fence, *always, *((S.LOCKED, S.READY) if step.is_optional else ()))
        _not_over(step)
        _end_live(step, f"skipped by {person.name}")
        move(
            book, step, Event.SKIPPED, by=person, reason=said, summary=f"skipped by {person.name}: {said}",
            ended_at=database_now(),
        )  # fmt: skip
        settle(book, step.run)
        return step


def rearm(who: Who, step_id: int, *, fence: int, reason: str) -> StepRun:
    """Let it be confirmed anew, approvals included, for the items that provably were not brought about."""
    with ledger(who.actor) as book:
        person, step, said = who.require(Right.COMMAND), get(step_id), needed(reason)
        is_current(step, fence, S.PARTIAL, S.FAILED, S.UNKNOWN)
        _not_over(step)
        attempt = live_attempt(step)
        if step.state == S.UNKNOWN and not (attempt and is_proven_untouched(attempt)):
            raise IllegalMove(
                "It is not proven that nothing was applied: the cluster has to show the old state in several looks, "
                "long enough after the request could last have arrived. It is being watched."
            )
        _end_live(step, f"re-armed by {person.name}")
        why = f"re-armed by {person.name}: {said}"
        move(
            book, step, Event.REARMED, by=person, attempt=attempt, reason=said, summary=why,
            started_at=None, ended_at=None, overdue=False,
        )  # fmt: skip
        return step


def override(who: Who, step_id: int, *, fence: int, guard: str, reason: str) -> StepRun:
    """Set one guard aside for the next arming, by its name or code. What was confirmed without it is void."""
    with ledger(who.actor) as book:
        person, step, said = who.require(Right.COMMAND), get(step_id), needed(reason)
        is_current(step, fence, S.READY, S.AWAITING_APPROVAL, S.BLOCKED)
        is_running(step)
        _can_be_overridden(step, guard)
        why = f"{person.name} overrode {guard}: confirm the step again, with that in view"
        set_aside(book, step, guard, person, said, why)
        record(book, step, "guard.overridden", attempt=step.attempts + 1, reason=said, facts={"guard": guard})
        return step


def set_aside(book: Ledger, step: StepRun, what: str, person: Person, reason: str, why: str) -> None:
    """The next arming goes without it, and what was confirmed with it is void: `why` is said there."""
    if step.state != S.READY:
        attempt = _end_live(step, why)
        move(book, step, Event.VOIDED, by=person, attempt=attempt, summary=why)
    Override.objects.get_or_create(
        step=step, attempt=step.attempts + 1, guard=what,
        defaults={"person": person, "reason": reason, "at": database_now()},
    )  # fmt: skip
    _read_again(step)


def _can_be_overridden(step: StepRun, guard: str) -> None:
    preflight = Preflight.objects.filter(step=step).first()
    rows = [row for row in (preflight.verdicts if preflight else ()) if guard in {row["guard"], row["code"]}]
    if not rows:
        raise Invalid({"guard": f"No guard of this step is called {guard!r}."})
    if any(row["level"] == Level.ABSOLUTE for row in rows):
        raise Invalid({"guard": f"{rows[0]['code']} is absolute: nobody can set it aside."})
    if guard == "R19":
        raise Invalid({"guard": "One unknown fact is not another: override the guard by its own name."})


def acknowledge_drift(who: Who, step_id: int, *, why: str, reason: str) -> StepRun:
    """Accept by name that a step's result no longer holds. `why` is what the page showed; a new drift holds again."""
    with ledger(who.actor) as book:
        person, step, said = who.require(Right.COMMAND), get(step_id), needed(reason)
        if not step.drifted or step.drift_why != why:
            raise Invalid({"why": "What drifted is not what this page shows: reload it and read it again."})
        DriftAcknowledgement.objects.create(step=step, why=why, person=person, reason=said, at=database_now())
        record(book, step, "drift.acknowledged", reason=said, facts={"drift": why})
        for later in StepRun.objects.filter(run=step.run_id, state__in=[S.READY, S.BLOCKED]).select_related("run"):
            _read_again(later)
        return step


def look_again(who: Who, step_id: int, *, fence: int) -> StepRun:
    """Queue a refused step again: guards are judged on fresh facts, and the approvals still bind."""
    with ledger(who.actor) as book:
        person, step = who.require(Right.COMMAND), get(step_id)
        is_current(step, fence, S.BLOCKED)
        is_running(step)
        move(book, step, Event.LOOK_AGAIN, by=person, attempt=live_attempt(step))
        return step


def let_go(who: Who, step_id: int, *, fence: int, reason: str) -> StepRun:
    """Stop watching what an ended run left open. It is on record as failed, and holds no other run's targets any more.

    Not before its last request could no longer arrive: what comes after that is nobody's command.
    """
    with ledger(who.actor) as book:
        person, step, said = who.require(Right.COMMAND), get(step_id), needed(reason)
        is_current(step, fence, S.OBSERVING, S.UNKNOWN)
        if not step.run.is_over:
            raise IllegalMove("Its run still goes on: it is watched until it is settled, or the run is aborted.")
        _cannot_arrive(step, book.now)
        attempt = _end_live(step, f"given up by {person.name}: {said}")
        why = f"outcome given up by {person.name}: {said}"
        move(book, step, Event.FAILED, by=person, attempt=attempt, reason=said, summary=why, ended_at=book.now)
        return step


def _cannot_arrive(step: StepRun, now: datetime) -> None:
    attempt = live_attempt(step)
    deadline = deadline_of(attempt) if attempt else None
    settled = deadline + patience(inventory.pair_entry(step.run.pair)).over if deadline else now
    if now < settled:
        raise Invalid(f"Its last request could still be at work: wait until {settled:%H:%M:%S} UTC, and look again.")


def void(book: Ledger, step: StepRun, attempt: Attempt | None, why: str, *, event: Event = Event.VOIDED) -> None:
    """Nothing was sent, and what was confirmed binds no longer: the step can be confirmed anew."""
    if attempt:
        end_attempt(attempt, why)
    move(book, step, event, attempt=attempt, summary=why)


def _end_live(step: StepRun, why: str) -> Attempt | None:
    """Whatever was confirmed and not sent binds no longer."""
    if attempt := live_attempt(step):
        end_attempt(attempt, why)
    return attempt


def _read_again(step: StepRun) -> None:
    """What the page shows of the step is out of date."""
    Preflight.objects.filter(step=step).update(wanted_at=None, digest="")
    outbox.enqueue(step, Outbox.Task.PREFLIGHT, database_now())


def _not_over(step: StepRun) -> None:
    if step.run.is_over:
        raise IllegalMove(f"The run is {step.run.state.replace('_', ' ')}; its steps are kept as they are.")
