"""Where each client of a run stands, on the run's page and in its report."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from dashboard import inventory
from runbooks.engine.states import Mode
from runbooks.models import Item
from runbooks.queries.board import board
from tests.runbooks.driving import Drive
from tests.runbooks.pages.conftest import page_of

SLUG = "planned-move-active-active"
PARAMETERS = {"from": "us-east", "producers": ["checkout"], "groups": ["settlement"]}


@pytest.fixture
def run(orders: Drive, people, shipped):
    return orders.start(people.commander, SLUG, PARAMETERS)


def places(run) -> dict[str, str]:
    return {line.client: line.place.value for line in board(run, inventory.pair_entry(run.pair)).lines}


def send(orders: Drive, people, run, key: str):
    step = orders.step(run, key)
    orders.work_until(lambda: orders.can_be_confirmed(step), f"{key} to pass its guards")
    step = orders.confirm(people.commander, step)
    if step.approvals:
        orders.approve(people.commander2, step)
    return step


def test_moved_is_only_what_arrived_and_what_nobody_named_is_missing(orders, people, control, viewer, run):
    assert places(run) == {"checkout": "not begun", "fulfilment": "missing", "settlement": "not begun"}
    control.fault("orders", "pods-stuck", "us-east")
    step = send(orders, people, run, "reroute-producers")
    orders.work_until(lambda: orders.state(step) == "observing", "the order to be sent")
    assert places(run)["checkout"] == "moving"
    page = viewer.open(page_of(run))
    assert "Clients 1 not begun, 1 moving, 1 missing" in page.words
    assert "fulfilment by clients" in page.words
    assert "home us-east; no step names it" in page.words
    control.heal("orders", "pods-stuck", "us-east")
    orders.work_until(lambda: orders.state(step) == "succeeded", "the producers to arrive")
    orders.go(people.commander, people.commander2, run, "drain")
    orders.go(people.commander, people.commander2, run, "stop-groups")
    # Stopped is on its way, not there.
    assert places(run) == {"checkout": "moved", "fulfilment": "missing", "settlement": "moving"}
    orders.go(people.commander, people.commander2, run, "start-groups")
    assert places(run) == {"checkout": "moved", "fulfilment": "missing", "settlement": "moved"}
    found = json.loads(viewer.client.get(reverse("runbooks:run-report-file", args=[run.pk, "json"])).content)
    assert {line["client"]: (line["place"], line["to"], line["step"]) for line in found["clients"]} == {
        "checkout": ("moved", "eu-west", 1),
        "settlement": ("moved", "eu-west", 4),
        "fulfilment": ("missing", "", None),
    }


def test_a_lost_answer_is_unknown(orders, people, control, run):
    control.fault("orders", "orders-dropped", "us-east", applied=False)
    step = send(orders, people, run, "reroute-producers")
    orders.work_until(lambda: orders.state(step) == "unknown", "the answer to be lost")
    assert places(run)["checkout"] == "unknown"
    Item.objects.filter(attempt__step=step).update(state="done")
    step.refresh_from_db()
    assert places(run)["checkout"] == "unknown"  # the step has not concluded it


def test_a_rehearsal_moves_nobody_and_shows_no_board(orders, people, shipped, viewer):
    run = orders.start(people.commander, SLUG, PARAMETERS, mode=Mode.REHEARSAL)
    assert places(run) == {}
    assert "no step names it" not in viewer.open(page_of(run)).words
