"""Skipping, overriding, re-arming, looking again: each with its reason, each refused to those who may not."""

from __future__ import annotations

import pytest

from audit.models import Event
from runbooks.models import Attempt, Override, StepRun
from runbooks.queries import waiting_for
from runbooks.queries.viewer import Viewer
from runbooks.services.definitions import import_released
from tests.runbooks.driving import P1, P1_PARAMETERS
from tests.runbooks.pages.conftest import act, page_of
from tests.runbooks.pages.test_confirm_step import state
from tests.runbooks.texts import MOVE, approved

ACTS = ("run-now", "approve", "decline", "withdraw", "skip", "rearm", "override", "acknowledge", "look", "request")


@pytest.mark.parametrize("name", ACTS)
def test_no_decision_is_taken_by_looking(commander, moving, name):
    assert commander.get(act(moving, "move", name)).status == 405


@pytest.mark.parametrize("name", ACTS)
def test_no_viewer_decides(viewer, moving, name):
    sent = {"fence": 1, "reason": "because", "guard": "fresh_facts", "why": "", "digest": "", "nonce": ""}
    assert viewer.post(act(moving, "move", name), sent).status == 403
    assert state(moving, "move") == "ready"


@pytest.mark.parametrize("name", ACTS)
def test_a_step_that_does_not_exist_is_not_found(commander, moving, name):
    assert commander.post(act(moving, "no-such-step", name), {}).status == 404


def test_an_optional_step_is_skipped_with_a_reason(commander, moving):
    page = commander.open(page_of(moving, step="say-so"))
    silent = commander.send(page, "act-skip", reason="")
    assert silent.status == 422
    assert state(moving, "say-so") == "locked"
    after = commander.send(silent, "act-skip", reason="done by phone")
    assert after.status == 200
    assert state(moving, "say-so") == "skipped"
    assert "Skipped by commander" in commander.open(page_of(moving)).words


def test_a_step_that_must_be_done_is_not_offered_for_skipping(commander, moving):
    page = commander.open(page_of(moving))
    assert "act-skip" not in page.forms
    refused = commander.post(act(moving, "move", "skip"), {"fence": 1, "reason": "because"})
    assert refused.status == 409
    assert state(moving, "move") == "ready"


@pytest.fixture
def doubtful(orders, people, incident):
    """P1 while nothing is down: its first step would be refused."""
    import_released()
    run = orders.start(people.commander, P1, P1_PARAMETERS, incident)
    orders.preflight(orders.step(run, "confirm-outage"))
    return run


def test_a_refusal_names_its_rule_what_was_seen_and_who_may_pass_it(commander, doubtful):
    page = commander.open(page_of(doubtful))
    assert "The outage is not confirmed" in page.words
    assert "Rule R27. It cannot be overridden, by anyone." in page.words
    assert "Not yet: R27 would refuse it now, and nothing would be sent." in page.words
    assert not [form for form in page.forms if form.startswith("act-override")]


def test_an_absolute_guard_is_not_overridden_by_a_forged_form(commander, doubtful):
    step = StepRun.objects.get(run=doubtful, key="confirm-outage")
    for guard in ("R27", "outage_seen"):
        sent = {"fence": step.fence, "guard": guard, "reason": "I know better"}
        assert commander.post(act(doubtful, "confirm-outage", "override"), sent).status == 422
    assert not Override.objects.exists()


def test_confirming_what_an_absolute_guard_refuses_does_nothing(commander, doubtful):
    page = commander.open(page_of(doubtful))
    after = commander.send(page, "confirm")
    assert after.status == 422
    assert "Refused by R27" in after.words
    assert state(doubtful, "confirm-outage") == "ready"


def test_an_override_is_by_name_with_a_reason_and_stays_marked(commander, orders, moving, control, people):
    """R15: the topics are writable; taken away by asking for the side that is not there to write to."""
    step = StepRun.objects.get(run=moving, key="move")
    rows = [row for row in orders.preflight(step).verdicts if row["level"] == "overridable"]
    sent = {"fence": step.fence, "guard": rows[0]["guard"], "reason": "the application owners agreed"}
    assert commander.post(act(moving, "move", "override"), sent | {"reason": ""}).status == 422
    assert commander.post(act(moving, "move", "override"), sent).status == 200
    assert Override.objects.get().reason == "the application owners agreed"
    assert Event.objects.filter(kind="guard.overridden").count() == 1
    assert "a guard is overridden" in commander.open(page_of(moving)).words


@pytest.fixture
def drifted(orders, people, incident):
    """The producers were moved, and are no longer where the step brought them; the next step is ready."""
    approved(MOVE % 0)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    orders.go(people.commander, people.commander2, run, "move")
    StepRun.objects.filter(run=run, key="move").update(drifted=True, drift_why="checkout runs on us-east again")
    orders.preflight(orders.step(run, "say-so"))
    return run


def test_a_tick_that_no_longer_holds_is_taken_back_until_somebody_says_so(commander, viewer, people, drifted):
    page = commander.open(page_of(drifted, step="move"))
    assert "no longer true" in page.words
    assert "Checkout runs on us-east again." in page.words
    assert "Put it right, or acknowledge it by name at that step." in commander.open(page_of(drifted)).words
    assert waiting_for(Viewer.of(people.commander)).count == 2
    sent = page.form("confirm").filled(reason="known: the old fleet is being taken down")
    assert commander.post(act(drifted, "move", "acknowledge"), sent | {"why": "something else"}).status == 422
    assert viewer.post(act(drifted, "move", "acknowledge"), sent).status == 403
    assert commander.send(page, "confirm", reason="").status == 422
    assert commander.send(page, "confirm", reason="known: the old fleet is being taken down").status == 200
    after = commander.open(page_of(drifted, step="move"))
    assert "no longer true" in after.words
    assert "that it may stay so: “known: the old fleet is being taken down”" in after.words
    assert "confirm" not in after.forms
    assert waiting_for(Viewer.of(people.commander)).count == 1


def test_a_command_that_a_person_has_to_run_is_told_when_and_is_not_called_lost(commander, moving):
    step = StepRun.objects.get(run=moving, key="move")
    step.preflight.preview = step.preflight.preview | {"is_guided": True, "command": "kafka-mirrors --failover"}
    step.preflight.save()
    page = commander.open(page_of(moving))
    assert "I run it now" in page.words
    assert "kafka-mirrors --failover" in page.words
    assert "Once others have agreed and the guards are met, run it." in page.words
    assert commander.post(act(moving, "move", "request"), page.form("confirm").filled(phrase="eu-west")).status == 422
    commander.send(page, "confirm", phrase="eu-west")
    attempt = Attempt.objects.get()
    assert attempt.is_guided
    assert state(moving, "move") == "awaiting_approval"
