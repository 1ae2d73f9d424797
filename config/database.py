"""DATABASE_URL as Django wants it: PostgreSQL in production, a SQLite file for one host."""

from __future__ import annotations

from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

POSTGRESQL = ("postgres://", "postgresql://")
SQLITE = "sqlite://"
# Nobody waits for ever behind a lock, and a commit that was reported survives a power cut.
LIMITS = "-c lock_timeout=10s -c statement_timeout=30s -c synchronous_commit=on"
# Connections are kept (config.postgresql): one whose server vanished without a word must not hold its thread for ever.
VANISHED = {
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def from_url(url: str, *, password: str = "", test_file: str = "") -> dict[str, Any]:
    """`password` stands in for one in the URL, so that a secret can have a file of its own.

    Raises ImproperlyConfigured, without repeating the URL: it may hold a password."""
    if not url:
        raise ImproperlyConfigured("DATABASE_URL is not set; for example postgres://breakwater@db/breakwater")
    if not url.startswith((*POSTGRESQL, SQLITE)):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///")
    found = dict(dj_database_url.parse(url, conn_max_age=0))
    return _sqlite(found, test_file) if url.startswith(SQLITE) else _postgresql(found, password)


def _sqlite(found: dict[str, Any], test_file: str) -> dict[str, Any]:
    # IMMEDIATE is the lock on the record's head; synchronous=FULL because an intent must be durable before a send.
    pragmas = "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
    return found | {"OPTIONS": options, "TEST": {"NAME": test_file or None}}


def _postgresql(found: dict[str, Any], password: str) -> dict[str, Any]:
    # Beside what the URL asks for, such as sslmode and sslrootcert.
    options = {**VANISHED, **found.get("OPTIONS", {}), "options": LIMITS}
    return found | {
        "ENGINE": "config.postgresql", "OPTIONS": options, "PASSWORD": password or found["PASSWORD"],
    }  # fmt: skip
