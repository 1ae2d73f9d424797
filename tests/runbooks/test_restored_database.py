"""A database that lost its last transactions: it believes that a step is queued, which was sent and came true."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from audit.verify import verify
from runbooks.models import Call, StepRun
from tests.fixtures.sandbox import Control
from tests.runbooks.driving import P1, P1_PARAMETERS, Drive

# A file that is copied back; what a failover of PostgreSQL loses is lost alike.
pytestmark = [pytest.mark.faults, pytest.mark.one_database]
PAIRS = ("orders", "ledger")


@contextmanager
def lost_afterwards() -> Iterator[None]:
    """What the database takes in this block is gone after it."""
    kept = sqlite3.connect(":memory:")
    connection.connection.backup(kept)
    yield
    connection.ensure_connection()
    kept.backup(connection.connection)
    kept.close()


def settle(drive: Drive, step: StepRun) -> str:
    """Where it comes to rest when everything works on it again."""
    resting = {"blocked", "succeeded", "failed", "partial", "unknown", "ready"}
    drive.work_until(lambda: drive.state(step) in resting, "the step to come to rest")
    return drive.state(step)


def test_a_failover_that_was_sent_already_is_refused_not_sent_again(ready_failover, lost_messages):
    step = ready_failover.arm()
    with lost_afterwards():
        ready_failover.drive.work_until(lambda: ready_failover.state == "succeeded", "the failover")
    assert ready_failover.state == "queued"
    assert settle(ready_failover.drive, step) == "blocked"
    assert len(ready_failover.sends()) == 1
    assert verify().finding is None


@pytest.fixture
def rerouting(orders, outage, people, shipped):
    """Starts P1 and brings it to the rerouting of its producers, confirmed and approved."""

    def begin() -> StepRun:
        run = orders.start(people.commander, P1, P1_PARAMETERS, outage)
        for key in ("confirm-outage", "record-lag"):
            orders.go(people.commander, people.commander2, run, key)
        step = orders.step(run, "reroute-producers")
        orders.work_until(lambda: orders.can_be_confirmed(step), "its guards to be met")
        return orders.approve(people.commander2, orders.confirm(people.commander, step))

    return begin


def test_producers_that_were_rerouted_already_are_not_rerouted_again(orders, rerouting, control):
    step = rerouting()
    with lost_afterwards():
        orders.work_until(lambda: orders.state(step) == "succeeded", "the producers to be rerouted")
        version = version_of("checkout", control)
    assert orders.state(step) == "queued"
    settle(orders, step)
    assert len(keys(control)) == 1  # so that the other end knows it for the same order
    assert version_of("checkout", control) == version


def test_a_new_run_is_not_taken_for_the_one_that_was_lost(orders, rerouting, control):
    with lost_afterwards():
        first = rerouting()
        orders.work_until(lambda: orders.state(first) == "succeeded", "the producers to be rerouted")
    second = rerouting()
    assert second.pk == first.pk  # its id was given out again
    orders.work_until(lambda: orders.state(second) == "succeeded", "the producers to be rerouted")
    assert len(keys(control)) == 2


def keys(control: Control) -> set[str]:
    return {row["key"] for row in control.ask("GET", "/pairs/orders/orders")["orders"]}


def version_of(client: str, control: Control) -> str:
    (found,) = [row for row in control.ask("GET", "/pairs/orders/targets")["targets"] if row["target"] == client]
    return str(found["version"])


def test_what_was_lost_after_the_intent_is_looked_for(ready_failover, lost_messages):
    step = ready_failover.arm()
    ready_failover.drive.work()
    assert ready_failover.state in {"sent", "observing"}
    with lost_afterwards():
        ready_failover.drive.work_until(lambda: ready_failover.state == "succeeded", "the failover")
    assert settle(ready_failover.drive, step) == "succeeded"
    assert (len(ready_failover.sends()), Call.objects.filter(attempt__step=step).count()) == (1, 1)
