"""The second person: approving or declining on the page, never one's own request."""

from __future__ import annotations

import pytest

from runbooks.models import Approval
from tests.runbooks.pages.conftest import act, page_of
from tests.runbooks.pages.test_confirm_step import state
from tests.runbooks.texts import ATTESTED, approved

ANSWERS = {"observed": "seen"}


@pytest.fixture
def asked(commander, moving):
    """The commander has confirmed the first step."""
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    assert state(moving, "move") == "awaiting_approval"
    return moving


def test_another_person_approves(commander2, asked):
    page = commander2.open(page_of(asked))
    assert "Waiting for you: approval (1 of 2)" in page.words
    assert "2 of 2 · you, commander2" in page.words
    assert page.form("confirm").labels == ["To approve, type ", "eu-west"]
    after = commander2.send(page, "confirm", phrase="eu-west")
    assert after.status == 200
    assert state(asked, "move") == "queued"


@pytest.mark.parametrize(("typed", "was"), [("", "nothing was typed"), ("us-east", "it was 'us-east'")])
def test_an_approval_that_is_not_typed_as_asked_is_kept_and_explained(commander2, asked, typed, was):
    after = commander2.send(commander2.open(page_of(asked)), "confirm", phrase=typed)
    assert after.status == 422
    assert after.form("confirm").fields["phrase"] == [typed]
    assert f"Type 'eu-west' to approve; {was}." in after.words
    assert state(asked, "move") == "awaiting_approval"
    assert not Approval.objects.exists()


def test_an_approval_forged_without_the_phrase_is_refused(commander2, asked):
    sent = commander2.open(page_of(asked)).form("confirm").filled()
    sent.pop("phrase")
    assert commander2.post(act(asked, "move", "approve"), sent).status == 422
    assert not Approval.objects.exists()


def test_what_a_click_confirms_a_click_approves(commander, commander2, orders, people, incident):
    approved(ATTESTED % 1)
    run = orders.start(people.commander, "attested", {}, incident)
    orders.confirm(people.commander, orders.step(run, "say-so"), **ANSWERS)
    page = commander2.open(page_of(run))
    assert "phrase" not in page.form("confirm").fields
    assert commander2.send(page, "confirm").status == 200
    assert state(run, "say-so") == "queued"


def test_the_one_who_asked_sees_nothing_to_do(commander, asked):
    page = commander.open(page_of(asked))
    assert "confirm" not in page.forms
    assert "Nothing for you to do." in page.words
    assert "act-withdraw" in page.forms


@pytest.mark.parametrize("who_asks", ["commander", "same_person"])
def test_nobody_approves_their_own_request_by_a_forged_form(request, commander2, asked, who_asks):
    person = request.getfixturevalue(who_asks)
    stolen = commander2.open(page_of(asked)).form("confirm").filled(phrase="eu-west")
    own = person.open(page_of(asked)).form("act-withdraw").filled()
    # The number of a form of their own, made for this step, with what the other's form would have said.
    forged = stolen | {"nonce": own["nonce"]}
    assert person.post(act(asked, "move", "approve"), forged).status == 403
    assert state(asked, "move") == "awaiting_approval"
    assert not Approval.objects.exists()


def test_a_second_account_is_not_offered_the_approval(same_person, asked):
    assert "confirm" not in same_person.open(page_of(asked)).forms


@pytest.mark.parametrize("name", ["viewer", "reviewer", "admin"])
def test_only_commanders_approve(request, commander2, asked, name):
    person = request.getfixturevalue(name)
    assert "confirm" not in person.open(page_of(asked)).forms
    stolen = commander2.open(page_of(asked)).form("confirm").filled(phrase="eu-west")
    assert person.post(act(asked, "move", "approve"), stolen).status == 403
    assert state(asked, "move") == "awaiting_approval"


def test_looking_never_approves(commander2, asked):
    assert commander2.get(act(asked, "move", "approve")).status == 405


def test_declining_needs_a_reason_and_returns_the_step(commander, commander2, asked):
    page = commander2.open(page_of(asked))
    silent = commander2.send(page, "act-decline", reason="  ")
    assert silent.status == 422
    assert "Say why, in a sentence" in silent.words
    assert '<details data-act="decline" open>' in silent.html
    after = commander2.send(silent, "act-decline", reason="not these producers")
    assert after.status == 200
    assert state(asked, "move") == "ready"
    again = commander.open(page_of(asked))
    assert "The last request came to nothing; nothing was sent." in again.words
    assert "declined by commander2: not these producers" in again.words


def test_what_was_withdrawn_meanwhile_cannot_be_approved(commander, commander2, asked):
    page = commander2.open(page_of(asked))
    commander.send(commander.open(page_of(asked)), "act-withdraw")
    after = commander2.send(page, "confirm", phrase="eu-west")
    assert after.status == 409
    assert "commander moved “Move them” on" in after.words
    assert state(asked, "move") == "ready"


def test_only_the_one_who_asked_may_withdraw(commander, commander2, asked):
    assert "act-withdraw" not in commander2.open(page_of(asked)).forms
    stolen = commander.open(page_of(asked)).form("act-withdraw").filled()
    assert commander2.post(act(asked, "move", "withdraw"), stolen).status == 403
    assert state(asked, "move") == "awaiting_approval"
