"""People leave, or lose their role, in the middle of a decision: what rests on their word is void, and says so."""

from __future__ import annotations

import pytest

from audit.models import Event
from people import services as people_services
from people.models import RoleGrant
from runbooks.models import Approval, Attempt, Call
from runbooks.services import execution, sweeping
from runbooks.services.errors import Stale
from tests.runbooks.driving import who
from tests.runbooks.pages.conftest import page_of
from tests.runbooks.pages.reading import Person
from tests.runbooks.texts import MOVE, approved


@pytest.fixture
def confirm(orders, people, incident):
    """Confirmed by the commander; waits for so many other persons."""

    def make(approvals: int):
        approved(MOVE % approvals)
        run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
        return orders.confirm(people.commander, orders.step(run, "move"))

    return make


def demote(people, name: str) -> None:
    people_services.revoke_role(who(people.admin).actor, getattr(people, name).person, "commander")


def deactivate(people, name: str) -> None:
    people_services.deactivate(who(people.admin).actor, getattr(people, name).person)


@pytest.mark.parametrize("leaves", [demote, deactivate])
@pytest.mark.parametrize("name", ["commander", "commander2"])
def test_what_waits_for_others_is_void_at_the_next_sweep(orders, people, confirm, leaves, name):
    step = confirm(2)
    orders.approve(people.commander2, step)
    leaves(people, name)
    sweeping.put_right("executor")

    step.refresh_from_db()
    assert step.state == "ready"
    assert f"{name}, who {'confirmed' if name == 'commander' else 'approved'}, may not do so any more" in step.summary
    assert not Attempt.objects.filter(step=step, is_live=True).exists()
    assert Event.objects.get(kind="step.voided").source == "executor"
    assert "may not do so any more" in Person(people.viewer).open(page_of(step.run)).words


def test_what_still_binds_is_left_alone(orders, people, confirm):
    step = confirm(2)
    orders.approve(people.commander2, step)
    demote(people, "commander2")
    RoleGrant.objects.create(person=people.commander2.person, role="commander")
    sweeping.put_right("executor")
    assert orders.state(step) == "awaiting_approval"


def test_nobody_approves_the_request_of_somebody_who_left(orders, people, confirm):
    """Between two sweeps as well."""
    step = confirm(1)
    demote(people, "commander")
    with pytest.raises(Stale, match="commander, who confirmed, may not do so any more"):
        orders.approve(people.commander2, step)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("name", ["commander", "commander2"])
def test_a_right_lost_while_a_worker_judges_is_seen_beside_the_intent(orders, people, confirm, monkeypatch, name):
    """Read at the claim it was still held; it is read again in the transaction of the intent."""
    step = orders.approve(people.commander2, confirm(1))
    judge = execution.examine

    def and_then_they_leave(*args, **named):
        found = judge(*args, **named)
        demote(people, name)
        return found

    monkeypatch.setattr(execution, "examine", and_then_they_leave)
    orders.work()
    step.refresh_from_db()
    assert step.state == "ready"
    assert f"{name}, who" in step.summary
    assert not Call.objects.exists()
    assert orders.place_of("checkout") == "us-east"
