"""A worker is killed at each point of a slice. The cluster's own journal is the judge: never a second send."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.clock import database_now
from audit.ledger import Actor, ledger
from audit.models import Event
from config.demo import services
from config.demo.children import end
from runbooks import trial
from runbooks.engine.states import Event as StepEvent
from runbooks.models import Call, StepRun
from runbooks.services import sweeping
from runbooks.services.moves import move
from runbooks.services.policy import SEND_WITHIN_S
from tests.fixtures.processes import start, until_it_says
from tests.runbooks.driving import until

pytestmark = pytest.mark.faults
PAIRS = ("ledger",)


@pytest.fixture
def fragile(monkeypatch, valkey):
    """`fragile("sent")`: an `act` worker that kills itself there, ready."""
    children = []

    def make(point: str, queue: str = "act"):
        with monkeypatch.context() as patch:
            patch.setenv("BREAKWATER_CRASH_AT", point)
            children.append(start(f"fragile-{point}", services.worker(settings.INSTALLATION, queue)))
        until_it_says(children[-1], " ready.")
        return children[-1]

    yield make
    end(children, patience=3)


def has_died(worker) -> bool:
    """Its pool says of whom it lost, and makes another."""
    return "signal 9 (SIGKILL)" in worker.log.read_text()


def test_killed_before_the_claim_the_step_stays_queued_and_another_does_it(ready_failover, fragile, executor):
    worker = fragile("taken")
    step = ready_failover.arm()
    ready_failover.until("succeeded")

    until(lambda: has_died(worker), "the worker to be lost")
    assert len(ready_failover.sends()) == 1
    claims = Event.objects.filter(kind="step.claimed", step=step.pk).values_list("source", flat=True)
    assert list(claims) == ["executor"]


@pytest.mark.parametrize("point", ["seen", "concluded"])
def test_killed_while_it_looks_the_next_look_tells(ready_failover, fragile, executor, point):
    """Each look of this worker is its last. What it had seen is seen again, what it had written down stands."""
    worker = fragile(point, "observe")
    step = ready_failover.arm()
    ready_failover.until("succeeded")

    until(lambda: has_died(worker), "the worker to be lost")
    assert len(ready_failover.sends()) == 1
    assert Event.objects.filter(kind="step.succeeded", step=step.pk).count() == 1


def test_killed_after_the_claim_nothing_was_sent_and_another_does_it(ready_failover, fragile, executor):
    worker = fragile("claimed")
    step = ready_failover.arm()
    ready_failover.until("claimed")
    end([worker], patience=1)
    assert ready_failover.sends() == []

    StepRun.objects.filter(pk=step.pk).update(lease_until=database_now() - timedelta(seconds=1))
    ready_failover.until("succeeded")

    assert len(ready_failover.sends()) == 1
    claims = Event.objects.filter(kind="step.claimed", step=step.pk).order_by("seq").values_list("source", flat=True)
    assert claims[0].startswith("celery:")
    assert claims[1] == "executor"
    assert Event.objects.filter(kind="step.released", step=step.pk).count() == 1


def test_killed_after_the_intent_it_is_unknown_and_seen_not_applied(ready_failover, fragile, executor):
    fragile("intended")
    step = ready_failover.arm()
    ready_failover.until("sent")
    ready_failover.until("unknown")
    until(lambda: "can be re-armed" in ready_failover.drive.summary(step), "the looks to prove it")

    assert ready_failover.sends() == []
    assert Call.objects.get(attempt__step=step).outcome == "unknown"


def test_killed_before_the_answer_was_written_down_it_is_seen_done_and_not_sent_again(
    ready_failover, fragile, executor
):
    fragile("sent")
    step = ready_failover.arm()
    ready_failover.until("unknown")
    ready_failover.until("succeeded")

    assert len(ready_failover.sends()) == 1
    assert Event.objects.filter(kind="step.sent", step=step.pk).count() == 1


def test_killed_after_the_answer_was_written_down_the_looking_goes_on(ready_failover, fragile, executor):
    fragile("recorded")
    ready_failover.arm()
    ready_failover.until("succeeded")
    assert len(ready_failover.sends()) == 1


def test_frozen_between_intent_and_request_it_does_not_send_when_it_thaws(ready_failover, fragile, executor):
    """The zombie: its checks are long past, the step was given up, and then it goes on where it stood."""
    worker = fragile("intended:freeze")
    step = ready_failover.arm()
    ready_failover.until("unknown")
    thawed = Call.objects.get(attempt__step=step).sent_at + timedelta(seconds=SEND_WITHIN_S + 1)
    until(lambda: database_now() > thawed, "it to have stood still too long")
    os.killpg(worker.process.pid, signal.SIGCONT)

    until(lambda: Event.objects.filter(kind="call.answered-late", step=step.pk).exists(), "it to go on")
    assert ready_failover.sends() == []
    assert ready_failover.state == "unknown"


def test_a_step_that_kills_worker_after_worker_is_blocked_and_not_tried_for_ever(ready_failover, lost_messages):
    step = ready_failover.arm()
    for death in range(sweeping.DEATHS):
        step.refresh_from_db()
        assert step.state == "queued", death
        with ledger(Actor.product(f"celery:{death}")) as book:  # claimed, and never heard of again
            lapsed = database_now() - timedelta(seconds=1)
            move(book, step, StepEvent.CLAIMED, claimed_by=f"celery:{death}", lease_until=lapsed)
        sweeping.put_right("executor")

    assert ready_failover.state == "blocked"
    assert "3 workers ended" in ready_failover.drive.summary(step)
    assert ready_failover.sends() == []


def test_no_process_of_production_carries_a_crash_point(monkeypatch, settings):
    monkeypatch.setenv("BREAKWATER_CRASH_AT", "sent")
    trial.check()
    settings.PRODUCTION = True
    with pytest.raises(ImproperlyConfigured):
        trial.check()


@pytest.mark.parametrize("said", ["elsewhere", "sent:explode", "/nowhere/at/all"])
def test_a_crash_point_that_does_not_exist_is_not_waited_for_in_vain(monkeypatch, said):
    monkeypatch.setenv("BREAKWATER_CRASH_AT", said)
    with pytest.raises(ImproperlyConfigured):
        trial.check()


def test_a_planned_death_is_met_once(monkeypatch, tmp_path):
    met = []
    monkeypatch.setitem(trial.DEATHS, "kill", lambda: met.append("kill"))
    monkeypatch.setenv("BREAKWATER_CRASH_AT", str(tmp_path))
    (tmp_path / "sent-7").write_text("kill")
    for name, step_id in (("sent", 8), ("intended", 7), ("sent", 7), ("sent", 7)):
        trial.point(name, step_id)
    assert met == ["kill"]


@pytest.mark.parametrize("said", ["fast", "0", "-1", "2"])
def test_a_pace_that_is_none_is_refused(monkeypatch, said):
    monkeypatch.setenv("BREAKWATER_PACE", said)
    with pytest.raises(ImproperlyConfigured):
        trial.check()


def test_no_process_of_production_has_a_pace_of_its_own(monkeypatch, settings):
    monkeypatch.setenv("BREAKWATER_PACE", "0.5")
    trial.check()
    settings.PRODUCTION = True
    with pytest.raises(ImproperlyConfigured):
        trial.check()
