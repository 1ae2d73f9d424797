"""The executor as a process and as a loop: it leaves when asked, and one slow slice never holds up another."""

from __future__ import annotations

import signal
import threading

import pytest

from audit.clock import database_now
from audit.models import Event
from runbooks.executor import Executor
from runbooks.models import Outbox, StepRun, WorkerBeat
from runbooks.services import sweeping
from tests.fixtures.processes import PATIENCE
from tests.runbooks.driving import Drive, until
from tests.runbooks.texts import ATTESTED, approved


@pytest.mark.faults
def test_it_leaves_when_it_is_asked_to(executor):
    until(lambda: WorkerBeat.objects.filter(role="executor").exists(), "its sign of life")
    executor.process.send_signal(signal.SIGTERM)
    assert executor.process.wait(PATIENCE) == 0


@pytest.fixture
def loop(transactional_db):
    """An executor in this process."""
    made = Executor()
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def asked(drive: Drive, people, account) -> StepRun:
    incident = drive.declare(people.commander, next(iter(drive.sides())))
    step = drive.step(drive.start(people.commander, "attested", {}, incident), "say-so")
    return drive.confirm(account, step, observed="seen")


@pytest.mark.faults
def test_a_slice_that_waits_for_a_dead_region_keeps_no_other_waiting(in_force, lost_messages, people, control, request):
    approved(ATTESTED % 0)
    slow, quick = Drive("orders"), Drive("ledger")
    for drive in (slow, quick):
        drive.look()
    first, second = asked(slow, people, people.commander), asked(quick, people, people.commander)
    control.fault("orders", "region-down", "us-east", mode="hang")  # each reading takes its whole deadline now
    Outbox.objects.filter(done_at=None).update(unpublishable_at=database_now())  # the executor takes them at once

    request.getfixturevalue("loop")
    until(lambda: slow.state(first) == quick.state(second) == "succeeded", "both to be done")
    order = list(Event.objects.filter(kind="step.succeeded").order_by("seq").values_list("step", flat=True))
    assert order == [second.pk, first.pk]


def test_work_that_a_dead_worker_had_picked_is_found_again(in_force, lost_messages, people):
    approved(ATTESTED % 0)
    drive = Drive("orders")
    drive.look()
    step = asked(drive, people, people.commander)
    Outbox.objects.filter(step=step).update(done_at=step.moved_at)  # every row of it is gone
    StepRun.objects.filter(pk=step.pk).update(moved_at="2026-01-01T00:00:00Z")

    sweeping.put_right("executor")
    assert Outbox.objects.filter(step=step, task="advance", done_at=None).count() == 1
    sweeping.put_right("executor")
    assert Outbox.objects.filter(step=step, task="advance", done_at=None).count() == 1
