"""What people did by paper while this program was not there, entered afterwards: told as such, never as sensed."""

from __future__ import annotations

from datetime import datetime

from audit.ledger import ledger
from people.rights import Right
from runbooks.models import PaperTick
from runbooks.services.checks import get, record
from runbooks.services.errors import Invalid
from runbooks.services.who import Who

LONGEST_NAME = 200


def enter_tick(who: Who, step_id: int, *, done_by: str, done_at: datetime | None, note: str) -> PaperTick:
    """Of a step of any run, under way or over; it moves nothing. A mistake is put right by another entry."""
    with ledger(who.actor) as book:
        person, step = who.require(Right.COMMAND), get(step_id)
        name, problems = " ".join(done_by.split()), {}
        if not name or len(name) > LONGEST_NAME:
            problems["done_by"] = "Say who did it, as it stands on the sheet."
        if done_at is None:
            problems["done_at"] = "Say when, in UTC, as it stands on the sheet: 2026-11-20 02:14."
        elif done_at > book.now:
            problems["done_at"] = f"{done_at:%Y-%m-%d %H:%M} UTC has not come yet."
        if problems or done_at is None:
            raise Invalid(problems)
        tick = PaperTick.objects.create(
            step=step, done_by=name, done_at=done_at, note=note.strip(), entered_by=person, entered_at=book.now
        )
        said = f"done by {name}, {done_at:%Y-%m-%d %H:%M} UTC{f': {tick.note}' if tick.note else ''}"
        record(book, step, "step.ticked-on-paper", reason=said)
        return tick
