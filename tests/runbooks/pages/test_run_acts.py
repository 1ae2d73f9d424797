"""Pausing, aborting, taking command, adopting a changed inventory."""

from __future__ import annotations

import pytest
from django.urls import reverse

from runbooks.models import Run
from tests.runbooks.driving import put_in_force
from tests.runbooks.pages.conftest import page_of
from tests.runbooks.pages.test_confirm_step import state

ACTS = ("pause", "resume", "abort", "take-command", "adopt-inventory")


def address(run, name: str) -> str:
    return reverse(f"runbooks:run-{name}", args=[run.pk])


@pytest.mark.parametrize("name", ACTS)
def test_only_a_commander_and_only_by_a_form(commander, viewer, moving, name):
    before = Run.objects.values().get(pk=moving.pk)
    assert commander.get(address(moving, name)).status == 405
    assert viewer.post(address(moving, name), {"reason": "because"}).status == 403
    assert Run.objects.values().get(pk=moving.pk) == before


def test_a_viewer_is_offered_nothing(viewer, moving):
    page = viewer.open(page_of(moving))
    assert not [name for name in page.forms if name.startswith("act-")]


def test_a_pause_is_a_promise_that_is_kept_and_ended(commander, moving):
    page = commander.open(page_of(moving))
    assert commander.send(page, "act-pause", reason="").status == 422
    paused = commander.send(page, "act-pause", reason="to think")
    assert "Paused" in paused.words
    assert "Not yet: the run is paused." in paused.words
    assert commander.send(page, "confirm", phrase="eu-west").status == 409
    resumed = commander.send(paused, "act-resume")
    assert "Running" in resumed.words
    assert Run.objects.get(pk=moving.pk).state == "running"


def test_an_abort_ends_the_run_and_says_why(commander, moving):
    page = commander.open(page_of(moving))
    after = commander.send(page, "act-abort", reason="the region is back")
    assert "Aborted" in after.words
    assert "This run is over." in after.words
    assert state(moving, "move") == "cancelled"
    assert not [name for name in after.forms if name.startswith("act-")]
    again = commander.send(page, "act-abort", reason="the region is back")
    assert again.status == 409


def test_command_is_taken_by_name(commander, commander2, moving):
    page = commander2.open(page_of(moving))
    assert "In command: commander " in page.words
    after = commander2.send(page, "act-take-command", reason="hand-over agreed")
    assert "In command: commander2 " in after.words
    assert "act-take-command" not in after.forms


def test_a_changed_inventory_is_adopted_as_it_was_shown(commander, moving, sandbox):
    text = sandbox.inventory_text()
    put_in_force(text.replace("rto: 30m", "rto: 31m"))
    page = commander.open(page_of(moving))
    put_in_force(text.replace("rto: 30m", "rto: 32m"))
    stale = commander.send(page, "act-adopt-inventory", reason="reviewed")
    assert stale.status == 409
    assert "The inventory has changed again" in stale.words
    after = commander.send(stale, "act-adopt-inventory", reason="reviewed")
    assert after.status == 200
    assert "act-adopt-inventory" not in after.forms


def test_a_held_run_asks_for_the_inventory_first_and_says_what_changed(commander, viewer, orders, moving, sandbox):
    put_in_force(sandbox.inventory_text().replace("rto: 30m", "rto: 31m"))
    orders.work_until(lambda: Run.objects.get(pk=moving.pk).held, "the run to be held")
    page = commander.open(page_of(moving))
    assert "The run is held." in page.words
    assert "Adopt the changed inventory" in page.words
    assert '<details data-act="adopt-inventory" open>' in page.html
    assert "rto changed from" in page.words
    assert commander.send(page, "confirm", phrase="eu-west").status == 422
    assert "orders-1 is held" in commander.open(reverse("runbooks:inbox")).words
    assert "Adopt the changed inventory" not in viewer.open(page_of(moving)).words
