"""The stored preflight of an open step: guards, dry run and digest, made by an `observe` worker, read by pages."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db.models import Q

from audit.clock import database_now
from audit.ledger import Actor, ledger
from clusters.errors import ClusterError
from dashboard import inventory
from people.rights import Right, may
from runbooks.engine.outcome import Preview
from runbooks.engine.states import Event, StepState
from runbooks.models import Attempt, Outbox, Preflight, StepRun
from runbooks.services import binding, drift, facts, outbox, policy
from runbooks.services.errors import Stale
from runbooks.services.examination import Examination, examine
from runbooks.services.moves import end_attempt, live_attempt, move
from runbooks.services.plain import plain
from runbooks.services.script import definition_of, kind_of
from runbooks.services.who import Who

OPEN = frozenset({StepState.READY.value, StepState.AWAITING_APPROVAL.value, StepState.BLOCKED.value})


def want(who: Who, step_id: int) -> bool:
    """Somebody who may decide is looking: ask for a new one, at most every 10 s. False where none was asked for."""
    if not (may(who.account, Right.COMMAND) or may(who.account, Right.APPROVE_STEP)):
        return False
    step = StepRun.objects.select_related("run").get(pk=step_id)
    now = database_now()
    Preflight.objects.get_or_create(step=step)
    recent = Q(wanted_at=None) | Q(wanted_at__lte=now - policy.PREFLIGHT_EVERY)
    is_due = step.state in OPEN and not step.run.is_over
    if not is_due or not Preflight.objects.filter(recent, step=step).update(wanted_at=now):
        return False
    outbox.enqueue(step, Outbox.Task.PREFLIGHT, now)
    return True


def make(step_id: int, fence: int, by: str) -> None:
    """One slice on the `observe` queue; harmless when the message is old, doubled or forged.

    It changes no state, except where it finds that what other persons are asked to approve has changed meanwhile. What
    earlier steps brought about is looked at too, so that the page shows what holds this one.
    """
    row = outbox.pick(step_id, fence, Outbox.Task.PREFLIGHT, database_now())
    if row is None:
        return
    step = StepRun.objects.select_related("run__version", "run__incident").get(pk=step_id)
    if step.fence == fence and step.state in OPEN and not step.run.is_rehearsal:
        _look_at(step, by)
    outbox.done(row, database_now())


def _look_at(step: StepRun, by: str) -> None:
    attempt, kind = live_attempt(step), kind_of(step)
    case = facts.read(step, kind, attempt)
    drift.note(step.run, case, by)
    found = examine(step, kind, case, attempt.number if attempt else step.attempts + 1)
    broken = binding.moved(step, attempt, found) if attempt and step.state == StepState.AWAITING_APPROVAL else None
    if attempt and broken:
        _void(step, attempt, broken.why, by)
    else:
        _store(step, stored_form(step, found, attempt))


def _void(step: StepRun, attempt: Attempt, why: str, by: str) -> None:
    """Nobody is asked to approve what would be void at its claim."""
    with suppress(Stale), ledger(Actor.product(by)) as book:
        end_attempt(attempt, why)
        move(book, step, Event.VOIDED, attempt=attempt, summary=f"What was confirmed is void: {why}")


def stored_form(step: StepRun, found: Examination, attempt: Attempt | None) -> dict[str, Any]:
    """An examination, with the dry run made for it, as the row's columns."""
    return {
        "fence": step.fence,
        "attempt": found.number,
        "verdicts": plain(found.verdicts),
        "preview": _preview(step, found, attempt),
        "challenge": found.challenge,
        "prompts": plain(found.prompts),
        "targets": list(found.targets),
        "binding": found.categories or {},
        "seen": found.seen or {},
        "digest": found.digest,
        "phrase": found.phrase,
        "problem": found.problem,
        "oldest_at": oldest(found),
    }


def _preview(step: StepRun, found: Examination, attempt: Attempt | None) -> Mapping[str, Any]:
    """The vendor's dry run is a request like any other: an absolute guard forbids it as well, and facts that were read
    under another inventory, or for a run that is over, allow none."""
    if found.is_forbidden or found.problem or not _still_binds(step):
        return {}
    try:
        preview = found.kind.preview(facts.context(step, found.case, found.targets, attempt=attempt))
    except ClusterError as error:
        preview = Preview("", "", definition_of(step).undo, problems={"": f"The dry run could not be made: {error}"})
    shown: dict[str, Any] = plain(preview)
    return {**shown, "undo": definition_of(step).undo or shown["undo"]}


def _still_binds(step: StepRun) -> bool:
    """Reading may have taken seconds: nobody has moved the step on, and the inventory is still that of the run."""
    is_same = StepRun.objects.filter(pk=step.pk, fence=step.fence).exists()
    return is_same and inventory.digest_in_force() == step.run.inventory_digest


def _store(step: StepRun, found: Mapping[str, Any]) -> None:
    now = database_now()
    Preflight.objects.update_or_create(step=step, defaults={**found, "at": now})


def oldest(found: Examination) -> datetime | None:
    """The oldest reading under a judgement."""
    times = [verdict.at for verdict in found.verdicts if verdict.at is not None]
    return min(times, default=None)
