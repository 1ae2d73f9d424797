"""What scrapers get of /metrics: for the token alone, in Prometheus' text, and nothing that is not known."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from audit.clock import database_now
from config import metrics
from dashboard.models import ReadinessNow, ReadinessState
from tests.fixtures.people import make_account

TOKEN = "a-token-of-the-tests-alone"
LINE = re.compile(r'[a-z_]+\{([a-z]+="[^"\n]*",?)+\} -?[0-9.e+]+')


@pytest.fixture
def scrape(settings, client: Client):
    settings.METRICS_TOKEN = TOKEN
    return lambda token=TOKEN: client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def judged(look):
    """A pair in force that was judged just now."""
    look("orders", "us-east", "eu-west")
    now = database_now()
    ReadinessState.objects.update_or_create(
        pair="orders", defaults={"claimed_at": now, "judged_at": now, "answer": "IN_PART", "since": now}
    )
    ReadinessNow.objects.filter(pair="orders").delete()
    ReadinessNow.objects.create(pair="orders", code="C21", standing="FAILS", weight="medium", saw="s3cret", since=now)
    ReadinessNow.objects.create(pair="nowhere", code="C21", standing="MET", weight="medium", since=now)
    return now


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ", "Bearer \u00fc"])
def test_another_token_gets_nothing(scrape, client, header):
    answer = client.get("/metrics", headers={"Authorization": header})
    assert answer.status_code == 401
    assert "breakwater_" not in answer.text


@pytest.mark.django_db
def test_without_a_token_set_none_opens_it(client, settings):
    assert settings.METRICS_TOKEN == ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    assert client.get("/metrics").status_code == 302


@pytest.mark.django_db
def test_who_is_signed_in_sees_them(client):
    client.force_login(make_account("Somebody", "viewer"))
    assert client.get("/metrics").status_code == 200


def test_readiness_is_told_by_pair_code_and_standing(scrape, judged):
    answer = scrape()
    assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
    text = answer.text
    assert 'breakwater_readiness_check{pair="orders",code="C21",level="medium",standing="FAILS"} 1' in text
    assert 'breakwater_readiness_answer{pair="orders",answer="IN_PART"} 1' in text
    assert 'breakwater_readiness_answer{pair="orders",answer="YES"} 0' in text
    assert 'breakwater_side_reachable{pair="orders",side="us-east"} 1' in text
    assert "s3cret" not in text
    assert "nowhere" not in text
    assert all(line.startswith("# ") or LINE.fullmatch(line) for line in text.splitlines())


def test_what_was_judged_long_ago_says_nothing_of_now(scrape, judged):
    ReadinessState.objects.update(judged_at=judged - metrics.BELIEVED_FOR - timedelta(seconds=1))
    text = scrape().text
    assert "breakwater_readiness_judged_timestamp_seconds{" in text
    assert "breakwater_readiness_answer{" not in text
    assert "breakwater_readiness_check{" not in text


def test_while_a_side_does_not_answer_no_check_is_told(scrape, judged):
    ReadinessState.objects.update(answer="NOT_NOW")
    text = scrape().text
    assert 'breakwater_readiness_answer{pair="orders",answer="NOT_NOW"} 1' in text
    assert "breakwater_readiness_check{" not in text


def test_labels_cannot_break_a_line():
    (_, _, line) = metrics._family("x", "About.", [({"pair": 'a"b\\c\nd'}, 1.0)])
    assert line == 'breakwater_x{pair="a\\"b\\\\c\\nd"} 1'
