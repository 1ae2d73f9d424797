"""The cluster's REST does not serve the command: a person runs it, between the same guards and the same looking."""

from __future__ import annotations

import pytest

from audit.models import Event
from runbooks.models import Attempt, Call, Preflight
from runbooks.services import decisions, nonces
from runbooks.services.errors import Invalid
from tests.runbooks.driving import who


@pytest.fixture
def guided(ready_failover, lost_messages, control):
    """The failover's step, on a cluster that answers 404 to it."""
    control.ask("PUT", "/pairs/ledger/sides/eu-south/settings", {"serves": ["pause", "resume"]})
    yield ready_failover
    control.ask("POST", "/pairs/ledger/reset")


def run_it(guided, account):
    step, asker = guided.step, who(account)
    shown = guided.drive.preflight(step)
    assert shown.preview["is_guided"]
    guided.step = decisions.i_run_it_now(
        asker, step.pk, fence=step.fence, digest=shown.digest, nonce=nonces.issue(asker, step), phrase=shown.phrase
    )
    guided.drive.approve(guided.people.commander2, guided.step)
    guided.drive.work()


def test_the_page_gets_the_exact_command(guided):
    shown = guided.drive.preflight(guided.step)
    assert shown.preview["is_guided"]
    assert shown.preview["command"].startswith("kafka-mirrors")
    assert "--topics" in shown.preview["command"]


def test_an_ordinary_confirmation_is_not_taken_for_it(guided, people):
    with pytest.raises(Invalid, match="by hand"):
        guided.drive.confirm(people.commander, guided.step)


def test_nothing_is_sent_and_the_command_is_the_intent(guided, people):
    run_it(guided, people.commander)

    call = Call.objects.get(attempt__step=guided.step)
    assert (call.outcome, call.intent["command"]) == ("by-hand", Attempt.objects.get(step=guided.step).command)
    assert guided.state == "unknown"
    assert guided.sends() == []
    assert Event.objects.filter(kind="step.sent", step=guided.step.pk).count() == 1


def test_what_the_person_ran_is_seen_like_any_other(guided, people, control):
    run_it(guided, people.commander)
    command = Preflight.objects.get(step=guided.step).preview["command"].split()
    control.ask("POST", "/pairs/ledger/kafka-mirrors", {"side": "eu-south", "argv": command})

    guided.drive.work_until(lambda: guided.state == "succeeded", "the outcome to be seen")
    assert [row["via"] for row in guided.sends()] == ["kafka-mirrors"]


def test_a_command_that_nobody_ran_is_seen_as_not_applied(guided, people):
    run_it(guided, people.commander)
    guided.drive.work_until(lambda: "can be re-armed" in guided.drive.summary(guided.step), "the looks to prove it")
    assert guided.sends() == []
