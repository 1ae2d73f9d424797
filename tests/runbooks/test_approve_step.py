"""The second person: who counts as one, what they agree to, and when their word is void."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.body import read
from audit.clock import database_now
from audit.models import Event
from people.models import Account, RoleGrant
from people.rights import Forbidden
from runbooks.engine.states import IllegalMove
from runbooks.models import Approval, Attempt, Nonce, Preflight
from runbooks.services import decisions, nonces, sweeping
from runbooks.services.errors import Invalid, Stale
from tests.runbooks.driving import who
from tests.runbooks.texts import ATTESTED, MOVE, approved


@pytest.fixture
def asked(orders, people, incident):
    """Confirmed by the commander; waits for one other person."""
    approved(MOVE % 1)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    return orders.confirm(people.commander, orders.step(run, "move"))


def vote(does, account, step, **said):
    asker, attempt = who(account), Attempt.objects.filter(step=step).latest("number")
    sent = {"fence": step.fence, "digest": attempt.digest, "nonce": nonces.issue(asker, step)}
    if does is decisions.approve:
        sent["phrase"] = attempt.phrase
    return does(asker, step.pk, **{**sent, **said})


def second_account(account) -> Account:
    other = Account(username=f"{account.username}-again", person=account.person)
    other.set_unusable_password()
    other.save()
    return other


def test_the_last_approval_queues_the_step(people, asked):
    assert asked.state == "awaiting_approval"
    after = vote(decisions.approve, people.commander2, asked)
    assert after.state == "queued"
    assert Event.objects.get(kind="step.approved").person == str(people.commander2.person.public_id)


@pytest.mark.parametrize("phrase", ["", "us-east", "EU-WEST", "eu-west please"])
def test_who_approves_types_what_the_confirmer_typed(people, asked, phrase):
    with pytest.raises(Invalid) as refused:
        vote(decisions.approve, people.commander2, asked, phrase=phrase)
    assert "eu-west" in refused.value.problems["phrase"]
    assert not Approval.objects.exists()
    assert Nonce.objects.count() == 1  # the request's own: the form can be sent again, put right
    asked.refresh_from_db()
    assert asked.state == "awaiting_approval"


def test_what_the_approver_typed_is_recorded(people, asked):
    vote(decisions.approve, people.commander2, asked, phrase=" eu-west ")
    event = read(Event.objects.get(kind="step.approved").body)
    assert event is not None
    assert event["facts"]["typed"] == "eu-west"


def test_the_phrase_is_the_attempts_not_todays(people, asked):
    Preflight.objects.filter(step=asked).update(phrase="")
    with pytest.raises(Invalid, match="eu-west"):
        vote(decisions.approve, people.commander2, asked, phrase="")


def test_words_that_a_click_did_not_ask_for_are_not_asked_of_the_approver(orders, people, incident):
    approved(ATTESTED % 1)
    run = orders.start(people.commander, "attested", {}, incident)
    step = orders.step(run, "say-so")
    shown, asker = orders.preflight(step), who(people.commander)
    step = decisions.request_step(
        asker, step.pk, fence=step.fence, digest=shown.digest, nonce=nonces.issue(asker, step), phrase="uncalled for",
        inputs={row["name"]: "seen" for row in shown.prompts},
    )  # fmt: skip
    assert vote(decisions.approve, people.commander2, step, phrase="").state == "queued"


def test_nobody_approves_what_they_confirmed(people, asked):
    with pytest.raises(Forbidden, match="another person"):
        vote(decisions.approve, people.commander, asked)


def test_a_second_account_is_not_a_second_person(people, asked):
    with pytest.raises(Forbidden, match="another person"):
        vote(decisions.approve, second_account(people.commander), asked)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "reviewer", "admin"])
def test_only_a_commander_approves_a_step(people, asked, role):
    with pytest.raises(Forbidden):
        vote(decisions.approve, getattr(people, role), asked)


def written(attempt, requester, approver):
    with transaction.atomic():
        Approval.objects.create(
            attempt=attempt, requester=requester.person, approver=approver.person, verdict="approve",
            digest=attempt.digest, at=database_now(),
        )  # fmt: skip


def test_the_database_itself_refuses_a_self_approval(people, asked):
    attempt = Attempt.objects.get(step=asked)
    with pytest.raises(IntegrityError):
        written(attempt, people.commander, people.commander)


def test_the_database_refuses_an_approval_that_names_another_requester(people, asked):
    attempt = Attempt.objects.get(step=asked)
    with pytest.raises(IntegrityError):
        written(attempt, people.commander2, people.commander)


def test_one_word_each(orders, people, incident):
    approved(MOVE % 2)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    step = orders.confirm(people.commander, orders.step(run, "move"))

    after = vote(decisions.approve, people.commander2, step)
    assert after.state == "awaiting_approval"
    with pytest.raises(IllegalMove, match="once"):
        vote(decisions.approve, people.commander2, step)


def test_one_decline_returns_the_step_with_the_reason(people, asked):
    after = vote(decisions.decline, people.commander2, asked, reason="not yet")
    assert after.state == "ready"
    assert "not yet" in after.summary
    assert not Attempt.objects.get(step=asked).is_live


def test_a_decline_needs_a_reason(people, asked):
    with pytest.raises(Exception, match="Say why"):
        vote(decisions.decline, people.commander2, asked, reason=" ")


def test_the_confirmer_can_take_it_back_and_nobody_else(people, asked):
    with pytest.raises(Forbidden):
        decisions.withdraw(who(people.commander2), asked.pk, fence=asked.fence)
    assert decisions.withdraw(who(people.commander), asked.pk, fence=asked.fence).state == "ready"


def test_an_approval_binds_what_was_shown(people, asked):
    with pytest.raises(Stale):
        vote(decisions.approve, people.commander2, asked, digest="0" * 64)


def test_what_was_confirmed_expires_by_the_databases_clock(orders, people, incident, aged):
    approved(MOVE % 1)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    with aged(timedelta(minutes=16)):
        step = orders.confirm(people.commander, orders.step(run, "move"))

    with pytest.raises(Stale, match="expired"):
        vote(decisions.approve, people.commander2, step)
    sweeping.put_right("executor")

    step.refresh_from_db()
    assert step.state == "ready"
    assert "expired" in step.summary
    assert Event.objects.get(kind="step.expired").source == "executor"


def test_an_approval_that_expired_before_the_claim_sends_nothing(orders, people, asked, monkeypatch):
    vote(decisions.approve, people.commander2, asked)
    monkeypatch.setattr("runbooks.services.binding.database_now", lambda: database_now() + timedelta(minutes=16))
    orders.work()

    asked.refresh_from_db()
    assert asked.state == "ready"
    assert "expired" in asked.summary
    assert orders.place_of("checkout") == "us-east"


@pytest.mark.parametrize("who_lost", ["commander", "commander2"])
def test_a_right_lost_before_the_claim_voids_what_was_decided(orders, people, asked, who_lost):
    vote(decisions.approve, people.commander2, asked)
    RoleGrant.objects.filter(person=getattr(people, who_lost).person).delete()
    orders.work()

    asked.refresh_from_db()
    assert asked.state == "ready"
    assert f"{who_lost}, who" in asked.summary
    assert orders.place_of("checkout") == "us-east"


def test_a_deactivated_person_counts_no_longer(orders, people, asked):
    vote(decisions.approve, people.commander2, asked)
    people.commander2.person.active = False
    people.commander2.person.save()
    orders.work()

    asked.refresh_from_db()
    assert asked.state == "ready"
    assert orders.place_of("checkout") == "us-east"
