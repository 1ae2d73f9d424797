"""Several calls of one step, one to a slice; and what becomes of a step that takes too long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.clock import database_now
from audit.models import Event
from dashboard import inventory
from runbooks import trial
from runbooks.models import Call, Run, StepRun
from runbooks.services import policy, recovery, runs, stopping
from runbooks.services.errors import Invalid
from tests.runbooks.driving import put_in_force, who
from tests.runbooks.texts import MOVE, NEVER, STOP_TWO, approved

GROUPS = ["fulfilment", "settlement"]


@pytest.fixture
def half_sent(orders, people, incident) -> StepRun:
    """Two groups are to be stopped; the first call is made, the second is due."""
    approved(STOP_TWO)
    run = orders.start(people.commander, "stop-two", {}, incident)
    step = orders.confirm(people.commander, orders.step(run, "stop"))
    orders.work()
    step.refresh_from_db()
    assert step.state == "sent"
    assert Call.objects.count() == 1
    return step


def test_one_slice_makes_one_call_and_an_item_is_in_one_call(orders, half_sent):
    orders.work_until(lambda: orders.state(half_sent) == "succeeded", "both to be stopped")
    assert [call.items for call in Call.objects.order_by("number")] == [["fulfilment"], ["settlement"]]
    assert Event.objects.filter(kind="step.batch-sent", step=half_sent.pk).count() == 1
    assert {orders.place_of(group) for group in GROUPS} == {None}


def test_a_pause_waits_for_the_step_that_is_under_way(orders, people, half_sent):
    assert runs.pause(who(people.commander), half_sent.run_id, reason="a breath").state == "pausing"
    orders.work_until(lambda: orders.state(half_sent) == "succeeded", "both to be stopped")
    assert Run.objects.get(pk=half_sent.run_id).state == "paused"
    assert orders.state(orders.step(half_sent.run, "say-so")) == "locked"


def test_an_abort_lets_no_further_call_out(orders, people, half_sent):
    runs.abort(who(people.commander), half_sent.run_id, reason="enough")
    orders.work_until(lambda: Run.objects.get(pk=half_sent.run_id).is_over, "the run to be over")

    assert Call.objects.count() == 1
    assert (orders.place_of("fulfilment"), orders.place_of("settlement")) == (None, "us-east")
    half_sent.refresh_from_db()
    assert half_sent.state == "cancelled"  # by way of partial: its outcome is in the record
    assert Event.objects.filter(kind="step.partly", step=half_sent.pk).exists()


def test_a_stop_of_all_sending_lets_no_further_call_out(orders, people, half_sent):
    stopping.stop(who(people.commander2))
    orders.work_until(lambda: orders.state(half_sent) == "partial", "what was sent to be seen, and the rest to be left")

    assert Call.objects.count() == 1
    assert (orders.place_of("fulfilment"), orders.place_of("settlement")) == (None, "us-east")
    assert "all sending is stopped" in bytes(Event.objects.get(kind="step.answered").body).decode()


def test_what_was_confirmed_under_another_inventory_lets_no_further_call_out(orders, people, half_sent, sandbox):
    put_in_force(sandbox.inventory_text().replace("title: Orders", "title: Purchases"))
    runs.adopt_inventory(who(people.commander), half_sent.run_id, digest=inventory.digest_in_force())
    orders.work_until(lambda: orders.state(half_sent) != "sent", "the second call to be due")
    assert Call.objects.count() == 1
    assert "it was confirmed under inventory" in bytes(Event.objects.get(kind="step.answered").body).decode()


def test_a_check_that_takes_too_long_has_failed(orders, people, incident):
    approved(NEVER)
    run = orders.start(people.commander, "never", {}, incident)
    step = orders.confirm(people.commander, orders.step(run, "wait"))
    orders.work_until(lambda: orders.state(step) == "failed", "it to have taken too long")
    assert "not so within 0:00:01" in orders.summary(step)

    step.refresh_from_db()
    again = recovery.rearm(who(people.commander), step.pk, fence=step.fence, reason="once more")
    assert (again.state, again.attempts) == ("ready", 1)


def test_an_act_that_takes_too_long_is_overdue_and_never_failed(orders, people, incident, control):
    approved(MOVE % 0)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    step = orders.confirm(people.commander, orders.step(run, "move"))
    orders.work_until(lambda: orders.state(step) == "observing", "the order to be taken")
    control.fault("orders", "server-errors", "eu-west", status=503)
    control.fault("orders", "clients-cut", "eu-west")
    StepRun.objects.filter(pk=step.pk).update(started_at=database_now() - timedelta(hours=1))

    orders.work_until(lambda: StepRun.objects.get(pk=step.pk).overdue, "it to be overdue")
    assert orders.state(step) == "observing"
    control.heal("orders", "server-errors", "eu-west")
    control.heal("orders", "clients-cut", "eu-west")
    orders.work_until(lambda: orders.state(step) == "succeeded", "it to come true after all")
    assert Event.objects.filter(kind="step.overdue", step=step.pk).count() == 1


def test_one_guard_is_set_aside_by_name_for_the_next_arming_alone(orders, people, incident):
    """An absolute one never is, nor all unknown facts at once."""
    approved(MOVE % 1)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    step = orders.confirm(people.commander, orders.step(run, "move"))
    for guard, why in (("may-change", "absolute"), ("R26", "absolute"), ("R99", "No guard"), ("R19", "No guard")):
        with pytest.raises(Invalid, match=why):
            recovery.override(who(people.commander), step.pk, fence=step.fence, guard=guard, reason="go")

    after = recovery.override(who(people.commander), step.pk, fence=step.fence, guard="R15", reason="ACLs are late")
    assert after.state == "ready"  # what was confirmed without it is void
    assert Event.objects.get(kind="guard.overridden").step == step.pk

    again = orders.confirm(people.commander, step)
    attempt = again.armings.get(is_live=True)
    assert (attempt.number, attempt.binding["overrides"]) == (2, ["R15"])


def test_a_later_call_that_provably_never_left_ends_the_step_in_part(orders, people, half_sent, monkeypatch):
    """The first order was taken; the worker of the second stood still too long. Nobody is left waiting for it."""
    with monkeypatch.context() as patch:

        def stand_still(point: str, _: int) -> None:
            if point == "intended":
                patch.setattr(policy, "SEND_WITHIN_S", -1.0)

        patch.setattr(trial, "point", stand_still)
        orders.work_until(lambda: Call.objects.count() == 2, "the second call")
    orders.work_until(lambda: orders.state(half_sent) == "partial", "the first to be seen done, and the rest not")

    assert dict(Call.objects.values_list("number", "outcome")) == {1: "accepted", 2: "not-sent"}
    half_sent.refresh_from_db()
    recovery.rearm(who(people.commander), half_sent.pk, fence=half_sent.fence, reason="the second is still running")
    orders.confirm(people.commander, half_sent)
    orders.work_until(lambda: orders.state(half_sent) == "succeeded", "the second to be stopped")
    assert list(Call.objects.order_by("pk").values_list("items", flat=True)) == [
        ["fulfilment"],
        ["settlement"],
        ["settlement"],
    ]
