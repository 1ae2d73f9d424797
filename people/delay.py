"""Guessing passwords gets slow, for the one who guesses: the delay belongs to an address and a user name together.

There is no lock-out, because a lock-out lets anybody keep a commander from signing in on the worst night.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from audit.clock import database_now
from people.models import SignInDelay

FREE = 3  # tries before any delay
LONGEST = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(hours=1)


def source_of(address: str, username: str) -> str:
    """A key for the pair; an IPv6 host owns a whole /64, so that is its address."""
    try:
        ip = ip_address(address)
        address = str(int(ip) >> 64) if isinstance(ip, IPv6Address) else str(ip)
    except ValueError:
        pass  # a unix socket behind a proxy that tells no address: one source for all
    return salted_hmac("breakwater.sign-in", f"{address}\0{username}", algorithm="sha256").hexdigest()


def delay_after(failures: int) -> timedelta:
    """1, 2, 4 … s from the third failure on."""
    return min(timedelta(seconds=2 ** min(failures - FREE, 10)), LONGEST) if failures >= FREE else timedelta()


def begin(source: str) -> tuple[timedelta, int]:
    """Count one try, before its password is looked at, so that parallel tries cannot all be the first.

    Returns the time still to wait (zero: go on) and how many tries have failed if this one fails.
    """
    now = database_now()
    row = SignInDelay.objects.filter(source=source).first()
    if row is None or row.last_at < now - FORGOTTEN_AFTER:
        return _first(source, now)
    wait = row.last_at + delay_after(row.failures) - now
    if wait > timedelta():
        return wait, row.failures
    seen = SignInDelay.objects.filter(pk=row.pk, failures=row.failures, last_at=row.last_at)
    if not seen.update(failures=row.failures + 1, last_at=now):
        return timedelta(seconds=1), row.failures  # another try of the same source was faster
    return timedelta(), row.failures + 1


def forget(source: str) -> None:
    """After a sign-in that succeeded."""
    SignInDelay.objects.filter(source=source).delete()


def _first(source: str, now: datetime) -> tuple[timedelta, int]:
    SignInDelay.objects.filter(last_at__lt=now - FORGOTTEN_AFTER).delete()
    try:
        with transaction.atomic():
            SignInDelay.objects.create(source=source, failures=1, last_at=now)
    except IntegrityError:
        return timedelta(seconds=1), 1
    return timedelta(), 1
