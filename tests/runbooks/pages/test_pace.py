"""Planned durations, from past runs of the pair: in the plan before the start, and beside a step that is under way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F

from audit.clock import database_now
from runbooks.engine.pace import Pace
from runbooks.engine.states import Mode
from runbooks.models import Run
from runbooks.queries.pace import pace_of, paces
from tests.runbooks.driving import P1
from tests.runbooks.pages.conftest import page_of
from tests.runbooks.pages.test_drills import ended
from tests.runbooks.texts import MOVE, approved

PAIRS = ("orders", "ledger")


@pytest.fixture
def took(orders, people) -> Callable[..., None]:
    """Past runs, each with one step that took so long."""
    version, person = approved(MOVE % 1), people.commander.person

    def made(*seconds: float, kind="clients.route", nature="act", pair="orders", mode=Mode.LIVE) -> None:
        for each in seconds:
            run = Run.objects.create(
                version=version, pair=pair, mode=mode, commander=person, started_by=person, started_at=database_now()
            )
            ended(run, database_now(), each, kind, nature)
            Run.objects.filter(pk=run.pk).update(state="completed", fence=F("fence") + 1)

    return made


@pytest.fixture
def moving(took, orders, people, incident) -> Callable[[], Run]:
    """Begins after what is past."""

    def begun() -> Run:
        run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
        orders.preflight(orders.step(run, "move"))
        return run

    return begun


def test_only_what_was_really_done_on_the_pair_counts(took):
    took(5, 5, 5, pair="ledger")
    took(9, 9, 9, kind="manual", nature="attest")
    took(1, 1, 1, mode=Mode.REHEARSAL)
    took(10)
    took(12, mode=Mode.DRILL)
    assert paces("orders") == {}
    took(40)
    expected = Pace(timedelta(seconds=12), timedelta(seconds=40), 3)
    assert paces("orders") == {"clients.route": expected}
    assert pace_of("orders", "clients.route") == expected


def test_it_stands_in_the_plan_and_beside_the_step(commander, shipped, took, moving):
    assert "usually" not in commander.open(f"/pairs/orders/start/{P1}/").words
    took(10, 12, 40)
    words = commander.open(f"/pairs/orders/start/{P1}/").words
    assert "usually 12 s, 95 % under 41 s (3 times)" in words
    assert "Usually 12 s, 95 % under 41 s." in commander.open(page_of(moving())).words


def test_a_step_under_way_says_that_it_takes_longer(commander, commander2, orders, took, moving):
    took(0.001, 0.001, 0.001)
    run = moving()
    commander.send(commander.open(page_of(run)), "confirm", phrase="eu-west")
    commander2.send(commander2.open(page_of(run)), "confirm", phrase="eu-west")
    orders.work()
    step = orders.step(run, "move")
    assert step.state == "observing", f"{step.state}: {step.summary}"
    assert "Slower than usual (usually 0 s, 95 % under 1 s)." in commander.open(page_of(run)).words
