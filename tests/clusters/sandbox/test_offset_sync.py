"""Group offsets follow the link in both directions, never into a group that is active where they arrive."""

from __future__ import annotations

import json

from clusters.sandbox.workloads import BY_HAND, Crew


def on(world, side, group, topic):
    return {p: offset for (name, p), offset in world.committed(side, group).items() if name == topic}


def task(world, side, name="ConsumerOffsetSync"):
    link = world.get(side, f"/links/{world.link}", include_tasks=True)
    return next(task for task in link["tasks"] if task["task_name"] == name)


def test_offsets_arrive_under_the_mirrors_name(orders):
    orders.advance(3)
    orders.stop_clients()

    assert on(orders, "us-east", "settlement", "orders")
    assert on(orders, "eu-west", "settlement", "us-east.orders") == on(orders, "us-east", "settlement", "orders")


def test_offsets_of_a_mirror_travel_back_to_its_source(orders):
    """Active-active: what a group reads as us-east.orders on eu-west is orders on us-east."""
    orders.advance(3)
    orders.stop_clients()

    assert on(orders, "us-east", "settlement", "eu-west.orders")
    assert on(orders, "eu-west", "settlement", "orders") == on(orders, "us-east", "settlement", "eu-west.orders")


def test_offsets_are_synced_at_the_interval_of_the_link(ledger):
    path = f"/links/{ledger.link}/configs/consumer.offset.sync.ms"
    ledger.http["eu-south"].put(path, json={"value": "600000"})  # ten minutes: ten seconds here
    ledger.advance(1)
    before = on(ledger, "eu-south", "balances", "entries")
    ledger.advance(8)
    assert on(ledger, "eu-south", "balances", "entries") == before

    ledger.advance(3)

    assert on(ledger, "eu-south", "balances", "entries") != before


def test_a_group_active_here_is_left_alone(ledger):
    ledger.stop_clients()
    ledger.pair.by_hand[("eu-south", "balances")] = Crew(BY_HAND, 1, ("entries",))
    ledger.advance(2)
    there = ledger.pair.sides["eu-north"].group("balances").committed
    for partition in range(6):
        there[("entries", partition)] = there[("entries", partition)]._replace(offset=1, at=ledger.clock.now())
    ends = dict(enumerate(ledger.ends("eu-south", "entries")))

    for _ in range(40):
        ledger.advance(0.05)
        assert on(ledger, "eu-south", "balances", "entries") == ends


def test_a_group_active_on_both_sides_is_a_task_error(ledger):
    assert task(ledger, "eu-south") == {"task_name": "ConsumerOffsetSync", "state": "ACTIVE", "errors": []}
    ledger.pair.by_hand[("eu-south", "balances")] = Crew(BY_HAND, 1, ("entries",))
    ledger.advance(2)

    found = task(ledger, "eu-south")

    assert found["state"] == "IN_ERROR"
    assert [error["error_code"] for error in found["errors"]] == ["CONSUMER_GROUP_IN_USE_ERROR"]
    assert "balances" in found["errors"][0]["error_message"]
    assert ledger.get("eu-south", f"/links/{ledger.link}")["link_state"] == "ACTIVE"


def test_idle_on_both_sides_the_later_commit_wins_and_stays(ledger):
    ledger.stop_clients()
    here = ledger.pair.sides["eu-south"].group("balances")
    here.committed[("entries", 0)] = here.committed[("entries", 0)]._replace(offset=5, at=ledger.clock.now())
    for _ in range(5):
        ledger.advance(1)
        assert on(ledger, "eu-south", "balances", "entries")[0] == 5

    assert on(ledger, "eu-north", "balances", "entries")[0] == 5


def test_a_stopped_mirror_takes_and_gives_no_offsets(ledger):
    ledger.accepted("eu-south", "failover", ["entries"])
    ledger.advance(1)
    before = on(ledger, "eu-south", "balances", "entries")
    accounts = on(ledger, "eu-south", "balances", "accounts")
    ledger.advance(5)

    assert on(ledger, "eu-south", "balances", "entries") == before
    assert on(ledger, "eu-south", "balances", "accounts") != accounts


def test_nothing_is_synced_while_the_link_is_paused(ledger):
    path = f"/links/{ledger.link}/configs/cluster.link.paused"
    ledger.http["eu-south"].put(path, json={"value": "true"})
    ledger.advance(0.5)
    before = on(ledger, "eu-south", "balances", "entries")
    ledger.advance(5)

    assert on(ledger, "eu-south", "balances", "entries") == before
    assert task(ledger, "eu-south")["state"] == "LINK_PAUSED"
    assert ledger.statuses("eu-south") == {"LINK_PAUSED"}

    ledger.http["eu-south"].put(path, json={"value": "false"})
    ledger.advance(3)
    assert ledger.statuses("eu-south") == {"ACTIVE"}
    assert on(ledger, "eu-south", "balances", "entries") != before


def test_switching_sync_off_wipes_its_filter(ledger):
    base = f"/links/{ledger.link}/configs"
    ledger.http["eu-south"].put(f"{base}/consumer.offset.sync.enable", json={"value": "false"})
    assert ledger.get("eu-south", f"{base}/consumer.offset.group.filters")["value"] is None
    assert task(ledger, "eu-south")["state"] == "NOT_CONFIGURED"

    ledger.http["eu-south"].put(f"{base}/consumer.offset.sync.enable", json={"value": "true"})

    found = task(ledger, "eu-south")
    assert (found["state"], found["errors"][0]["error_code"]) == ("IN_ERROR", "MISCONFIGURATION_ERROR")


def test_filters_choose_the_groups(ledger):
    rules = [
        {"name": "*", "patternType": "LITERAL", "filterType": "INCLUDE"},
        {"name": "bal", "patternType": "PREFIXED", "filterType": "EXCLUDE"},
    ]
    change = {"data": [{"name": "consumer.offset.group.filters", "value": json.dumps({"groupFilters": rules})}]}
    assert ledger.http["eu-south"].put(f"/links/{ledger.link}/configs:alter", json=change).status_code == 204
    ledger.advance(1)
    balances, statements = (on(ledger, "eu-south", group, "entries") for group in ("balances", "statements"))
    ledger.advance(5)

    assert on(ledger, "eu-south", "balances", "entries") == balances
    assert on(ledger, "eu-south", "statements", "entries") != statements


def test_a_link_named_differently_over_there_syncs_nothing_and_says_so(ledger):
    links = ledger.pair.sides["eu-north"].links
    links["other-name"] = links.pop(ledger.link)
    ledger.advance(1)

    found = task(ledger, "eu-south")

    assert (found["state"], found["errors"][0]["error_code"]) == ("IN_ERROR", "REMOTE_LINK_NOT_FOUND_ERROR")


def test_offsets_wait_for_their_records_unless_told_otherwise(ledger):
    ledger.accepted("eu-south", "pause", ["entries"])
    ledger.advance(5)
    ends = dict(enumerate(ledger.ends("eu-south", "entries")))
    assert all(offset <= ends[p] for p, offset in on(ledger, "eu-south", "balances", "entries").items())

    ledger.pair.inject("offsets-ahead", "eu-south")
    ledger.advance(3)

    assert any(offset > ends[p] for p, offset in on(ledger, "eu-south", "balances", "entries").items())
