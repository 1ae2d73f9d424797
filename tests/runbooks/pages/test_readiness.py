"""The page for quiet days: one answer, what stands in its way, and whether anybody ever tried."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client

from audit.clock import database_now
from dashboard.models import ReadinessChange, ReadinessNow
from runbooks.engine.states import Mode, RunState
from runbooks.models import DefinitionVersion, Run
from tests.runbooks.pages.reading import Person

PAIRS = ("orders",)
PAGE = "/pairs/orders/readiness/"


@pytest.fixture
def page(orders, people) -> Callable[[], str]:
    return lambda: Person(people.viewer).open(PAGE).words


@pytest.fixture
def drilled(shipped, people) -> Callable[..., Run]:
    def days_ago(days: int, *through: RunState) -> Run:
        version = DefinitionVersion.objects.get(definition__slug="planned-move-active-active")
        person, at = people.commander.person, database_now() - timedelta(days=days)
        run = Run.objects.create(
            version=version, pair="orders", mode=Mode.DRILL, commander=person, started_by=person, parameters={},
            started_at=at - timedelta(minutes=5),
        )  # fmt: skip
        for state in through or (RunState.COMPLETED,):
            Run.objects.filter(pk=run.pk).update(state=state, fence=F("fence") + 1, finished_at=at)
        return run

    return days_ago


def test_a_pair_that_was_never_drilled_is_not_proven(page):
    words = page()
    assert "Could orders be failed over now?" in words
    assert "o drill of it was ever gone through to its end" in words
    assert "Yes, as far as it is looked at" not in words
    assert "Not looked at here" in words


@pytest.mark.parametrize(("days", "is_overdue"), [(1, False), (91, False), (93, True)])
def test_a_drill_counts_for_a_quarter(page, drilled, days, is_overdue):
    drilled(days)
    assert f"the last drill was {days} day" in page()
    assert ("overdue" in page()) == is_overdue


def test_it_offers_what_can_be_tried_with_nothing_broken(orders, people, shipped):
    html = Person(people.viewer).open(PAGE).html
    assert "/pairs/orders/start/planned-move-active-active/" in html
    assert "pause-catch-up" not in html
    assert "unplanned-outage" not in html


def test_a_drill_that_was_aborted_counts_for_nothing(page, drilled):
    drilled(1, RunState.ABORTING, RunState.ABORTED)
    assert "o drill of it was ever gone through to its end" in page()


def test_while_a_side_is_lost_the_page_sends_people_to_the_assessment(page, orders, control):
    control.fault("orders", "region-down", "us-east", mode="refuse")
    orders.work_until(lambda: "A side does not answer" in page(), "the loss to be told")
    assert "the assess page says" in page()


def test_a_pair_that_is_not_in_force_has_no_page(orders, people):
    client = Client()
    client.force_login(people.viewer)
    assert client.get("/pairs/nowhere/readiness/").status_code == 404


def test_what_has_changed_is_told_newest_first(page):
    now = database_now()
    told = ((3, "C21", "MET", "FAILS"), (2, "", "YES", "IN_PART"), (1, "C99", "FELL", "X"))
    for minutes, code, before, after in told:
        at = now - timedelta(minutes=minutes)
        ReadinessChange.objects.create(pair="orders", code=code, before=before, after=after, saw="entries 1 h", at=at)
    words = page()
    changed = words[words.index("What has changed") :]
    assert "Records and offsets outlast an outage C21: met, then fails" in changed
    assert "The answer: Yes, as far as it is looked at, then In part" in changed
    assert changed.index("C99: FELL, then X") < changed.index("The answer") < changed.index("C21")


def test_since_when_a_check_stands_so_is_told(page):
    assert "so for" not in page()
    at = database_now() - timedelta(days=2, hours=1)
    ReadinessNow.objects.create(pair="orders", code="C02", standing="MET", weight="critical", since=at)
    assert "so for 2 d" in page()
