"""The cluster takes a command and answers badly, or cannot be reached at that moment: what is provable decides."""

from __future__ import annotations

import pytest

from runbooks import trial
from runbooks.models import Call
from runbooks.services import recovery
from tests.runbooks.driving import who


@pytest.fixture
def failover(ready_failover, lost_messages):
    ready_failover.arm()
    return ready_failover


@pytest.fixture
def between_intent_and_request(monkeypatch):
    """`between_intent_and_request(act)`: facts were read and all is well; then this happens, and the request leaves."""

    def arrange(act) -> None:
        monkeypatch.setattr(trial, "point", lambda name, _: act() if name == "intended" else None)

    return arrange


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_after_it_was_applied_is_unknown_and_then_seen_done(
    failover, control, between_intent_and_request, status
):
    between_intent_and_request(
        lambda: control.fault("ledger", "server-errors", "eu-south", status=status, applied=True)
    )
    failover.drive.work()
    assert failover.state == "unknown"
    assert Call.objects.get().outcome == "unknown"

    control.heal("ledger", "server-errors", "eu-south")
    failover.drive.work_until(lambda: failover.state == "succeeded", "it to be seen done")
    assert len(failover.sends()) == 1


def test_an_error_and_nothing_applied_is_unknown_until_looks_prove_it(failover, control, between_intent_and_request):
    between_intent_and_request(lambda: control.fault("ledger", "server-errors", "eu-south", applied=False))
    failover.drive.work()
    assert failover.state == "unknown"
    control.heal("ledger", "server-errors", "eu-south")
    failover.drive.work_until(lambda: "can be re-armed" in failover.drive.summary(failover.step), "the proof")
    assert Call.objects.count() == 1


@pytest.mark.parametrize("kind", ["truncated", "html", "redirect"])
def test_an_answer_that_cannot_be_read_is_unknown_and_then_seen_done(
    failover, control, between_intent_and_request, kind
):
    between_intent_and_request(lambda: control.fault("ledger", "damaged-answers", "eu-south", kind=kind))
    failover.drive.work()
    assert failover.state == "unknown"

    control.heal("ledger", "damaged-answers", "eu-south")
    failover.drive.work_until(lambda: failover.state == "succeeded", "it to be seen done")
    assert len(failover.sends()) == 1


def test_a_connection_that_is_refused_proves_that_nothing_was_sent(
    failover, people, control, between_intent_and_request
):
    between_intent_and_request(lambda: control.fault("ledger", "region-down", "eu-south", mode="refuse"))
    failover.drive.work()
    assert failover.state == "failed"
    assert Call.objects.get().outcome == "not-sent"
    assert "nothing was applied" in failover.drive.summary(failover.step)
    assert failover.sends() == []

    control.heal("ledger", "region-down", "eu-south")
    failover.step.refresh_from_db()
    again = recovery.rearm(who(people.commander), failover.step.pk, fence=failover.step.fence, reason="it is back")
    assert again.state == "ready"
