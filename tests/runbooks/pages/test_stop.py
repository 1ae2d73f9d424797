"""The stop of all sending: one click from every page for a commander, and told on every page to everybody."""

from __future__ import annotations

import pytest
from django.urls import reverse

from runbooks.models import Attempt, Stop
from tests.runbooks.pages.conftest import page_of

STOP = reverse("runbooks:stop")
PAGES = ("/", "/runs/", "/inbox/", "/audit/", "/runbooks/", "/people/", "/pairs/orders/", STOP)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_leads_a_commander_there_and_says_what_holds(commander, viewer, in_force, path):
    assert f'href="{STOP}"' in commander.open(path).html
    assert f'href="{STOP}"' not in viewer.open(path).html
    commander.send(commander.open(STOP), "stop", reason="<b>asked</b>")
    for somebody in (commander, viewer):
        page = somebody.open(path)
        assert "All sending is stopped. commander stopped it at" in page.words
        assert "<b>asked</b>" in page.words


def test_one_press_stops_and_a_reason_lifts(commander, commander2):
    after = commander.send(commander.open(STOP), "stop")
    assert "commander stopped all sending at" in after.words
    refused = commander2.send(after, "lift", reason=" ")
    assert refused.status == 422
    assert "Say why" in refused.words
    lifted = commander2.send(commander2.open(STOP), "lift", reason="they are done")
    assert "All sending is stopped." not in lifted.words
    assert "by commander2: they are done." in lifted.words


def test_an_old_page_lifts_no_newer_stop(commander):
    old = commander.send(commander.open(STOP), "stop")
    again = commander.send(commander.send(old, "lift", reason="done"), "stop", reason="again")
    assert again.status == 200
    assert commander.send(old, "lift", reason="done").status == 409
    assert Stop.objects.get(is_on=True).reason == "again"
    assert commander.post(reverse("runbooks:stop-lift"), {"stop": "x", "reason": "done"}).status == 409


def test_others_see_it_and_cannot_change_it(viewer, admin, db):
    for somebody in (viewer, admin):
        page = somebody.open(STOP)
        assert not {"stop", "lift"} & set(page.forms)
        assert somebody.post(reverse("runbooks:stop-set"), {}).status == 403
    assert not Stop.objects.exists()


def test_an_open_page_is_told_by_itself(commander, viewer):
    tag = viewer.open(STOP).html.split("/shell?tag=")[1].split('"')[0]
    assert viewer.get(f"/shell?tag={tag}").status == 204
    commander.send(commander.open(STOP), "stop")
    assert "All sending is stopped." in viewer.open(f"/shell?tag={tag}").words


def test_a_run_says_not_yet_and_takes_no_confirmation(commander, moving):
    page = commander.open(page_of(moving))
    commander.send(commander.open(STOP), "stop")
    assert "Not yet: all sending is stopped." in commander.open(page_of(moving)).words
    after = commander.send(page, "confirm", phrase="eu-west")
    assert after.status == 422
    assert "commander stopped all sending at" in after.words
    assert not Attempt.objects.exists()
