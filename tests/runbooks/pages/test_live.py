"""What of a run's page refreshes, and what never does."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from tests.runbooks.pages.conftest import page_of


def poll(person, run, page: str, **more: str):
    """Ask as the page itself would."""
    panel = re.search(r'id="panel" data-panel="([^"]+)"', page)[1]
    return ask(person, page, panel=panel, **more)


def ask(person, answer: str, **more: str):
    address = re.search(r'id="run-poll"[^>]*hx-get="([^"]+)"', answer)[1].replace("&amp;", "&")
    return person.client.get(f"{address}&{urlencode(more)}")


def test_nothing_is_sent_while_nothing_changes(viewer, moving):
    page = viewer.open(page_of(moving)).html
    for _ in range(3):
        answer = poll(viewer, moving, page)
        assert answer.status_code == 204
        assert answer["X-Server-Time"]


def test_what_changed_is_sent_without_the_forms(commander, commander2, orders, moving):
    page = commander.open(page_of(moving)).html
    orders.preflight(orders.step(moving, "move"))
    answer = poll(commander, moving, page)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'id="step-evidence"' in text
    assert "<form" not in text
    assert "<input" not in text


def test_a_form_in_use_is_never_replaced(commander, commander2, moving):
    page = commander.open(page_of(moving)).html
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    held = poll(commander, moving, page, hold="1").content.decode()
    assert "<form" not in held
    assert 'id="run-steps"' in held
    # Its tag tells the page that its forms are old.
    assert re.search(r'data-panel="([^"]+)"', held)[1] != re.search(r'id="panel" data-panel="([^"]+)"', page)[1]


def test_a_form_that_nobody_uses_makes_room_for_the_one_that_is_due(commander, commander2, moving):
    page = commander.open(page_of(moving)).html
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    fresh = poll(commander, moving, page).content.decode()
    assert 'id="panel"' in fresh
    assert "Approve: Move them" in fresh


def test_a_forgotten_old_form_is_offered_its_successor_later(commander, commander2, moving):
    """The tag is new already, since it was held before; the forms are not."""
    page = commander.open(page_of(moving)).html
    panel = re.search(r'id="panel" data-panel="([^"]+)"', page)[1]
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    held = poll(commander, moving, page, hold="1").content.decode()
    assert ask(commander, held, panel=panel, hold="1").status_code == 204
    assert 'id="panel"' in ask(commander, held, panel=panel).content.decode()


def test_it_asks_every_second_while_something_moves_else_every_five(commander, commander2, orders, moving):
    assert 'hx-trigger="every 5s"' in commander.open(page_of(moving)).html.split('id="run-poll"')[1]
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    assert 'hx-trigger="every 1s"' in commander.open(page_of(moving)).html.split('id="run-poll"')[1]


def test_looking_asks_for_fresh_facts_for_those_who_decide(commander, viewer, moving):
    from runbooks.models import Outbox

    watch = reverse("runbooks:step-watch", args=[moving.pk, "move"])
    assert commander.get(watch).status == 405
    assert "step-watch" not in viewer.open(page_of(moving)).html
    assert watch in commander.open(page_of(moving)).html
    before = Outbox.objects.filter(task="preflight").count()
    assert viewer.post(watch, {}).status == 204
    assert Outbox.objects.filter(task="preflight").count() == before
    assert commander.post(watch, {}).status == 204
    assert Outbox.objects.filter(task="preflight").count() == before + 1


@pytest.mark.parametrize("path", ["/runs/999999/", "/runs/999999/live/", "/runs/999999/report/"])
def test_a_run_that_does_not_exist_is_not_found(viewer, incident, path):
    assert viewer.get(path).status == 404


def test_a_step_that_does_not_exist_is_not_found(viewer, moving):
    assert viewer.get(page_of(moving, step="nothing")).status == 404
