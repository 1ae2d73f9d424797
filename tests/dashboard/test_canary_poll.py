"""The age of the newest canary that has arrived: while all is well, when a region is lost, and after a reverse."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from audit.clock import database_now
from dashboard import canary, history, inventory, leases, poll
from dashboard.models import CanaryState, SideLease
from runbooks.services.receipt import canary_of
from tests.dashboard.conftest import put_in_force
from tests.runbooks.driving import until

pytestmark = pytest.mark.django_db(transaction=True)
TOPOLOGY = "    topology: active-active"


@pytest.fixture
def named(in_force, sandbox, control):
    text = sandbox.inventory_text()
    put_in_force(text.replace(TOPOLOGY, f"    canary: canary\n{TOPOLOGY}", 1))
    control.ask("POST", "/pairs/orders/topics", {"topic": "canary"})
    yield inventory.pair_entry("orders")
    poll.close_ways()


def round_of(pair: str) -> bool:
    SideLease.objects.filter(pair=pair, side=leases.CANARY).update(started_at=leases.LONG_AGO)
    return poll.poll_side(pair, leases.CANARY)


def test_each_direction_has_its_own_and_its_age_is_that_of_what_arrived(named, look):
    look("orders", "us-east", "eu-west")
    assert poll.Due("orders", leases.CANARY) in poll.due_polls()
    assert [(each.side, each.to, each.mirror) for each in canary.directions(named)] == [
        ("us-east", "eu-west", "us-east.canary"),
        ("eu-west", "us-east", "eu-west.canary"),
    ]

    def both() -> bool:
        assert round_of("orders")
        found = [history.canary("orders", side) for side in ("us-east", "eu-west")]
        return all(each and each.age is not None for each in found)

    until(both, "both canaries to arrive")
    found = history.canary("orders", "us-east")
    assert found.seen_at <= found.written_at
    assert timedelta() <= found.age < timedelta(seconds=20)


def test_a_lost_region_leaves_the_age_of_the_last_one_that_arrived(named, look, control):
    look("orders", "us-east", "eu-west")
    until(lambda: round_of("orders") and history.canary("orders", "us-east").seen_at, "a canary to arrive")
    control.fault("orders", "region-down", "us-east")
    before = history.canary("orders", "us-east")
    round_of("orders")
    after = history.canary("orders", "us-east")
    assert after.write_said
    assert (after.written_at, after.read_said) == (before.written_at, "")
    assert before.seen_at <= after.seen_at <= before.written_at
    assert after.age > before.age
    kept = canary_of("orders", "us-east", after.written_at + timedelta(seconds=3))
    assert kept["rpo_s"] == (after.written_at + timedelta(seconds=3) - after.seen_at).total_seconds() >= 3
    assert canary_of("orders", "us-east", after.seen_at - timedelta(seconds=3))["rpo_s"] == 0
    assert history.canary("orders", "eu-west").read_said  # nobody there can tell what of the other direction arrived


def test_the_pages_tell_its_age(named, look, client, people):
    client.force_login(people.viewer)
    look("orders", "us-east", "eu-west")
    assert "the topic is not mirrored" in client.get("/pairs/orders/").content.decode()
    until(lambda: round_of("orders") and history.canary("orders", "us-east").seen_at, "a canary to arrive")
    assert re.search(r"Canary to eu-west</dt><dd class=\"breaks\">\d+ s old when read", read(client, "/pairs/orders/"))
    assert "the newest of us-east that arrived was written" in read(client, "/pairs/orders/assess/us-east/")


def read(client, path: str) -> str:
    return client.get(path).content.decode()


def test_without_a_topic_in_the_inventory_there_is_none(in_force, look):
    look("orders", "us-east", "eu-west")
    assert poll.Due("orders", leases.CANARY) not in poll.due_polls()
    assert poll.poll_side("orders", leases.CANARY) is False
    assert history.canary("orders", "us-east") is None
    assert canary_of("orders", "us-east", database_now())["rpo_s"] is None
    assert not CanaryState.objects.exists()
