"""What the audit page says of heads and anchors: how far, how old, by which key, and what is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from audit import anchoring
from audit.models import Acknowledgement, Checkpoint, Event, Refusal
from tests.audit.anchored import Elsewhere, Station
from tests.audit.chain import make_record, unsealed
from tests.audit.test_anchor import add, cut_to
from tests.fixtures.people import make_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reviewer(client: Client) -> Client:
    client.force_login(make_account("Reviewer", "reviewer"))
    return client


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere("syslog+tls://logs.example:6514")


@pytest.fixture
def station(tmp_path: Path, elsewhere: Elsewhere) -> Station:
    make_record(3)
    return Station(tmp_path, elsewhere)


def page(client: Client) -> str:
    return client.get(reverse("audit:event-list")).content.decode()


def earlier(minutes: int) -> None:
    """As if all that there is had happened earlier."""
    back = timedelta(minutes=minutes)
    with unsealed():
        for model in (Event, Checkpoint, Acknowledgement, Refusal):
            for row in model.objects.all():
                model.objects.filter(pk=row.pk).update(at=row.at - back)


def test_a_record_that_nobody_signed_says_so_without_an_alarm(reviewer: Client) -> None:
    make_record(3)
    html = page(reviewer)
    assert "Not anchored." in html
    assert 'role="alert"' not in html


def test_how_far_how_old_by_which_key_and_who_took_it(reviewer: Client, station: Station) -> None:
    station.look()
    html = page(reviewer)
    size = Checkpoint.objects.get().size
    assert f"Anchored to {size}" in html
    assert str(station.key.verifier) in html
    assert f"<code>syslog+tls://logs.example:6514</code>: took the head of {size} events" in html
    assert 'role="alert"' not in html
    assert "valid" not in html.lower().replace("invalid", "")


def test_events_that_no_head_covers_are_counted_and_become_an_alarm(reviewer: Client, station: Station) -> None:
    station.look()
    add("run.paused")
    state = anchoring.now()
    assert state.uncovered >= 1
    assert state.alarm == ""
    earlier(minutes=3)
    assert "No head was signed for" in page(reviewer)


def test_silence_becomes_an_alarm(reviewer: Client, station: Station) -> None:
    reviewer.get("/")
    station.look()
    earlier(minutes=14)
    assert anchoring.now().alarm == ""
    earlier(minutes=2)
    assert "more than a quarter of an hour" in page(reviewer)


def test_an_anchor_that_is_down_shows_its_backlog_and_becomes_an_alarm(
    reviewer: Client, station: Station, elsewhere: Elsewhere
) -> None:
    station.look()
    elsewhere.is_down = True
    for _ in range(3):
        add("step.sent")
        station.look(seconds=1)
    html = page(reviewer)
    assert "3 wait for it: nobody answers there" in html
    assert 'role="alert"' not in html
    earlier(minutes=3)
    station.look(minutes=-3)
    assert "has not taken" in anchoring.now().alarm
    elsewhere.is_down = False
    station.look(minutes=5)
    assert anchoring.now().anchors[0].waiting == 0
    assert anchoring.now().anchors[0].error == ""


def test_a_refusal_to_sign_is_loud(reviewer: Client, station: Station) -> None:
    station.look()
    cut_to(2)
    station.look(seconds=1)
    html = page(reviewer)
    assert "The anchor process refuses to sign: the record ends at 2" in html
    assert 'role="alert"' in html


def test_an_error_of_a_server_is_text(reviewer: Client, station: Station) -> None:
    station.look()
    Acknowledgement.objects.create(
        checkpoint=Checkpoint.objects.get(), anchor=station.anchors[0].name, at=Checkpoint.objects.get().at,
        error="<script>alert(1)</script>",
    )  # fmt: skip
    assert "<script>alert" not in page(reviewer)
