"""Signing in and out, and what the record keeps of it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest

from audit.clock import database_now
from audit.ledger import Actor, ledger
from audit.models import Event
from people import delay, glass
from people.actor import AUTH_KEY, web_actor
from people.models import Account

# The record of failures is bounded: somebody outside must not be able to fill it, or to keep its head locked.
FAILURES_KEPT = 30
FAILURES_WINDOW = timedelta(minutes=10)


class TooSoon(Exception):
    """This source has to wait before the next try."""

    def __init__(self, wait: timedelta) -> None:
        self.seconds = max(1, round(wait.total_seconds()))
        super().__init__(f"too many tries for this user name from here; wait {self.seconds} s and try again")


def try_password(request: HttpRequest, username: str, password: str) -> Account | None:
    """The account, signed in; None for a wrong name or password; TooSoon while this source has to wait."""
    username = username.lower()
    source = delay.source_of(request.META.get("REMOTE_ADDR", ""), username)
    wait, failures = delay.begin(source)
    if wait:
        raise TooSoon(wait)
    account = authenticate(request, username=username, password=password)
    if not isinstance(account, Account):
        record_failure(request, username, failures)
        return None
    delay.forget(source)
    sign_in(request, account, auth="password")
    return account


def sign_in(request: HttpRequest, account: Account, *, auth: str) -> None:
    """Start a session under a new key. If its event cannot be written, the answer is an error and no session stays."""
    login(request, account, backend="people.backends.PersonBackend")
    request.session[AUTH_KEY] = auth
    with ledger(web_actor(request)) as book:
        book.add(
            "sign-in.succeeded", object=str(account.public_id), reason=f"{account.username}, from {_from(request)}"
        )


def sign_out(request: HttpRequest) -> None:
    if isinstance(request.user, Account):
        if request.user.is_break_glass:
            glass.end(web_actor(request), request.user)
        with ledger(web_actor(request)) as book:
            book.add("sign-out.done", object=str(request.user.public_id))
    logout(request)


def record_failure(request: HttpRequest, username: str, failures: int) -> None:
    """The 1st, 2nd, 4th … failure of a source; of all sources together, so many in a while. Never what was typed."""
    if failures & (failures - 1):
        return
    recent = Event.objects.filter(kind="sign-in.failed", at__gt=database_now() - FAILURES_WINDOW).count()
    if recent >= FAILURES_KEPT:
        return
    account = Account.objects.filter(username=username).first()
    whom = account.username if account else "an unknown user name"
    with ledger(Actor.product("web")) as book:
        book.add(
            "sign-in.failed",
            object=str(account.public_id) if account else "",
            facts={"failures_of_this_source": failures, "more_are_kept_in_this_window": recent + 1 < FAILURES_KEPT},
            reason=f"{whom}, from {_from(request)}",
        )


def _from(request: HttpRequest) -> str:
    return request.META.get("REMOTE_ADDR") or "an unknown address"
