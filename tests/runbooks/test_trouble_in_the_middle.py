"""In the middle of a decided step: the broker comes back empty, another installation listens, a process must leave."""

from __future__ import annotations

import threading

import pytest
from django.conf import settings

from audit.clock import database_now
from audit.models import Event
from config.demo import services
from config.demo.children import end
from runbooks import trial
from runbooks.executor import Executor
from runbooks.models import Call, Outbox
from tests.fixtures.processes import start, until_it_says
from tests.runbooks.driving import PATIENCE
from tests.runbooks.failing_over import is_down

pytestmark = pytest.mark.faults
PAIRS = ("ledger",)


def test_a_broker_that_comes_back_empty_had_nothing_that_is_needed(ready_failover, valkey, executor, request):
    ready_failover.arm()
    valkey.stop()
    valkey.start()
    request.getfixturevalue("celery_workers")
    ready_failover.until("succeeded")
    assert len(ready_failover.sends()) == 1


@pytest.fixture
def workers_of_another_installation(valkey, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("INSTALLATION", "elsewhere")
        children = [start(f"elsewhere-{queue}", services.worker("elsewhere", queue)) for queue in ("act", "observe")]
    for child in children:
        until_it_says(child, " ready.")
    yield children
    end(children, patience=3)


def test_another_installation_on_the_same_broker_takes_nothing_of_ours(
    ready_failover, workers_of_another_installation, executor
):
    assert settings.INSTALLATION != "elsewhere"
    step = ready_failover.arm()
    ready_failover.until("succeeded")
    claims = Event.objects.filter(kind="step.claimed", step=step.pk).values_list("source", flat=True)
    assert list(claims) == ["executor"]
    assert len(ready_failover.sends()) == 1
    for child in workers_of_another_installation:
        assert "runbooks.tasks" not in child.log.read_text(errors="replace").partition(" ready.")[2]


def test_who_is_asked_to_leave_while_an_answer_is_awaited_writes_it_down_first(
    ready_failover, lost_messages, control, monkeypatch
):
    """What SIGTERM does to `run_executor`, in a thread of this process: its request is on the way for two seconds."""
    is_on_the_way = threading.Event()

    def slow_from_here(name: str, _: int) -> None:
        if name == "intended":
            control.fault("ledger", "slow", "eu-south", seconds=2.0)
            is_on_the_way.set()

    monkeypatch.setattr(trial, "point", slow_from_here)
    step = ready_failover.arm()
    Outbox.objects.filter(step=step, done_at=None).update(unpublishable_at=database_now())  # taken at once
    made = Executor()
    thread = threading.Thread(target=made.run)
    thread.start()
    assert is_on_the_way.wait(PATIENCE)
    assert ready_failover.state == "sent"
    made.stop()
    thread.join(PATIENCE)

    assert not thread.is_alive()
    assert Call.objects.get(attempt__step=step).outcome == "accepted"
    assert len(ready_failover.sends()) == 1


def test_a_side_that_returns_after_the_approval_is_not_left(ready_failover, lost_messages, control):
    failover = ready_failover
    failover.arm()
    control.heal("ledger", "region-down", "eu-north")
    failover.drive.look()
    assert not is_down("eu-north")
    failover.drive.work()
    assert failover.state in {"blocked", "ready"}
    assert "Nothing was done." in failover.drive.summary(failover.step)
    assert failover.sends() == []
