"""Dry runs of routing drivers: asked for either side, on their own, and never an order."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import dry_runs, history, inventory, leases, poll
from dashboard.models import DryRun, SideLease
from tests.clusters.json_server import Asked, JsonServer
from tests.dashboard.conftest import put_in_force

pytestmark = pytest.mark.django_db(transaction=True)


def try_again(pair: str) -> bool:
    SideLease.objects.filter(pair=pair, side=leases.DRIVERS).update(started_at=leases.LONG_AGO)
    return poll.poll_side(pair, leases.DRIVERS)


def test_each_client_is_tried_and_nothing_is_ordered(in_force, control):
    assert poll.Due("orders", leases.DRIVERS) in poll.due_polls()
    assert try_again("orders")
    clients = {client.name for client in inventory.pair_entry("orders").clients}
    found = history.trials("orders")
    assert {name: trial.problem for name, trial in found.items()} == dict.fromkeys(clients, "")
    assert control.ask("GET", "/pairs/orders/orders")["orders"] == []
    # Not every few seconds: the lease has a time of its own.
    assert poll.Due("orders", leases.DRIVERS) not in poll.due_polls()
    assert not poll.poll_side("orders", leases.DRIVERS)


def test_what_a_driver_cannot_do_is_kept_until_it_can(in_force, sandbox, control):
    text = sandbox.inventory_text()
    put_in_force(text.replace("/pairs/orders/targets", "/pairs/nowhere/targets"))
    assert try_again("orders")
    assert history.trials("orders")["checkout"].problem.startswith("to us-east: clients: GET /checkout: 404")
    put_in_force(text)
    assert try_again("orders")
    assert history.trials("orders")["checkout"].problem == ""


@pytest.mark.parametrize("status", [200, 404])
def test_a_driver_that_plans_without_asking_is_asked_by_itself(in_force, sandbox, monkeypatch, status):
    monkeypatch.setenv("GW_USER", "operator")
    monkeypatch.setenv("GW_PW", "pw-1")
    gateway = Lists(status)
    try:
        put_in_force(moved_by(gateway.url, sandbox.inventory_text()))
        assert try_again("orders")
        trial = history.trials("orders")["checkout"]
        assert (trial.problem, bool(trial.untold)) == ("", status == 404)
        assert {asked.method for asked in gateway.asked} == {"GET"}
    finally:
        gateway.stop()


def moved_by(url: str, text: str) -> str:
    """The clients at home in us-east are moved by a gateway there."""
    gateway = (
        "    drivers:\n      - name: gateways\n        kind: conduktor\n        user: env:GW_USER\n"
        f'        password: env:GW_PW\n        instances: [{{name: gw-1, url: "{url}"}}]\n'
        "        clusters: {us-east: main, eu-west: failover}\n"
    )
    moved = text.replace("driver: clients, home: us-east", "driver: gateways, home: us-east")
    return moved.replace("    drivers:\n", gateway)


class Lists(JsonServer):
    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__()

    def answer(self, asked: Asked) -> tuple[int, Any]:
        return self.status, []


def test_a_client_that_is_declared_no_more_leaves_nothing_behind(in_force):
    DryRun.objects.create(pair="orders", client="gone", at="2026-11-20T02:14:08Z")
    assert try_again("orders")
    assert "gone" not in history.trials("orders")


def test_who_lost_the_lease_stores_nothing(in_force):
    entry = inventory.pair_entry("orders")
    with inventory.connections("orders") as ways:
        assert not dry_runs.try_all(entry, ways, "a token nobody holds")
    assert not DryRun.objects.exists()
