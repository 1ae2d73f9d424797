"""A step that has no way back is confirmed and approved only by somebody who lately proved who they are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.clock import database_now
from people import proof
from runbooks.models import Attempt, StepRun
from tests.runbooks.pages.conftest import page_of
from tests.runbooks.pages.test_confirm_step import state


@pytest.fixture
def for_good(moving):
    StepRun.objects.filter(run=moving, key="move").update(is_irreversible=True)
    return moving


def proved(person, ago: timedelta) -> None:
    session = person.client.session
    session[proof.KEY] = (database_now() - ago).isoformat()
    session.save()


LATELY, LONG_AGO = proof.FRESH_FOR - timedelta(minutes=1), proof.FRESH_FOR + timedelta(seconds=1)


def test_long_ago_is_not_enough_and_what_was_typed_is_kept(commander, for_good):
    page = commander.open(page_of(for_good))
    proved(commander, LONG_AGO)
    refused = commander.send(page, "confirm", phrase="eu-west")
    assert refused.status == 422
    assert "since you proved who you are" in refused.words
    assert 'href="/people/again"' in refused.html
    assert refused.form("confirm").fields["phrase"] == ["eu-west"]
    assert not Attempt.objects.exists()

    proved(commander, timedelta())
    assert commander.send(refused, "confirm").status == 200
    assert state(for_good, "move") == "awaiting_approval"


def test_who_approves_proves_it_too(commander, commander2, for_good):
    commander.send(commander.open(page_of(for_good)), "confirm", phrase="eu-west")
    page = commander2.open(page_of(for_good))
    proved(commander2, LONG_AGO)
    assert commander2.send(page, "confirm", phrase="eu-west").status == 422
    assert state(for_good, "move") == "awaiting_approval"
    proved(commander2, LATELY)
    assert commander2.send(page, "confirm", phrase="eu-west").status == 200
    assert state(for_good, "move") == "queued"


def test_a_session_that_never_proved_it_is_not_enough(commander, for_good):
    page = commander.open(page_of(for_good))
    session = commander.client.session
    del session[proof.KEY]
    session.save()
    assert commander.send(page, "confirm", phrase="eu-west").status == 422


def test_a_step_that_can_be_taken_back_asks_for_no_more(commander, moving):
    page = commander.open(page_of(moving))
    proved(commander, timedelta(hours=11))
    assert commander.send(page, "confirm", phrase="eu-west").status == 200
    assert state(moving, "move") == "awaiting_approval"
