"""Dry runs of routing drivers: asked for either side, on their own, and never an order."""

from __future__ import annotations

import pytest

from dashboard import dry_runs, history, inventory, leases, poll
from dashboard.models import DryRun, SideLease
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


def test_a_client_that_is_declared_no_more_leaves_nothing_behind(in_force):
    DryRun.objects.create(pair="orders", client="gone", at="2026-11-20T02:14:08Z")
    assert try_again("orders")
    assert "gone" not in history.trials("orders")


def test_who_lost_the_lease_stores_nothing(in_force):
    entry = inventory.pair_entry("orders")
    with inventory.connections("orders") as ways:
        assert not dry_runs.try_all(entry, ways, "a token nobody holds")
    assert not DryRun.objects.exists()
