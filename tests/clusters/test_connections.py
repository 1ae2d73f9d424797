"""Clients are kept per process and pair, made anew after a fork, and one stuck call never starts a second."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

import pytest

from clusters import connections as module
from clusters.backends import backends
from clusters.connections import close_all, open_pair
from clusters.errors import Configuration
from clusters.gateway import AltersLinkConfigs, ChangesMirrors, ReadsGroups, ReadsLinks, ReadsMirrors, ReadsOffsets
from clusters.lanes import Lane, Stuck, wait
from clusters.reading import read_side
from clusters.routing import drivers


@pytest.fixture
def orders(inventory):
    yield inventory.pairs["orders"]
    close_all()


def test_the_same_entry_gives_the_same_connections(orders, inventory):
    with open_pair(orders) as first, open_pair(orders) as second:
        assert first is second
    with open_pair(orders) as third, open_pair(inventory.pairs["ledger"]) as other:
        assert third is first
        assert other is not first


def test_a_changed_entry_gives_new_ones_and_the_old_close_when_given_back(orders):
    closed: list[str] = []
    first = open_pair(orders)
    for way in first.side("us-east").ways.values():
        way.close = lambda: closed.append("us-east")
    second = open_pair(replace(orders, title="changed"))
    assert second is not first
    assert closed == []
    first.close()
    assert len(closed) == 2
    second.close()


def test_what_the_inventory_does_not_name_is_said(orders):
    with open_pair(orders) as connections:
        with pytest.raises(Configuration, match="known: us-east, eu-west"):
            connections.side("mars")
        with pytest.raises(Configuration, match="known: clients, by-hand"):
            connections.driver("pigeon")


def test_a_side_without_a_way_says_which_is_missing(orders):
    here, there = orders.sides
    bare = replace(orders, name="bare", sides=(replace(here, ways={"kafka": here.ways["kafka"]}), there))
    with open_pair(bare) as connections:
        with pytest.raises(Configuration, match=r"no way in can read mirrors here .*kafka"):
            connections.side("us-east").mirrors("l", deadline=time.monotonic() + 1)
        side = read_side(connections, bare, "us-east")
    assert side.reachable
    assert side.mirrors is None
    assert side.topics


def test_every_backend_and_driver_is_found_by_being_there():
    assert {name: backends.get(name).__name__ for name in backends} == {"kafka": "KafkaAdmin", "rest": "ConfluentRest"}
    assert {name: drivers.get(name).__name__ for name in drivers} == {
        "conduktor": "Conduktor",
        "confluent-gateway": "ConfluentGateway",
        "consul": "Consul",
        "kafka-acl": "KafkaAcl",
        "kubernetes-config": "KubernetesConfig",
        "kubernetes-scale": "KubernetesScale",
        "manual": "Manual",
        "vault": "Vault",
        "webhook": "Webhook",
    }


def test_each_backend_has_the_capabilities_it_is_asked_for(orders):
    with open_pair(orders) as connections:
        ways = connections.side("us-east").ways
    assert all(isinstance(ways["rest"], kind) for kind in (ReadsLinks, ReadsMirrors, ChangesMirrors, AltersLinkConfigs))
    assert all(isinstance(ways["kafka"], kind) for kind in (ReadsGroups, ReadsOffsets))


def test_a_child_opens_its_own(orders):
    """A Kafka client's threads do not survive a fork: its parent's client would hang for ever."""
    with open_pair(orders) as connections:
        read_side(connections, orders, "us-east")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        said = b"failed"
        try:
            with open_pair(orders) as own:
                is_new = own is not connections
                said = b"read" if is_new and read_side(own, orders, "us-east").reachable else b"not read"
        finally:
            os.write(writer, said)
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as found:
        assert found.read() == b"read"
    os.waitpid(child, 0)


def test_close_all_leaves_nothing_open(orders):
    open_pair(orders)
    close_all()
    assert module._current == {}


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def test_a_stuck_call_is_left_behind_and_no_second_one_is_started():
    lane: Lane[int] = Lane("stuck")
    hold, started = threading.Event(), []

    def call() -> int:
        started.append(1)
        hold.wait(10)
        return 1

    first = lane.start(call, soon())
    with pytest.raises(Stuck, match="left behind"):
        wait(first, soon(0.1))
    with pytest.raises(Stuck, match="no second one"):
        wait(lane.start(call, soon(0.1)), soon())
    assert len(started) == 1
    hold.set()
    assert wait(first, soon()) == 1
    assert wait(lane.start(lambda: 2, soon()), soon()) == 2


def test_a_call_waits_its_turn_behind_one_that_is_only_slow():
    lane: Lane[int] = Lane("slow")
    hold = threading.Event()
    first = lane.start(lambda: hold.wait(10) and 1, soon())
    second = lane.start(lambda: 2, soon())
    hold.set()
    assert (wait(first, soon()), wait(second, soon())) == (1, 2)


def test_what_goes_wrong_in_a_lane_reaches_who_waits():
    with pytest.raises(ZeroDivisionError):
        wait(Lane[float]("wrong").start(lambda: 1 / 0, soon()), soon())
