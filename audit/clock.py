"""The database's clock: the only one that hosts share. Leases, expiries and the record's instants use it."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection

# PostgreSQL's now() stands still inside a transaction; the clock must not.
STATEMENTS = {
    "postgresql": "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
}


def database_now() -> datetime:
    """An aware instant in UTC; SQLite tells milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[connection.vendor])
        (text,) = cursor.fetchone()
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
