"""Whether what was confirmed still binds: rights, approvals, their life, the inventory, and what was approved."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from audit.clock import database_now
from dashboard import inventory
from people.rights import Right, may
from runbooks.engine.states import Event
from runbooks.models import Approval, Attempt, StepRun
from runbooks.services import exceptions
from runbooks.services.examination import Examination, difference
from runbooks.services.waiving import approvals_of


@dataclass(frozen=True)
class Broken:
    """Why a confirmation binds no longer. `holds_run`: no other step of the run can go on either."""

    why: str
    event: Event = Event.VOIDED
    holds_run: bool = False


def broken(step: StepRun, attempt: Attempt) -> Broken | None:
    """What rows alone tell, fresh at each call. Asked at the claim, and again in the transaction of the intent."""
    in_force = inventory.digest_in_force()
    if not in_force:
        return Broken((inventory.why_none() or "No inventory was in force").removesuffix("."))
    if step.run.held or step.run.inventory_digest != in_force:
        why = f"inventory was {step.run.inventory_digest[:12]}, is now {in_force[:12]}; a commander has to adopt it"
        return Broken(step.run.held or why, holds_run=True)
    if (confirmed := str(attempt.binding.get("inventory"))) != in_force:
        return Broken(f"it was confirmed under inventory {confirmed[:12]}, and {in_force[:12]} was adopted since")
    if attempt.expires_at <= database_now():
        return Broken(f"what was confirmed expired at {attempt.expires_at:%H:%M:%S} UTC", Event.EXPIRED)
    return departed(step, attempt) or _exception(step, attempt) or _approvals(step, attempt)


def departed(step: StepRun, attempt: Attempt) -> Broken | None:
    """Somebody whose word it rests on was deactivated, or lost the role; asked also while it waits for others."""
    if not may(attempt.requester, Right.COMMAND):
        return Broken(f"{attempt.requester.name}, who confirmed, may not do so any more")
    for approval in _given(attempt) if step.approvals else ():
        if not may(approval.approver, Right.APPROVE_STEP):
            return Broken(f"{approval.approver.name}, who approved, may not do so any more")
    return None


def _exception(step: StepRun, attempt: Attempt) -> Broken | None:
    """The verified exception that was shown when it was confirmed, if it rests on one."""
    name = dict(attempt.binding.get("facts") or {}).get("exception")
    if not name:
        return None
    found = next((one for one in exceptions.known(step.run.pair) if one.name == name), None)
    why = found.why_not(database_now()) if found else f"{name} is not recorded here"
    return Broken(f"{why}, and the step rests on it") if why else None


def _given(attempt: Attempt) -> QuerySet[Approval]:
    return Approval.objects.filter(attempt=attempt, verdict=Approval.Verdict.APPROVE).select_related("approver")


def _approvals(step: StepRun, attempt: Attempt) -> Broken | None:
    if not approvals_of(step, attempt.number):
        return None  # nobody was asked
    given = _given(attempt)
    valid = [row for row in given if row.digest == attempt.digest]
    if len(valid) < step.approvals:
        return Broken(f"{len(valid)} of {step.approvals} approvals are given for what would be sent")
    return None


def moved(step: StepRun, attempt: Attempt, found: Examination) -> Broken | None:
    """What differs from what was approved, with both values; and what got worse since somebody saw it."""
    if found.categories is None:
        return None  # the examination refuses by itself
    if found.digest != attempt.digest:
        said = difference(attempt.binding, found.categories)
        return Broken("; ".join(said) or "what it rests on is not what was confirmed")
    if found.phrase and found.phrase != attempt.phrase:
        return Broken(f"“{attempt.phrase}” was typed, and it is “{found.phrase}” now")
    others = Approval.objects.filter(attempt=attempt).values_list("seen", flat=True) if step.approvals else ()
    seen = [attempt.seen, *others]
    worse = [found.kind.worse_than(before, found.seen or {}) for before in seen]
    return next((Broken(why) for why in worse if why), None)
