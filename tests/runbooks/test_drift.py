"""A step is done, and later its result no longer holds: that holds the next one, until it is put right or accepted."""

from __future__ import annotations

import time

import pytest

from audit.models import Event
from dashboard import history, inventory
from dashboard.models import Reading
from people.rights import Forbidden
from runbooks.models import StepRun
from runbooks.services import drift, recovery
from runbooks.services.errors import Invalid
from runbooks.services.facts import case_of
from tests.runbooks.driving import who
from tests.runbooks.texts import STOP, approved


@pytest.fixture
def drifted(orders, people, incident):
    """settlement was stopped on us-east, and somebody has started it there again."""
    approved(STOP)
    run = orders.start(people.commander, "stop", {}, incident)
    step = orders.go(people.commander, people.commander2, run, "stop")
    send("settlement", "us-east")
    orders.work_until(lambda: StepRun.objects.get(pk=step.pk).drifted, "the drift to be seen")
    return orders.step(run, "stop")


def send(client: str, side: str | None) -> None:
    """Somebody moves a client past the console."""
    driver, deadline = inventory.connections("orders").driver("clients"), time.monotonic() + 5
    driver.apply(driver.plan(client, to=side, deadline=deadline), run="-", key=f"{client}-{side}", deadline=deadline)


def test_drift_is_recorded_and_holds_the_next_step(orders, people, drifted):
    assert "settlement" in drifted.drift_why
    assert Event.objects.filter(kind="step.drifted", step=drifted.pk).count() == 1
    with pytest.raises(Invalid, match="DRIFT"):
        orders.confirm(people.commander, orders.step(drifted.run, "say-so"), observed="seen")


def test_a_reading_from_before_the_step_was_done_tells_nothing_of_it(orders, people, incident):
    approved(STOP)
    run = orders.start(people.commander, "stop", {}, incident)
    before = history.latest("orders")
    assert before.side("us-east").groups["settlement"].is_active
    step = orders.go(people.commander, people.commander2, run, "stop")
    drift.note(run, case_of(run, before, before), "test")
    assert not StepRun.objects.get(pk=step.pk).drifted


def test_a_commander_accepts_it_by_name_and_the_run_goes_on(orders, people, drifted):
    said = {"why": drifted.drift_why, "reason": "a test consumer, harmless"}
    with pytest.raises(Forbidden):
        recovery.acknowledge_drift(who(people.viewer), drifted.pk, **said)
    with pytest.raises(Invalid, match="not what this page shows"):
        recovery.acknowledge_drift(who(people.commander), drifted.pk, why="something else", reason="x")
    recovery.acknowledge_drift(who(people.commander), drifted.pk, **said)

    orders.go(people.commander, people.commander2, drifted.run, "say-so", observed="seen")
    assert Event.objects.filter(kind="drift.acknowledged", step=drifted.pk).exists()


def test_put_right_it_holds_no_longer(orders, people, drifted):
    send("settlement", None)
    orders.work_until(lambda: not StepRun.objects.get(pk=drifted.pk).drifted, "it to hold again")
    assert Event.objects.filter(kind="step.restored", step=drifted.pk).count() == 1
    orders.go(people.commander, people.commander2, drifted.run, "say-so", observed="seen")


def test_who_watches_judges_a_run_anew_once_its_pair_was_read_again(orders, people, incident, monkeypatch):
    approved(STOP)
    run = orders.start(people.commander, "stop", {}, incident)
    orders.go(people.commander, people.commander2, run, "stop")
    watch, judged = drift.Watch(), []
    monkeypatch.setattr(drift, "note", lambda run, case, by: judged.append(run.pk))
    watch.sweep("test")
    watch.sweep("test")
    assert judged == [run.pk]
    number = Reading.objects.get(pair="orders", side="us-east").number
    orders.work_until(lambda: Reading.objects.get(pair="orders", side="us-east").number > number, "another reading")
    judged.clear()
    watch.sweep("test")
    assert judged == [run.pk]
