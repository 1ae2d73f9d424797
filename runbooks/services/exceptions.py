"""Verified exceptions: an admin records them for one pair, link and operation, and anybody who may can revoke them."""

from __future__ import annotations

from datetime import timedelta

from audit.clock import database_now
from audit.ledger import ledger
from dashboard import inventory
from people.rights import Right
from runbooks.engine.exception import VerifiedException
from runbooks.engine.guards.prefix import NoPrefix
from runbooks.engine.kinds import steps
from runbooks.models import RecordedException
from runbooks.services.errors import Invalid, Stale
from runbooks.services.who import Who

LASTS_DAYS = {1: "A day", 7: "A week", 30: "A month", 91: "A quarter"}


def operations() -> tuple[str, ...]:
    """The kinds of step that an exception can be for: those that a prefix refuses."""
    return tuple(name for name in steps if any(isinstance(guard, NoPrefix) for guard in steps.get(name).guards))


def known(pair: str) -> tuple[VerifiedException, ...]:
    """Every one that was ever recorded for the pair, newest first, as guards judge them."""
    rows = list(RecordedException.objects.filter(pair=pair).select_related("recorded_by"))
    if not rows:
        return ()  # as for most pairs, without asking for the time: this is asked at each judgement
    now = database_now()
    return tuple(
        VerifiedException(
            name=str(row), pair=row.pair, link=row.link, operation=row.operation, by=row.recorded_by.name,
            reference=row.reference, expires=row.expires_at, is_expired=row.expires_at <= now,
            is_revoked=row.revoked_at is not None,
        )
        for row in rows
    )  # fmt: skip


def record(who: Who, pair: str, *, operation: str, why: str, reference: str, days: int) -> RecordedException:
    """For the link that the inventory in force names. It lets nothing pass by itself: the cluster has to agree."""
    with ledger(who.actor) as book:
        person, entry, now = who.require(Right.RECORD_EXCEPTION), inventory.pair_entry(pair), database_now()
        if entry is None or not entry.link:
            raise Invalid(f"The inventory in force names no link of {pair} that carries data.")
        if problems := _problems(operation, why, reference, days):
            raise Invalid(problems)
        made = RecordedException.objects.create(
            pair=pair, link=entry.link, operation=operation, why=why.strip(), reference=reference.strip(),
            recorded_by=person, recorded_at=now, expires_at=now + timedelta(days=days),
        )  # fmt: skip
        book.add(
            "exception.recorded", object=str(made), after=operation, reason=f"{made.why} ({made.reference})",
            facts={"pair": pair, "link": made.link, "operation": operation, "expires": made.expires_at.isoformat()},
        )  # fmt: skip
        return made


def revoke(who: Who, exception_id: int, *, reason: str) -> RecordedException:
    """From here on it lets nothing pass; what was sent under it keeps its outcome."""
    with ledger(who.actor) as book:
        person = who.require(Right.RECORD_EXCEPTION)
        found = RecordedException.objects.get(pk=exception_id)
        if found.revoked_at is not None:
            raise Stale("It was revoked already: reload the page to see by whom.")
        if not reason.strip():
            raise Invalid({"reason": "Say why, in a sentence: it stays in the record."})
        found.revoked_by, found.revoked_at, found.revoked_why = person, database_now(), reason.strip()
        found.save(update_fields=["revoked_by", "revoked_at", "revoked_why"])
        book.add("exception.revoked", object=str(found), before=found.operation, reason=found.revoked_why)
        return found


def _problems(operation: str, why: str, reference: str, days: int) -> dict[str, str]:
    problems = {}
    if operation not in operations():
        problems["operation"] = f"Name one of {', '.join(operations())}."
    if not why.strip():
        problems["why"] = "Say what was verified, and how: it is shown wherever this exception lets something pass."
    if not reference.strip() or len(reference.strip()) > 200:
        problems["reference"] = "Name what the vendor said and where, a support case or a page, in 200 letters or less."
    if days not in LASTS_DAYS:
        problems["days"] = f"It is for {', '.join(map(str, LASTS_DAYS))} days, not for {days}."
    return problems
