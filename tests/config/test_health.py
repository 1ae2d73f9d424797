"""What /healthz and /readyz tell whoever watches, who is a stranger."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboard.models import SideLease
from tests.fixtures.processes import Console, Valkey


@pytest.fixture
def stranger() -> Client:
    return Client(enforce_csrf_checks=True)


def test_healthz_answers_without_a_database(stranger: Client) -> None:
    answer = stranger.get("/healthz")  # no database fixture: a query would fail this test
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_is_ready_without_a_broker_and_says_so(stranger: Client, no_broker: None) -> None:
    answer = stranger.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["broker"].startswith("does not answer")


@pytest.mark.django_db
def test_readyz_sees_the_broker(stranger: Client, valkey: Valkey) -> None:
    assert stranger.get("/readyz").json()["broker"] == "ok"


@pytest.mark.django_db
def test_readyz_names_a_broker_that_would_throw_messages_away(stranger: Client, valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            said = stranger.get("/readyz").json()
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert said["ready"] is True  # it is a doorbell: work goes on
    assert said["broker"].startswith("maxmemory-policy is allkeys-lru")


@pytest.mark.django_db
def test_readyz_is_not_put_off_by_a_broker_that_keeps_its_settings_to_itself(
    stranger: Client, valkey: Valkey, settings: Any
) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.acl_setuser("bells", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-config"])
        settings.REDIS_URL = f"{valkey.url}?username=bells&password=any"
        try:
            assert stranger.get("/readyz").json()["broker"] == "ok"
        finally:
            client.acl_deluser("bells")


@pytest.mark.django_db
def test_readyz_tells_how_long_ago_a_side_was_read(stranger: Client) -> None:
    assert stranger.get("/readyz").json()["seconds_since_last_poll"] is None
    finished = timezone.now() - timedelta(seconds=40)
    for pair, at in (("orders", finished - timedelta(hours=1)), ("ledger", finished)):
        SideLease.objects.create(pair=pair, side="a", until=at, started_at=at, finished_at=at)
    assert 40 <= stranger.get("/readyz").json()["seconds_since_last_poll"] < 100


@pytest.mark.django_db
def test_readyz_is_not_ready_while_a_migration_waits(stranger: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'people'")
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert "run manage.py migrate" in answer.json()["database"]


def test_the_running_console_answers_both(console: Console) -> None:
    assert console.get("/healthz").status == 200
    ready = console.get("/readyz")
    assert ready.status == 200
    assert json.loads(ready.body)["ready"] is True  # type: ignore[attr-defined]


def test_a_hung_broker_does_not_hang_the_answer(console: Console, valkey: Valkey) -> None:
    valkey.freeze()
    answer = console.get("/readyz")
    assert answer.status == 200
    assert b"does not answer" in answer.body  # type: ignore[attr-defined]
