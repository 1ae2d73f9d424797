"""How long ago somebody proved who they are. A step that has no way back asks for a proof of the last minutes.

Signing in is one, by whatever door; between two sign-ins the password can be said again, in the same session. The
demo's people have no passwords: there the sign-in link is the proof, and a button stands in for opening it again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from audit.clock import database_now
from audit.ledger import ledger
from people import delay
from people.actor import web_actor
from people.models import Account
from people.signing import TooSoon, record_failure

FRESH_FOR = timedelta(minutes=15)
KEY = "proved_at"  # in the session


@receiver(user_logged_in)
def note(request: HttpRequest, **_signal: object) -> None:
    request.session[KEY] = database_now().isoformat()


def proved_at(request: HttpRequest) -> datetime | None:
    said = request.session.get(KEY)
    return datetime.fromisoformat(said) if said else None


def by_password(request: HttpRequest, account: Account, password: str) -> bool:
    """Guessing is as slow here as at the sign-in page, and counted with it. TooSoon while it has to wait."""
    source = delay.source_of(request.META.get("REMOTE_ADDR", ""), account.username)
    wait, failures = delay.begin(source)
    if wait:
        raise TooSoon(wait)
    if not account.check_password(password):
        record_failure(request, account.username, failures)
        return False
    delay.forget(source)
    renew(request, account)
    return True


def renew(request: HttpRequest, account: Account) -> None:
    """The session keeps its key: what is typed into forms of other tabs stays good."""
    with ledger(web_actor(request)) as book:
        book.add("sign-in.renewed", object=str(account.public_id), reason=account.username)
    note(request)
