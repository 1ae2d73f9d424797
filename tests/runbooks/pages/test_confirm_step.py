"""Confirming a step on the page of its run."""

from __future__ import annotations

import pytest

from runbooks.models import Attempt, StepRun
from tests.runbooks.pages.conftest import act, page_of
from tests.runbooks.texts import MOVE, approved


def state(run, key: str) -> str:
    return StepRun.objects.values_list("state", flat=True).get(run=run, key=key)


def test_what_was_typed_as_asked_confirms_the_step(commander, moving):
    page = commander.open(page_of(moving))
    assert page.form("confirm").labels == ["To confirm, type ", "eu-west"]
    after = commander.send(page, "confirm", phrase="eu-west")
    assert after.status == 200
    assert state(moving, "move") == "awaiting_approval"
    assert "Waiting for another person (1 of 2)" in after.words
    assert "Nothing for you to do." in after.words


def test_the_card_says_what_is_asked_what_was_seen_and_what_would_happen(commander, moving):
    page = commander.open(page_of(moving))
    assert page.headings[0] == "Move producers: orders"
    assert "Send checkout to eu-west?" in page.headings
    for part in ("Challenge", "Evidence", "Response", "What will happen", "What clients see", "How to undo"):
        assert part in page.words
    assert "guards:" in page.words
    assert "All are read again just before sending." in page.words


def test_a_wrong_phrase_is_kept_and_explained(commander, moving):
    page = commander.open(page_of(moving))
    after = commander.send(page, "confirm", phrase="us-east")
    assert after.status == 422
    assert after.form("confirm").fields["phrase"] == ["us-east"]
    assert "Type 'eu-west' to confirm; it was 'us-east'." in after.words
    assert 'aria-invalid="true" autofocus' in after.html
    assert state(moving, "move") == "ready"


def test_what_a_step_asks_for_has_to_be_said(commander, attesting):
    page = commander.open(page_of(attesting))
    asked = [name for name in page.form("confirm").fields if name.startswith("input-")]
    assert asked
    after = commander.send(page, "confirm")
    assert after.status == 422
    assert state(attesting, "say-so") == "ready"
    answered = commander.post(
        after.form("confirm").action, after.form("confirm").filled() | dict.fromkeys(asked, "I saw it")
    )
    assert answered.status == 200
    assert state(attesting, "say-so") == "queued"
    assert set(Attempt.objects.get().inputs.values()) == {"I saw it"}


def test_looking_never_confirms(commander, moving):
    assert commander.get(act(moving, "move", "request")).status == 405
    assert state(moving, "move") == "ready"


def test_a_viewer_sees_no_form_and_is_refused(commander, viewer, moving):
    assert "confirm" not in viewer.open(page_of(moving)).forms
    stolen = commander.open(page_of(moving)).form("confirm").filled(phrase="eu-west")
    refused = viewer.post(act(moving, "move", "request"), stolen)
    assert refused.status == 403
    assert "commander" in refused.words
    assert state(moving, "move") == "ready"


def test_a_page_that_somebody_overtook_is_told_who_was_faster(commander, commander2, moving):
    page = commander.open(page_of(moving))
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    after = commander.send(page, "confirm", phrase="eu-west")
    assert after.status == 409
    assert "commander2 moved “Move them” on" in after.words
    assert "Nothing of what you sent was done." in after.words
    assert Attempt.objects.count() == 1


def test_the_same_form_again_gets_the_same_result(commander, moving):
    page = commander.open(page_of(moving))
    sent = page.form("confirm").filled(phrase="eu-west")
    first, second = (commander.post(act(moving, "move", "request"), sent) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert "Waiting for another person (1 of 2)" in second.words
    assert Attempt.objects.count() == 1


def test_the_same_number_with_another_body_is_refused(commander, moving):
    page = commander.open(page_of(moving))
    commander.send(page, "confirm", phrase="eu-west")
    again = commander.send(page, "confirm", phrase="eu-west ", digest="0" * 64)
    assert again.status == 409
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("nonce", ["", "forged", "forged.forged"])
def test_a_form_that_was_not_made_here_is_refused(commander, moving, nonce):
    page = commander.open(page_of(moving))
    assert commander.send(page, "confirm", phrase="eu-west", nonce=nonce).status == 422
    assert not Attempt.objects.exists()


def test_another_persons_form_is_refused(commander, commander2, moving):
    stolen = commander.open(page_of(moving)).form("confirm").filled(phrase="eu-west")
    assert commander2.post(act(moving, "move", "request"), stolen).status == 422
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("fence", ["", "x", "-1", "9" * 40, "٣"])
def test_a_fence_that_is_no_fence_is_an_old_page(commander, moving, fence):
    page = commander.open(page_of(moving))
    assert commander.send(page, "confirm", phrase="eu-west", fence=fence).status in {409, 422}
    assert not Attempt.objects.exists()


def test_before_the_facts_are_read_nothing_can_be_confirmed(orders, people, commander, incident):
    approved(MOVE % 0)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    page = commander.open(page_of(run))
    assert "Not yet: the facts for it are being read." in page.words
    assert 'aria-disabled="true"' in page.html
    assert commander.send(page, "confirm", phrase="eu-west").status == 422


def test_the_timeline_tells_what_people_did_and_came_of_it_by_the_steps_titles(commander, commander2, moving):
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    page = commander2.open(page_of(moving))
    commander2.send(page, "act-decline", reason="not these producers")
    told = commander.open(page_of(moving)).words.partition("Timeline")[2]
    assert "commander confirmed “Move them”; it waits for another person" in told
    assert "commander2 declined “Move them”" in told
    assert "not these producers" in told
    assert "is next" not in told  # the machinery stands in the record
