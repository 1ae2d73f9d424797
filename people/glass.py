"""Break-glass: one person, alone, on the worst night.

An account for it is made beforehand, for a person who may command, and needs nothing but its password. It can do
nothing until its owner has said why. From then on everybody sees it on every page, and its owner may go on without
another person's approval, one step at a time, each time with a reason. Afterwards another person has to review it, and
until that is done it stays in the inbox of everybody who may.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import QuerySet

from audit.clock import database_now
from audit.ledger import Actor, ledger
from people.models import Account, BrokenGlass, Person
from people.rights import Forbidden, Right, require, writable
from people.services import Refused

LASTS = timedelta(hours=8)
alarm = logging.getLogger("breakwater.break_glass")


class Unsaid(Refused):
    """Something that has to be said in words was left empty."""


def open_now() -> QuerySet[BrokenGlass]:
    """Those whose owners may act alone now."""
    rows = BrokenGlass.objects.filter(ended_at=None, ends_at__gt=database_now())
    return rows.select_related("person").order_by("opened_at")


def of(account: Account) -> BrokenGlass | None:
    """The glass that this account has broken, while it counts."""
    return BrokenGlass.objects.filter(account=account, ended_at=None, ends_at__gt=database_now()).first()


def owed() -> QuerySet[BrokenGlass]:
    """Those that nobody has reviewed, oldest first."""
    return BrokenGlass.objects.filter(reviewed_at=None).select_related("person").order_by("opened_at")


def break_glass(actor: Actor, account: Account, reason: str) -> BrokenGlass:
    """From here on the account commands, and may waive approvals. Said twice it changes nothing."""
    is_for_it(account)
    with ledger(actor) as book:
        require(account, Right.LOOK)
        if found := of(account):
            return found
        if not reason.strip():
            raise Unsaid("Say why, in a sentence: everybody is shown it, and it stays in the record.")
        now = database_now()
        BrokenGlass.objects.filter(account=account, ended_at=None).update(ended_at=now)  # one that ran out
        made = BrokenGlass.objects.create(
            account=account, person=account.person, reason=reason.strip(), opened_at=now, ends_at=now + LASTS
        )
        book.add("break-glass.opened", object=str(made), reason=made.reason, facts={"until": made.ends_at.isoformat()})
    alarm.critical("%s broke the glass: %s (%s)", account.person.name, made.reason, made)
    return made


def is_for_it(account: Account) -> None:
    """Forbidden for an everyday account, and in a read-only process."""
    writable()
    if not account.is_break_glass:
        raise Forbidden("This is your everyday account: break-glass has an account of its own.")


def end(actor: Actor, account: Account) -> None:
    """The account is what it was before; what it did is still to be reviewed."""
    with ledger(actor) as book:
        found = BrokenGlass.objects.filter(account=account, ended_at=None).first()
        if found:
            found.ended_at = database_now()
            found.save(update_fields=["ended_at"])
            book.add("break-glass.ended", object=str(found))


def review(actor: Actor, account: Account, glass_id: int, found: str) -> BrokenGlass:
    """Another person's word on what was done. It ends the glass too, if its owner has not."""
    with ledger(actor) as book:
        person, glass = require(account, Right.REVIEW_BREAK_GLASS), BrokenGlass.objects.get(pk=glass_id)
        _may_review(person, glass)
        if not found.strip():
            raise Unsaid("Say what you found, in a sentence: it closes this review, and stays in the record.")
        now = database_now()
        glass.reviewed_by, glass.reviewed_at, glass.found = person, now, found.strip()
        glass.ended_at = glass.ended_at or now
        glass.save()
        book.add("break-glass.reviewed", object=str(glass), reason=glass.found)
        return glass


def _may_review(person: Person, glass: BrokenGlass) -> None:
    if glass.person_id == person.pk:
        raise Forbidden("You broke this glass, with this account or another of yours: another person reviews it.")
    if glass.reviewed_by:
        raise Refused(f"{glass.reviewed_by.name} has reviewed this already: {glass.found}")
