"""A driver calls back: looked at sooner, by its signature alone, and nothing more."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from audit.clock import database_now
from audit.models import Event
from dashboard import inventory
from runbooks.models import Outbox

URL = "/pairs/orders/drivers/clients/called-back/"
PARAMETERS = {"from": "us-east", "producers": ["checkout"], "groups": ["settlement"]}


@pytest.fixture
def moving(orders, people, control, shipped):
    """Producers that have been told to move and do not end: looked at, with ever longer pauses."""
    control.fault("orders", "pods-stuck", "us-east")
    run = orders.start(people.commander, "planned-move-active-active", PARAMETERS)
    step = orders.step(run, "reroute-producers")
    orders.work_until(lambda: orders.can_be_confirmed(step), "the step to pass its guards")
    orders.approve(people.commander2, orders.confirm(people.commander, step))
    orders.work_until(lambda: orders.state(step) == "observing", "the order to be sent")
    Outbox.objects.filter(step=step, task="look", done_at=None).update(due_at=database_now() + timedelta(hours=1))
    return step


def looks_of(step) -> list[bool]:
    """Whether each look that is to come is due now."""
    rows = Outbox.objects.filter(step=step, task="look", done_at=None)
    return [row.due_at <= database_now() for row in rows]


def secret() -> str:
    pair = inventory.in_force().pairs["orders"]
    driver = next(each for each in pair.drivers if each.name == "clients")
    return Path(driver.settings.secret.reference.removeprefix("file:")).read_text()


def call(body: bytes, key: str = "", at: float | None = None, url: str = URL) -> int:
    stamp = str(int(at or time.time()))
    signature = hmac.new((key or secret()).encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Breakwater-Time": stamp, "X-Breakwater-Signature": f"sha256={signature}"}
    client = Client(enforce_csrf_checks=True)
    return client.post(url, body, content_type="application/json", headers=headers).status_code


BODY = json.dumps({"target": "checkout"}).encode()


def test_a_signed_word_brings_the_next_look_forward_and_proves_nothing(moving, orders):
    before = Event.objects.count()
    assert call(BODY) == 204
    assert looks_of(moving) == [True]
    assert Event.objects.count() == before
    assert orders.work() == 1
    assert orders.state(moving) == "observing"
    assert call(BODY) == 204
    assert looks_of(moving) == [True]


@pytest.mark.parametrize(
    "said",
    [
        {"body": BODY, "key": "another-secret"},
        {"body": BODY, "at": time.time() - 600},
        {"body": BODY, "url": URL.replace("/clients/", "/by-hand/")},
        {"body": BODY, "url": URL.replace("/clients/", "/nobody/")},
        {"body": BODY, "url": URL.replace("/orders/", "/nowhere/")},
        {"body": b"[]"},
        {"body": b'{"target": 3}'},
        {"body": b"x" * 20_000},
    ],
)
def test_what_is_not_signed_or_says_nothing_is_refused(orders, said):
    assert call(**said) == 400


def test_a_target_that_nothing_waits_for_changes_nothing(moving):
    assert call(json.dumps({"target": "storefront"}).encode()) == 204
    assert looks_of(moving) == [False]
