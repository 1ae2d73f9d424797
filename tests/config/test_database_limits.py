"""Waiting for the database has an end, and what it reported as committed is on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from runbooks.models import Stop


def told(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_each_connection_has_its_limits() -> None:
    if connection.vendor == "postgresql":
        names = ("lock_timeout", "statement_timeout", "synchronous_commit")
        assert [told(f"SHOW {name}") for name in names] == ["10s", "30s", "on"]
    else:
        names = ("busy_timeout", "synchronous", "foreign_keys", "journal_mode")
        assert [told(f"PRAGMA {name}") for name in names] == ["20000", "2", "1", "wal"]


@contextmanager
def somebody_holds_the_record() -> Iterator[None]:
    """A stray session, as from a shell that was left open. What this connection waits is cut short, not taken away."""
    if connection.vendor == "sqlite":
        told("PRAGMA busy_timeout = 100")
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        told("PRAGMA busy_timeout = 20000")
        return
    with closing(connection.copy()) as other, connection.cursor() as cursor:
        other.set_autocommit(False)
        with other.cursor() as stray:
            stray.execute("LOCK TABLE audit_head")
        cursor.execute("SET lock_timeout = '100ms'")
        yield
        cursor.execute("SET lock_timeout = '10s'")


@pytest.mark.django_db(transaction=True)
def test_behind_a_lock_that_somebody_holds_an_act_fails_with_a_page_and_looking_goes_on(people) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(people.commander)
    assert client.get("/").status_code == 200
    with somebody_holds_the_record():
        answer = client.post(reverse("runbooks:stop-set"), {})
        assert answer.status_code == 500
        assert "<h1>" in answer.content.decode()
        assert client.get("/").status_code == 200
    assert not Stop.objects.exists()
    assert client.post(reverse("runbooks:stop-set"), {}).status_code == 302
    assert Stop.objects.get().is_on
