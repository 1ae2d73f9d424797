"""When each pair was drilled, what is due, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F

from audit.clock import database_now
from clusters.inventory import load
from dashboard import inventory
from runbooks.engine.states import Mode, RunState, StepState
from runbooks.models import DefinitionVersion, Evidence, Mark, Run, StepRun
from tests.runbooks.driving import Drive, put_in_force

PAIRS = ("orders", "ledger")
SLUG = "planned-move-active-active"


@pytest.fixture
def drilled(orders, shipped, people) -> Callable[..., Run]:
    """A drill that ended so many days ago; its steps took `seconds` each."""

    def made(days: int, seconds: int = 10, mode: Mode = Mode.DRILL) -> Run:
        version, person = DefinitionVersion.objects.get(definition__slug=SLUG), people.commander.person
        end = database_now() - timedelta(days=days)
        run = Run.objects.create(
            version=version, pair="orders", mode=mode, commander=person, started_by=person, parameters={},
            started_at=end - timedelta(minutes=5),
        )  # fmt: skip
        ended(run, end, seconds)
        Run.objects.filter(pk=run.pk).update(state=RunState.COMPLETED, fence=F("fence") + 1, finished_at=end)
        Mark.objects.create(run=run, name="T0", at=end - timedelta(seconds=90), source="the first order")
        Mark.objects.create(run=run, name="T6", subject="settlement", at=end, source="its first commit")
        return run

    return made


def ended(run: Run, end, seconds: float, kind: str = "manual", nature: str = "attest") -> None:
    """Two steps; `kind` and `nature` are of the first, the second is somebody's word."""
    kinds = (("stop", kind, nature), ("start", "manual", "attest"))
    for position, (key, what, how) in enumerate(kinds, 1):
        step = StepRun.objects.create(
            run=run, position=position, key=key, kind=what, nature=how, title=f"{key} them",
            timeout=timedelta(minutes=5), moved_at=end,
        )  # fmt: skip
        for state in ("ready", "queued", "claimed", "observing", "succeeded"):
            StepRun.objects.filter(pk=step.pk).update(
                state=StepState(state), fence=F("fence") + 1, started_at=end - timedelta(seconds=seconds), ended_at=end
            )


def test_what_is_due_first_comes_first(viewer, drilled):
    drilled(93)
    page = viewer.open("/drills/")
    assert "2 of 2 pairs should be drilled." in page.words
    assert page.words.index("ledger never drilled") < page.words.index("orders overdue")
    drilled(2)
    page = viewer.open("/drills/")
    assert "1 of 2 pairs should be drilled." in page.words
    assert "orders drilled" in page.words
    assert f"{database_now() + timedelta(days=90):%-d %b %Y}" in page.words


def test_the_inventory_says_how_often(viewer, sandbox, drilled):
    text = sandbox.inventory_text()
    assert load(text).pairs["orders"].policy.drill_every == timedelta(days=92)
    put_in_force(
        text.replace("policy: {", "policy: {drill_every: 30d, ").replace(
            "policy:\n", "policy:\n      drill_every: 30d\n"
        )
    )
    drilled(31)
    assert "one is due every 30 days" in viewer.open("/pairs/orders/drills/").words
    assert "orders overdue" in viewer.open("/drills/").words
    assert "overdue" in viewer.open("/pairs/orders/readiness/").words


def test_overview_and_readiness_name_what_is_due(viewer, sandbox, drilled):
    """On a quiet day: a pair that nobody has seen, or not for long, has more to ask for."""
    put_in_force(sandbox.inventory_text().replace("poll: 400ms", "poll: 60s"))
    assert "should be drilled." not in viewer.open("/").words
    for pair in inventory.in_force().pairs:
        Drive(pair).look()
    assert "orders and ledger should be drilled." in " ".join(sorted_names(viewer))
    drilled(1)
    assert "ledger should be drilled." in viewer.open("/").words
    assert "orders" not in viewer.open("/").words.partition(" should be drilled.")[0].rpartition(".")[2]
    assert "Drills of orders" in viewer.open("/pairs/orders/readiness/").words


def sorted_names(viewer) -> list[str]:
    words = viewer.open("/").words
    return [words.replace("ledger and orders should", "orders and ledger should")]


def test_results_over_time_and_steps_compared(viewer, drilled):
    older, newer = drilled(100, seconds=40), drilled(3, seconds=10)
    Evidence.objects.create(run=newer, kind="lag.record", at=database_now(), data={"lower": 1200}, digest="d")
    words = viewer.open("/pairs/orders/drills/").words
    assert words.index(str(newer)) < words.index(str(older))
    assert (
        f"{newer} {newer.finished_at or database_now() - timedelta(days=3):%-d %b %Y} {SLUG} v1 1:30 1,200 0" in words
    )
    assert "v1 1:30 not measured 0" in words
    assert "stop them 0:40 0:10" in words


def test_a_live_run_is_no_drill(viewer, drilled):
    drilled(1, mode=Mode.LIVE)
    words = viewer.open("/pairs/orders/drills/").words
    assert "No drill was gone through to its end." in words
    assert "overdue No drill of it was ever gone through to its end; one is due every 92 days" in words


def test_a_pair_that_is_not_in_force_has_no_page(viewer, orders):
    assert viewer.get("/pairs/nowhere/drills/").status == 404
