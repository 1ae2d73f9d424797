"""Confirming a step: what the form must carry, who may, and what happens the second time."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from audit.models import Event
from people.models import RoleGrant
from people.rights import Forbidden
from runbooks.engine.states import IllegalMove, Mode
from runbooks.models import Attempt, Nonce, StepRun
from runbooks.services import decisions, nonces
from runbooks.services.errors import Invalid, Reused, Stale
from tests.runbooks.driving import who
from tests.runbooks.texts import ATTESTED, MOVE, approved


@pytest.fixture
def step(orders, people, incident):
    approved(MOVE % 0)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    found = orders.step(run, "move")
    orders.preflight(found)
    return found


def form(account, step, **said):
    asker = said.pop("asker", who(account))
    shown = step.preflight
    return {
        "who": asker, "step_id": step.pk, "fence": step.fence, "digest": shown.digest,
        "nonce": nonces.issue(asker, step), "phrase": shown.phrase, **said,
    }  # fmt: skip


def test_the_typed_phrase_queues_the_step_and_is_recorded(people, step):
    after = decisions.request_step(**form(people.commander, step))

    assert (after.state, after.attempts) == ("queued", 1)
    event = Event.objects.get(kind="step.confirmed")
    assert event.person == str(people.commander.person.public_id)
    attempt = Attempt.objects.get(step=step)
    assert attempt.binding["targets"] == ["clients/checkout"]


@pytest.mark.parametrize("phrase", ["", "us-east", "EU-WEST", "eu-west please"])
def test_another_phrase_changes_nothing_and_says_what_to_type(people, step, phrase):
    with pytest.raises(Invalid) as refused:
        decisions.request_step(**form(people.commander, step, phrase=phrase))
    assert "eu-west" in refused.value.problems["phrase"]
    assert not Attempt.objects.exists()
    assert not Nonce.objects.exists()  # the form can be sent again, put right


@pytest.mark.parametrize("role", ["viewer", "reviewer", "admin"])
def test_only_a_commander_confirms(people, step, role):
    with pytest.raises(Forbidden, match="commander"):
        decisions.request_step(**form(getattr(people, role), step))
    assert not Attempt.objects.exists()


def test_a_right_lost_a_moment_ago_is_lost(people, step):
    sent = form(people.commander, step)
    RoleGrant.objects.filter(person=people.commander.person).delete()
    with pytest.raises(Forbidden):
        decisions.request_step(**sent)


def test_the_same_form_again_gets_the_first_ones_result(people, step):
    sent = form(people.commander, step)
    decisions.request_step(**sent)
    again = decisions.request_step(**sent)

    assert again.state == "queued"
    assert Attempt.objects.count() == 1
    assert Event.objects.filter(kind="step.confirmed").count() == 1


def test_a_used_form_with_another_body_is_refused(people, step):
    sent = form(people.commander, step)
    decisions.request_step(**sent)
    with pytest.raises(Reused):
        decisions.request_step(**{**sent, "phrase": "something else"})


def test_a_number_made_for_somebody_else_is_worth_nothing(people, step):
    sent = form(people.commander, step)
    with pytest.raises(Invalid, match="reload"):
        decisions.request_step(**{**sent, "who": who(people.commander2)})


def test_a_stale_tab_is_told_who_was_faster(people, step):
    old = form(people.commander2, step)
    decisions.request_step(**form(people.commander, step))
    with pytest.raises(Stale) as refused:
        decisions.request_step(**old)
    assert refused.value.who == "commander"
    assert refused.value.now == "queued"


def test_a_page_that_showed_other_facts_is_refused(people, step):
    with pytest.raises(Stale, match="changed"):
        decisions.request_step(**form(people.commander, step, digest="0" * 64))


def test_nothing_is_confirmed_before_the_facts_were_read(orders, people, incident):
    approved(ATTESTED % 0)
    run = orders.start(people.commander, "attested", {}, incident)
    step = orders.step(run, "say-so")
    asker = who(people.commander)
    with pytest.raises(Invalid, match="not been read"):
        decisions.request_step(asker, step.pk, fence=step.fence, digest="", nonce=nonces.issue(asker, step))


def test_what_a_step_must_be_told_is_insisted_on(orders, people, incident):
    approved(ATTESTED % 0)
    run = orders.start(people.commander, "attested", {}, incident)
    step = orders.step(run, "say-so")
    with pytest.raises(Invalid) as refused:
        orders.confirm(people.commander, step)
    assert set(refused.value.problems) == {"observed"}
    assert orders.confirm(people.commander, step, observed="seen").state == "queued"


def test_a_locked_step_cannot_be_confirmed(orders, people, step):
    locked = orders.step(step.run, "say-so")
    asker = who(people.commander)
    with pytest.raises(IllegalMove):
        decisions.request_step(asker, locked.pk, fence=0, digest="", nonce=nonces.issue(asker, locked))


def test_a_rehearsal_asks_nobody(orders, people):
    approved(ATTESTED % 0)
    run = orders.start(people.commander, "attested", {}, mode=Mode.REHEARSAL)
    step = orders.step(run, "say-so")
    asker = who(people.commander)
    with pytest.raises(IllegalMove):
        decisions.request_step(asker, step.pk, fence=step.fence, digest="", nonce=nonces.issue(asker, step))


def test_fifty_confirms_at_once_make_one_attempt(people, step):
    """Two commanders, twenty-five clicks each, every one with a form of its own."""
    forms = [form(account, step) for account in (people.commander, people.commander2) for _ in range(25)]
    outcomes: list[str] = []
    ready = threading.Barrier(len(forms))

    def click(sent):
        try:
            ready.wait()
            decisions.request_step(**sent)
            outcomes.append("won")
        except Stale:
            outcomes.append("stale")
        finally:
            connection.close()

    clicks = [threading.Thread(target=click, args=(sent,)) for sent in forms]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert sorted(outcomes) == ["stale"] * 49 + ["won"]
    assert Attempt.objects.count() == 1
    assert Event.objects.filter(kind="step.confirmed").count() == 1
    assert StepRun.objects.get(pk=step.pk).fence == step.fence + 1


def test_fifty_times_the_same_form_is_one_confirm(people, step):
    sent = form(people.commander, step)
    failures: list[Exception] = []
    ready = threading.Barrier(50)

    def click():
        try:
            ready.wait()
            decisions.request_step(**sent)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(50)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert failures == []
    assert Attempt.objects.count() == 1
    assert Event.objects.filter(kind="step.confirmed").count() == 1
