"""What changed between the decision and the send voids what was decided, and is said with both values."""

from __future__ import annotations

import pytest

from audit.clock import database_now
from audit.ledger import Actor, ledger
from audit.models import Event
from dashboard import inventory
from runbooks.engine.steps.mirrors_failover import FailOverMirrors
from runbooks.models import Attempt, Evidence
from runbooks.services import evidence
from runbooks.services.errors import Invalid

MISSING = "at least 0 records were missing when this was approved, at least 7 are now"


@pytest.fixture
def confirmed(ready_failover, lost_messages):
    """The failover, confirmed by one and not yet approved; nothing was known to be missing then."""
    save_cut(ready_failover, lower=0)
    ready_failover.step = ready_failover.drive.confirm(ready_failover.people.commander, ready_failover.step)
    return ready_failover


def save_cut(failover, *, lower: int) -> None:
    """The cut is saved again, and this much is missing."""
    cut = failover.drive.step(failover.step.run, "cut")
    data = Evidence.objects.filter(kind="cut.save").latest("pk").data
    with ledger(Actor.product("test")) as book:
        evidence.keep(book, "cut.save", {**data, "lower": lower}, database_now(), step=cut)


def test_nobody_is_asked_to_approve_what_got_worse(confirmed):
    save_cut(confirmed, lower=7)
    confirmed.drive.preflight(confirmed.step)

    assert confirmed.state == "ready"
    assert MISSING in confirmed.drive.summary(confirmed.step)
    assert not Attempt.objects.filter(is_live=True, step=confirmed.step).exists()


def test_what_got_worse_after_the_approval_is_not_sent(confirmed):
    confirmed.drive.approve(confirmed.people.commander2, confirmed.step)
    save_cut(confirmed, lower=7)
    confirmed.drive.work()

    assert confirmed.state == "ready"
    assert MISSING in confirmed.drive.summary(confirmed.step)
    assert confirmed.sends() == []
    kinds = Event.objects.filter(step=confirmed.step.pk).order_by("seq").values_list("kind", flat=True)
    assert list(kinds)[-3:] == ["step.claimed", "step.refused", "step.voided"]


def test_a_release_that_changed_what_a_step_does_sends_nothing_of_a_run_started_before(confirmed, monkeypatch):
    confirmed.drive.approve(confirmed.people.commander2, confirmed.step)
    monkeypatch.setattr(FailOverMirrors, "version", FailOverMirrors.version + 1)
    confirmed.drive.work()

    assert confirmed.state == "blocked"
    assert "refused by KIND" in confirmed.drive.summary(confirmed.step)
    assert confirmed.sends() == []


def test_what_only_moved_by_itself_voids_nothing(confirmed):
    confirmed.drive.look()
    confirmed.drive.preflight(confirmed.step)
    assert confirmed.state == "awaiting_approval"


def test_a_step_cannot_be_confirmed_while_the_link_it_binds_is_unread(ready_failover, lost_messages):
    failover, settings = ready_failover, "/links/ledger-link/configs"
    inventory.close_connections()  # what this process read before is gone, as in one that has just begun
    failover.control.fault("ledger", "server-errors", "eu-south", only=settings)
    with pytest.raises(Invalid, match="the settings of link ledger-link on eu-south: they could not be read"):
        failover.drive.confirm(failover.people.commander, failover.step)

    failover.control.heal("ledger", "server-errors", "eu-south")
    failover.arm()
    failover.drive.work()
    assert len(failover.sends()) == 1
