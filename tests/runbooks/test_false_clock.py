"""A worker whose clock is an hour off: what is leased, what expires and the record go by the database's clock alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from audit.clock import database_now
from audit.models import Event
from audit.verify import verify
from clusters import clock
from runbooks import trial
from runbooks.executor import put_right
from runbooks.models import Outbox, StepRun, WorkerBeat
from runbooks.perform import perform
from runbooks.services import facts, sweeping
from runbooks.services.script import kind_of

pytestmark = pytest.mark.faults
PAIRS = ("ledger",)
HOUR = timedelta(hours=1)
BOTH = pytest.mark.parametrize("off", [HOUR, -HOUR], ids=["ahead", "behind"])


@contextmanager
def clock_off_by(length: timedelta) -> Iterator[None]:
    """Of this process; monotonic clocks go on as they are."""
    with time_machine.travel(datetime.now(UTC) + length, tick=True):
        assert abs(datetime.now(UTC) - database_now() - length) < timedelta(minutes=1)
        yield


class Died(BaseException):
    """A worker ended here. Not an Exception: nothing may catch it and go on."""


def die(point: str, step_id: int) -> None:
    if point == "claimed":
        raise Died


@BOTH
def test_a_step_is_sent_once_and_seen(ready_failover, lost_messages, off):
    ready_failover.arm()
    with clock_off_by(off):
        ready_failover.drive.work_until(lambda: ready_failover.state == "succeeded", "the failover")
    assert len(ready_failover.sends()) == 1
    told = Event.objects.order_by("seq").values_list("at", flat=True)
    assert list(told) == sorted(told)
    assert told[len(told) - 1] <= database_now()
    assert verify().finding is None


@BOTH
def test_what_is_seen_is_dated_by_the_database_too(ready_failover, lost_messages, off):
    """Ten seconds of quiet, begun by a worker whose clock is an hour behind, are no hour for the next one."""
    step = StepRun.objects.select_related("run__version", "run__incident").get(pk=ready_failover.step.pk)
    with clock_off_by(off):
        case = facts.read(step, kind_of(step))
        told = [case.now, *(side.read_at for side in case.facts.sides.values())]
        assert all(abs(at - database_now()) < timedelta(minutes=1) for at in told)


@BOTH
def test_a_clock_that_steps_while_it_is_read_moves_nothing(ready_failover, lost_messages, off):
    began = database_now()
    with clock_off_by(off):
        assert abs(clock.now() - began) < timedelta(minutes=1)


@BOTH
def test_what_is_leased_and_what_waits_for_an_approval_stays(ready_failover, lost_messages, people, monkeypatch, off):
    step = ready_failover.drive.confirm(people.commander, ready_failover.step)
    assert ready_failover.state == "awaiting_approval"
    with clock_off_by(off):
        sweeping.put_right("executor")
    assert ready_failover.state == "awaiting_approval"

    step = ready_failover.drive.approve(people.commander2, step)
    with monkeypatch.context() as patch:
        patch.setattr(trial, "point", die)
        with pytest.raises(Died):
            perform(Outbox.Task.ADVANCE, step.pk, step.fence, "celery:other")
    with clock_off_by(off):
        sweeping.put_right("executor")
        ready_failover.drive.work()
    assert ready_failover.state == "claimed"
    assert ready_failover.sends() == []


@pytest.mark.django_db(transaction=True)
@BOTH
def test_its_sign_of_life_tells_how_far_it_is_off(off):
    with clock_off_by(off):
        put_right()
    (beat,) = WorkerBeat.objects.all()
    assert beat.ahead_s == pytest.approx(off.total_seconds(), abs=30)
    assert abs(beat.at - database_now()) < timedelta(minutes=1)
