"""A command was taken and the line went dead: it is looked at, and never sent again by itself."""

from __future__ import annotations

import pytest

from audit.models import Event
from runbooks.engine.states import IllegalMove
from runbooks.models import Attempt, Call
from runbooks.services import recovery
from tests.runbooks.driving import who
from tests.runbooks.failing_over import TOPICS


@pytest.fixture
def failover(ready_failover, lost_messages):
    ready_failover.arm()
    return ready_failover


def test_applied_and_then_silence_is_seen_and_sent_once(people, control, failover):
    control.fault("ledger", "accepted-then-dropped", "eu-south", applied=True, action="failover")
    failover.drive.work()
    assert failover.state == "unknown"
    assert Call.objects.get().outcome == "unknown"

    failover.drive.work_until(lambda: failover.state == "succeeded", "the step to be seen done")

    assert [row["outcome"] for row in failover.sends()] == ["dropped-applied"]
    assert Event.objects.filter(kind="step.sent").count() == 1


def test_not_applied_is_armed_again_only_when_proven_and_asks_for_everything(people, control, failover):
    control.fault("ledger", "accepted-then-dropped", "eu-south", applied=False, action="failover")
    failover.drive.work()
    assert failover.state == "unknown"

    drive = failover.drive
    with pytest.raises(IllegalMove, match="not proven"):
        rearm(people, failover, "at once")
    drive.work_until(lambda: "can be re-armed" in drive.summary(failover.step), "the looks to prove it")
    assert len(failover.sends()) == 1  # however often it was looked at

    assert rearm(people, failover, "provably not applied").state == "ready"
    step = drive.confirm(people.commander, failover.step)
    assert step.state == "awaiting_approval"
    assert Attempt.objects.get(step=step, is_live=True).number == 2
    drive.approve(people.commander2, step)
    drive.work_until(lambda: failover.state == "succeeded", "the second to be done")

    assert [row["outcome"] for row in failover.sends()] == ["dropped-not-applied", "accepted"]
    kinds = list(Event.objects.filter(step=failover.step.pk).order_by("seq").values_list("kind", flat=True))
    first, second = (place for place, kind in enumerate(kinds) if kind == "step.sent")
    assert "step.rearmed" in kinds[first:second]


def test_half_refused_is_partial_and_arming_again_covers_that_half_alone(people, control, failover):
    control.fault("ledger", "refuse-half", "eu-south")
    failover.drive.work_until(lambda: failover.state == "partial", "half of it")
    control.heal("ledger", "refuse-half", "eu-south")

    rearm(people, failover, "the cause is put right")
    failover.arm()
    failover.drive.work_until(lambda: failover.state == "succeeded", "the other half")

    first, second = failover.sends()
    assert sorted(first["topics"]) == TOPICS
    assert second["topics"] == list(first["refused"])
    items = Attempt.objects.get(step=failover.step, number=2).items
    assert set(items.values_list("name", flat=True)) == set(second["topics"])


def rearm(people, failover, reason):
    failover.step.refresh_from_db()
    return recovery.rearm(who(people.commander), failover.step.pk, fence=failover.step.fence, reason=reason)
