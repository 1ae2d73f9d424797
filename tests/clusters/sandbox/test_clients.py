"""Producers and groups as workloads: placed, moved, cut off, dead with their region, awake again with it."""

from __future__ import annotations

import json

import pytest

from clusters.sandbox.scenario import ORDERS
from clusters.sandbox.truth import truth
from tests.clusters.sandbox.conftest import World


def growth(world, side, topic, seconds=3.0):
    before = sum(world.ends(side, topic))
    world.advance(seconds)
    return sum(world.ends(side, topic)) - before


def test_producers_write_where_they_are_placed(ledger):
    assert growth(ledger, "eu-north", "entries") == pytest.approx(45, abs=3)


def test_a_move_stops_here_and_starts_there(orders):
    target = orders.pair.targets["checkout"]
    orders.move("checkout", "eu-west")
    assert (target.ready(orders.clock.now()), target.terminating()) == (0, 2)

    orders.advance(1)

    assert (target.ready(orders.clock.now()), target.terminating()) == (2, 0)
    assert growth(orders, "us-east", "payments") == 0
    assert growth(orders, "eu-west", "payments") > 0


def test_producers_that_are_stopped_write_no_faster_to_the_end(ledger):
    usual = growth(ledger, "eu-north", "entries", seconds=0.45)
    ledger.move("ledger-writer", None)

    assert growth(ledger, "eu-north", "entries", seconds=0.45) <= usual + 3
    assert growth(ledger, "eu-north", "entries", seconds=1) <= 3
    assert growth(ledger, "eu-north", "entries", seconds=5) == 0


def test_a_read_only_mirror_takes_nothing_from_producers(ledger):
    ledger.move("ledger-writer", "eu-south")
    ledger.advance(5)

    target = ledger.pair.targets["ledger-writer"]
    assert target.rejected > 0
    assert growth(ledger, "eu-north", "entries") == 0


def test_a_group_rebalances_before_it_is_stable(orders):
    orders.move("settlement", None)
    orders.advance(2)
    assert orders.state("us-east", "settlement") == "EMPTY"
    orders.move("settlement", "us-east")
    seen = set()
    for _ in range(30):
        orders.advance(0.05)
        seen.add(orders.state("us-east", "settlement"))

    assert seen == {"EMPTY", "PREPARING_REBALANCE", "STABLE"}


def test_a_group_reads_the_owned_topic_and_the_mirror_of_the_other_side(orders):
    names = {name for name, _ in orders.committed("us-east", "settlement")}

    assert names == {"orders", "eu-west.orders", "payments", "eu-west.payments"}


def test_a_moved_group_goes_on_where_its_synced_offsets_are(orders):
    orders.advance(3)
    orders.move("settlement", None)
    orders.advance(2)
    before = orders.committed("eu-west", "settlement")
    orders.move("settlement", "eu-west")
    orders.advance(3)

    after = orders.committed("eu-west", "settlement")
    assert orders.state("eu-west", "settlement") == "STABLE"
    assert after.keys() >= before.keys()
    assert all(after[key] >= offset for key, offset in before.items())
    assert sum(after.values()) > sum(before.values())


def test_a_group_whose_offset_is_above_the_end_starts_all_over(ledger):
    """auto.offset.reset=earliest: the reason for looking before a group is started."""
    ledger.move("balances", None)
    ledger.advance(3)
    group = ledger.pair.sides["eu-north"].group("balances")
    group.committed[("entries", 0)] = group.committed[("entries", 0)]._replace(offset=10**6)
    ledger.move("balances", "eu-north")
    lowest = []
    for _ in range(20):
        ledger.advance(0.05)
        lowest.append(group.position.get(("entries", 0), 10**6))

    assert min(lowest) < 500


def test_with_its_region_everything_there_is_gone(orders):
    orders.pair.inject("region-down", "us-east")
    before = sum(orders.ends("us-east", "orders"))
    orders.advance(3)

    assert sum(orders.ends("us-east", "orders")) == before
    assert orders.pair.targets["checkout"].ready(orders.clock.now()) == 0
    assert orders.pair.targets["storefront"].ready(orders.clock.now()) == 2
    assert growth(orders, "eu-west", "orders") > 0


def test_zombies_wake_up_with_their_region(orders):
    """Nobody told the client control, so what it still wants there comes back."""
    orders.pair.inject("region-down", "us-east")
    orders.advance(5)
    orders.pair.clear_faults()
    assert orders.state("us-east", "settlement") in ("EMPTY", "PREPARING_REBALANCE")
    orders.advance(2)

    assert orders.state("us-east", "settlement") == "STABLE"
    assert growth(orders, "us-east", "orders") > 0


def test_moved_clients_do_not_wake_up(orders):
    orders.pair.inject("region-down", "us-east")
    orders.advance(2)
    for name in ("checkout", "settlement", "fulfilment"):
        orders.move(name, "eu-west")
    orders.advance(3)
    assert orders.state("eu-west", "settlement") == "STABLE"
    orders.pair.clear_faults()
    orders.advance(3)

    assert orders.state("us-east", "settlement") == "EMPTY"
    assert growth(orders, "us-east", "orders") == 0


def test_while_a_region_is_down_its_pods_count_as_gone(orders):
    orders.pair.inject("region-down", "us-east")
    orders.move("settlement", None)
    orders.advance(0.1)

    target = orders.pair.targets["settlement"]
    assert (target.desired, target.ready(orders.clock.now()), target.terminating()) == (0, 0, 0)


def test_cut_off_members_are_expired_after_the_session_timeout(orders):
    orders.pair.inject("clients-cut", "us-east")
    orders.advance(0.5)
    assert orders.state("us-east", "settlement") == "STABLE"

    orders.advance(0.5)

    assert orders.state("us-east", "settlement") == "EMPTY"
    assert orders.pair.targets["settlement"].ready(orders.clock.now()) == 2, "they still run, they only cannot reach"


def test_cut_off_clients_leave_the_link_alone(orders):
    orders.write("us-east", "refunds", 0, 40)
    orders.pair.inject("clients-cut", "us-east")
    orders.advance(5)

    assert orders.ends("eu-west", "us-east.refunds") == orders.ends("us-east", "refunds")


def test_clients_that_do_not_stop_stay_terminating(orders):
    orders.pair.inject("pods-stuck", "us-east")
    orders.move("settlement", None)
    orders.advance(10)
    target = orders.pair.targets["settlement"]
    assert (target.desired, target.terminating()) == (0, 2)
    assert orders.state("us-east", "settlement") == "STABLE"

    orders.pair.clear_faults()
    orders.advance(2)

    assert target.terminating() == 0
    assert orders.state("us-east", "settlement") == "EMPTY"


def test_the_same_advances_give_the_same_world():
    worlds = [World(ORDERS), World(ORDERS)]
    for world in worlds:
        world.advance(1.7)
        world.pair.inject("region-down", "us-east")
        world.advance(7.3)
        world.pair.clear_faults()
        world.advance(4.1)

    one, two = (json.dumps(truth(world.pair)) for world in worlds)
    assert one == two
