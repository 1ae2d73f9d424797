"""One poll of a side at a time, whoever starts it: beat's tasks and the executor find the same row."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from audit.clock import database_now
from dashboard.models import SideLease

WITNESSES = ""  # in place of a side: the witnesses of a pair, asked on their own
CANARY = "~canary"  # in place of a side: the canaries of a pair; no name of a side begins so
DRIVERS = "~drivers"  # in place of a side: dry runs of a pair's routing drivers
LEASE = timedelta(seconds=10)  # twice what a poll may take
SOON = 0.8  # of a period: clocks that ring every two seconds do not ring to the millisecond
LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def claim(pair: str, side: str, period: timedelta) -> str | None:
    """The holder's token, or None where the side is being polled or not due yet."""
    now, token = database_now(), secrets.token_hex(16)
    SideLease.objects.get_or_create(pair=pair, side=side, defaults={"until": LONG_AGO, "started_at": LONG_AGO})
    due = SideLease.objects.filter(pair=pair, side=side, until__lte=now, started_at__lte=now - period * SOON)
    return token if due.update(holder=token, until=now + LEASE, started_at=now) else None


def is_held(token: str) -> bool:
    """Whether a poll may still store what it read; asked inside its transaction, where the row stays locked."""
    return SideLease.objects.select_for_update().filter(holder=token).exists()


def finish(token: str) -> None:
    now = database_now()
    SideLease.objects.filter(holder=token).update(holder="", until=now, finished_at=now)


def release(token: str) -> None:
    """For a poll that stored nothing: the next one may start at once when it is due."""
    with transaction.atomic():
        SideLease.objects.filter(holder=token).update(holder="", until=database_now())


def is_due(started_at: datetime | None, until: datetime | None, period: timedelta, now: datetime) -> bool:
    return started_at is None or until is None or (until <= now and started_at <= now - period * SOON)
