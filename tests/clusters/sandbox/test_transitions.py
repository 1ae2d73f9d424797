"""Pause, promote and reverse: what they need, how long they take, what holds them."""

from __future__ import annotations

import pytest


def test_pause_stops_the_data_and_resume_brings_it_back(ledger):
    ledger.accepted("eu-south", "pause", ["entries"])
    ledger.advance(0.1)
    paused = ledger.ends("eu-south", "entries")
    ledger.advance(5)
    assert ledger.status("eu-south", "entries") == "PAUSED"
    assert ledger.ends("eu-south", "entries") == paused

    ledger.accepted("eu-south", "resume", ["entries"])
    ledger.advance(5)

    assert ledger.status("eu-south", "entries") == "ACTIVE"
    assert sum(ledger.ends("eu-south", "entries")) > sum(paused)


def test_only_a_paused_mirror_can_be_resumed(ledger):
    row = ledger.command("eu-south", "resume", ["entries"])["entries"]

    assert row["error_message"] == "Cannot resume mirror topic entries in state ACTIVE"


def test_promote_waits_until_everything_has_arrived(ledger):
    ledger.stop_clients()
    ledger.write("eu-north", "entries", 0, 1500)
    ledger.accepted("eu-south", "promote", ["entries"])
    ledger.advance(1)
    assert ledger.status("eu-south", "entries") == "PENDING_STOPPED"

    ledger.advance(10)

    assert ledger.status("eu-south", "entries") == "STOPPED"
    assert ledger.ends("eu-south", "entries") == ledger.ends("eu-north", "entries")


def test_promote_hangs_on_an_active_group_and_says_so(ledger):
    ledger.stop_clients()
    start_by_hand(ledger, "eu-south", "balances")
    ledger.accepted("eu-south", "promote", ["entries"])
    ledger.advance(30)

    mirror = ledger.mirror("eu-south", "entries", include_state_transition_errors=True)
    assert mirror["mirror_status"] == "PENDING_STOPPED"
    assert [error["error_code"] for error in mirror["mirror_state_transition_errors"]] == [
        "CONSUMER_GROUP_IN_USE_ERROR"
    ]

    start_by_hand(ledger, "eu-south", "balances", members=0)
    ledger.advance(3)
    assert ledger.status("eu-south", "entries") == "STOPPED"


def test_a_promote_that_cannot_finish_can_be_failed_over(ledger):
    ledger.stop_clients()
    ledger.accepted("eu-south", "promote", ["entries"])
    ledger.pair.inject("link-down")
    ledger.advance(10)
    assert ledger.status("eu-south", "entries") == "PENDING_STOPPED"

    ledger.accepted("eu-south", "failover", ["entries"])
    ledger.advance(1)

    assert ledger.status("eu-south", "entries") == "STOPPED"


def test_promote_needs_the_source(ledger):
    ledger.pair.inject("region-down", "eu-north")

    assert ledger.command("eu-south", "promote", ["entries"])["entries"]["error_code"] == 400


def test_reverse_swaps_the_roles_without_loss(ledger):
    ledger.stop_clients()
    ledger.accepted("eu-south", "reverse-and-start-mirror", ["entries"])
    assert (ledger.status("eu-south", "entries"), ledger.status("eu-north", "entries")) == (
        "PENDING_SYNCHRONIZE",
        "PENDING_MIRROR",
    )
    assert not ledger.write("eu-north", "entries", 0, 1), "both sides are read-only meanwhile"
    assert not ledger.write("eu-south", "entries", 0, 1)

    ledger.advance(0.5)
    assert ledger.status("eu-south", "entries") == "STOPPED"
    assert ledger.status("eu-north", "entries") == "PENDING_MIRROR"
    ledger.advance(0.5)
    assert ledger.status("eu-north", "entries") == "ACTIVE"

    assert ledger.write("eu-south", "entries", 0, 25)
    ledger.advance(3)
    assert ledger.ends("eu-north", "entries") == ledger.ends("eu-south", "entries")


def test_reverse_and_pause_leaves_the_new_mirror_paused(ledger):
    ledger.stop_clients()
    ledger.accepted("eu-south", "reverse-and-pause-mirror", ["entries"])
    ledger.advance(2)

    assert ledger.status("eu-south", "entries") == "STOPPED"
    assert ledger.status("eu-north", "entries") == "PAUSED"


def test_a_reverse_can_be_reversed(ledger):
    ledger.stop_clients()
    ledger.accepted("eu-south", "reverse-and-start-mirror", ["entries"])
    ledger.advance(2)
    ledger.accepted("eu-north", "reverse-and-start-mirror", ["entries"])
    ledger.advance(2)

    assert ledger.status("eu-north", "entries") == "STOPPED"
    assert ledger.status("eu-south", "entries") == "ACTIVE"
    assert ledger.write("eu-north", "entries", 0, 3)


def test_reverse_hangs_on_an_active_group(ledger):
    ledger.stop_clients()
    start_by_hand(ledger, "eu-south", "balances")
    ledger.accepted("eu-south", "reverse-and-start-mirror", ["entries"])
    ledger.advance(10)

    assert ledger.status("eu-south", "entries") == "PENDING_SYNCHRONIZE"


@pytest.mark.parametrize("action", ["reverse-and-start-mirror", "reverse-and-pause-mirror", "truncate-and-restore"])
def test_a_prefixed_link_refuses_reverse_and_restore(action, orders):
    topic = "orders" if action == "truncate-and-restore" else "eu-west.orders"

    row = orders.command("us-east", action, [topic])[topic]

    assert row["error_code"] == 400
    assert "has a prefix" in row["error_message"]
    assert orders.status("us-east", "eu-west.orders") == "ACTIVE"


def test_a_one_way_link_refuses_reverse(ledger):
    del ledger.pair.sides["eu-north"].links[ledger.link]

    row = ledger.command("eu-south", "reverse-and-start-mirror", ["entries"])["entries"]

    assert "not bidirectional" in row["error_message"]


def test_stuck_transitions_stay_pending_until_the_fault_is_gone(ledger):
    ledger.pair.inject("transitions-stuck", "eu-south")
    ledger.accepted("eu-south", "failover", ["entries"])
    ledger.advance(60)
    mirror = ledger.mirror("eu-south", "entries", include_state_transition_errors=True)
    assert mirror["mirror_status"] == "PENDING_STOPPED"
    assert mirror["mirror_state_transition_errors"]

    ledger.pair.clear_faults()
    ledger.advance(1)

    assert ledger.status("eu-south", "entries") == "STOPPED"


def start_by_hand(world, side, group, members=2):
    from clusters.sandbox.workloads import BY_HAND, Crew

    world.pair.by_hand[(side, group)] = Crew(BY_HAND, members, world.pair.topics_of_group(group))
    world.advance(1)
