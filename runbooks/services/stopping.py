"""No new commands, to any cluster, from any run: who may say so, and who asks before something is confirmed or sent.

A command that left before keeps its outcome and is looked at. What was confirmed stays confirmed until it expires, and
goes on when the stop is lifted. Looking, rehearsing, pausing and aborting are open all the while.
"""

from __future__ import annotations

from audit.clock import database_now
from audit.ledger import ledger
from people.rights import Right
from runbooks.engine.states import Mode, RunState, StepState
from runbooks.models import Outbox, StepRun, Stop
from runbooks.services import outbox
from runbooks.services.errors import Invalid, Stale
from runbooks.services.who import Who


def is_on() -> bool:
    """Read anew at each call: the transaction of an intent asks this with the record's head locked, as does `stop`."""
    return Stop.objects.filter(is_on=True).exists()


def current() -> Stop | None:
    return Stop.objects.filter(is_on=True).select_related("set_by").first()


def none_in_force() -> None:
    """Invalid while nothing may be sent: nothing is confirmed or approved then either."""
    if found := current():
        raise Invalid({"": f"{said(found)} Nothing can be confirmed, approved or sent until a commander lifts it."})


def said(found: Stop) -> str:
    why = f": {found.reason}" if found.reason else ""
    return f"{found.set_by.name} stopped all sending at {found.set_at:%H:%M:%S} UTC{why.rstrip('.')}."


def stop(who: Who, *, reason: str = "") -> Stop:
    """From here on no command leaves. Said a second time it changes nothing, and gives the first one."""
    with ledger(who.actor) as book:
        person = who.require(Right.COMMAND)
        if found := current():
            return found
        made = Stop.objects.create(set_by=person, set_at=database_now(), reason=reason.strip())
        book.add("sending.stopped", object=str(made), reason=made.reason)
        return made


def lift(who: Who, stop_id: int, *, reason: str) -> Stop:
    """Let commands be sent again; what was confirmed before goes on. `stop_id` is that of the stop the page showed."""
    with ledger(who.actor) as book:
        person, found = who.require(Right.COMMAND), current()
        if found is None or found.pk != stop_id:
            raise Stale("This stop was lifted already: reload the page to see what holds now.")
        if not reason.strip():
            raise Invalid({"reason": "Say why, in a sentence: it stays in the record."})
        found.is_on, found.lifted_by, found.lifted_at = False, person, database_now()
        found.lifted_reason = reason.strip()
        found.save()
        book.add("sending.resumed", object=str(found), reason=found.lifted_reason)
        _ring_queued()
        return found


def _ring_queued() -> None:
    running = StepRun.objects.filter(state=StepState.QUEUED.value, run__state=RunState.RUNNING.value)
    for step in running.exclude(run__mode=Mode.REHEARSAL.value).select_related("run"):
        outbox.enqueue(step, Outbox.Task.ADVANCE, database_now())
