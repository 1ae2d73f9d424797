"""The database's clock: the only one that hosts share. Leases, expiries and the record's instants use it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.db import connection

# PostgreSQL's now() stands still inside a transaction; the clock must not.
STATEMENTS = {
    "postgresql": "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
}


_last: tuple[datetime, float] | None = None  # what it said, and the monotonic clock then


def database_now() -> datetime:
    """An aware instant in UTC; SQLite tells milliseconds."""
    global _last
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[connection.vendor])
        (text,) = cursor.fetchone()
    said = datetime.fromisoformat(text).replace(tzinfo=UTC)
    _last = said, time.monotonic()
    return said


def now() -> datetime:
    """By the database's clock as it was asked last, without asking it again: this process's wall clock may be stepped
    under it, its monotonic clock goes on. The wall clock before the database was ever asked.
    """
    if _last is None:
        return datetime.now(UTC)
    said, at = _last
    return said + timedelta(seconds=time.monotonic() - at)
