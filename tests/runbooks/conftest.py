"""Runs on the sandbox's pairs, with shipped definitions and a cast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest

from audit.clock import database_now
from runbooks import relay
from runbooks.services.definitions import import_released
from tests.fixtures.sandbox import in_use
from tests.runbooks import driving
from tests.runbooks.driving import Drive, put_in_force
from tests.runbooks.failing_over import ready_failover

__all__ = ["ready_failover"]


@pytest.fixture
def in_force(sandbox, transactional_db, request: pytest.FixtureRequest) -> Iterator[None]:
    """The sandbox's inventory in force, or what the test module's PAIRS leave of it."""
    put_in_force(in_use(request.module, sandbox.inventory_text()))
    yield
    driving.close_everything()


@pytest.fixture
def shipped(transactional_db) -> None:
    """The runbooks of the release."""
    import_released()


@pytest.fixture
def lost_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """No message ever leaves this process: what is due is found in its rows."""
    monkeypatch.setattr(relay, "ring", lambda bells: None)


@pytest.fixture
def orders(in_force, lost_messages) -> Drive:
    drive = Drive("orders")
    drive.look()
    return drive


@pytest.fixture
def outage(orders: Drive, control, people: SimpleNamespace):
    """us-east is down, declared by the commander."""
    control.fault("orders", "region-down", "us-east", mode="refuse")
    orders.work_until(lambda: history_says_down("orders", "us-east"), "us-east to be seen down")
    return orders.declare(people.commander, "us-east")


@pytest.fixture
def incident(orders: Drive, people: SimpleNamespace):
    """Declared while everything runs: for what needs an incident and not an outage."""
    return orders.declare(people.commander, "us-east")


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch):
    """`with aged(timedelta(minutes=16)):` what is confirmed inside was confirmed that long ago."""

    @contextmanager
    def ago(length: timedelta):
        with monkeypatch.context() as patch:
            patch.setattr("runbooks.services.decisions.database_now", lambda: database_now() - length)
            yield

    return ago


def history_says_down(pair: str, side: str) -> bool:
    from dashboard import history

    facts = history.latest(pair)
    return facts is not None and not facts.side(side).reachable
