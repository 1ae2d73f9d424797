"""Clients moved by two drivers in one run: producers by Consul, consumer groups by the signed webhook (P6a, P1, P7)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runbooks.engine.states import Mode
from runbooks.models import Call, Item, Run
from tests.clusters.consul_server import Contract
from tests.drills.routed import CENTERS, fleet, going_by_consul, key_of
from tests.fixtures.sandbox import in_use
from tests.runbooks import driving
from tests.runbooks.driving import put_in_force, until
from tests.runbooks.pressing import press

pytestmark = pytest.mark.faults
PAIRS = ("orders", "ledger")
MOVED = {"producers": ["checkout"], "groups": ["settlement"]}
LEDGER = {"topics": ["accounts", "entries", "transfers"], "groups": ["balances", "statements"]}
WORDS = {"statement": "worthless: test records"}


@pytest.fixture
def consul() -> Iterator[Contract]:
    found = Contract(*(f"dc-{side}" for sides in CENTERS.values() for side in sides))
    yield found
    found.stop()


@pytest.fixture
def in_force(sandbox, transactional_db, request, consul) -> Iterator[None]:
    put_in_force(going_by_consul(in_use(request.module, sandbox.inventory_text()), consul.url))
    yield
    driving.close_everything()


def test_a_planned_move_goes_by_both(drill, people, consul, control):
    """P6a."""
    orders = drill("orders")
    with fleet(consul, "orders"):
        run = orders.drive.start(
            people.commander, "planned-move-active-active", {"from": "us-east", **MOVED}, mode=Mode.DRILL
        )
        for key in run.steps.order_by("position").values_list("key", flat=True):
            press(orders.drive, people, run, key)
        until(lambda: Run.objects.get(pk=run.pk).is_over, f"{run} to end")
    assert Run.objects.get(pk=run.pk).state == "completed"
    assert {orders.drive.place_of(client) for client in ("checkout", "settlement")} == {"eu-west"}
    assert [consul.get(dc, key_of("checkout")) for dc in ("dc-us-east", "dc-eu-west")] == ["eu-west:9092"] * 2
    assert [dc for dc, _ in consul.writes] == ["dc-us-east", "dc-eu-west"]
    assert control.journal("orders") == []


def test_an_outage_takes_a_datacenter_along(drill, consul, control):
    """P1: what cannot be written is said, and the key is written where clients can still read it."""
    orders = drill("orders")
    with fleet(consul, "orders"):
        consul.lose("dc-us-east")
        incident = orders.region_down("us-east")
        steps = ("confirm-outage", "record-lag", "reroute-producers", "stop-groups", "start-groups")
        parameters = {"failed": "us-east", **MOVED}
        run = orders.run("unplanned-outage-active-active", parameters, incident, {key: {} for key in steps})
    assert run.state == "completed"
    assert [dc for dc, _ in consul.writes] == ["dc-eu-west"]
    assert consul.get("dc-us-east", key_of("checkout")) == "us-east:9092"
    said = Item.objects.get(attempt__step__run=run, name="consul/checkout").saw
    assert "dc-us-east does not answer, its clients keep what it last told them" in said


def test_a_failover_goes_by_both(drill, consul, control):
    """P7."""
    ledger = drill("ledger")
    with fleet(consul, "ledger"):
        consul.lose("dc-eu-north")
        incident = ledger.region_down("eu-north")
        parameters = {"failed": "eu-north", "producers": ["ledger-writer"], **LEDGER}
        said = {"accept-loss": WORDS, "fence-old-home": {"observed": "the DNS name is gone"}}
        keys = (
            *("confirm-outage", "save-cut", "accept-loss", "failover", "check-offsets", "scan-transactions"),
            *("stop-groups", "start-groups", "reroute-producers", "fence-old-home"),
        )
        run = ledger.run("failover-active-passive", parameters, incident, {key: said.get(key, {}) for key in keys})
    assert run.state == "completed"
    assert {ledger.drive.place_of(name) for name in ("ledger-writer", "balances", "statements")} == {"eu-south"}
    assert len(ledger.commands("failover")) == 1


def test_a_target_that_times_out_is_unknown_and_holds_what_depends_on_it(drill, people, consul):
    """The datacenter took the order and never answered; nothing was written, and nothing is written again."""
    orders = drill("orders")
    with fleet(consul, "orders"):
        consul.loses_writes = consul.drops_answers = True
        run = orders.drive.start(people.commander, "planned-move-active-active", {"from": "us-east", **MOVED})
        step = orders.drive.step(run, "reroute-producers")
        with pytest.raises(AssertionError, match="reroute-producers to end"):
            press(orders.drive, people, run, "reroute-producers", patience=8.0)
        assert orders.drive.state(step) == "unknown"
        assert orders.drive.state(orders.drive.step(run, "drain")) == "locked"
        item = Item.objects.get(attempt__step=step)
        assert item.state == "not-applied"
        assert "dc-us-east says us-east; dc-eu-west says us-east" in item.saw
        assert [(call.outcome, call.items) for call in Call.objects.all()] == [("unknown", ["consul/checkout"])]
        assert consul.writes == [("dc-us-east", f"/v1/kv/{key_of('checkout')}")]
