"""Failover: stop now, with what is there."""

from __future__ import annotations

import pytest


def test_failover_is_accepted_first_and_stopped_later(ledger):
    ledger.accepted("eu-south", "failover", ["entries"])
    assert ledger.status("eu-south", "entries") == "PENDING_STOPPED"
    ledger.advance(0.2)
    assert ledger.status("eu-south", "entries") == "PENDING_STOPPED"

    ledger.advance(0.3)

    assert ledger.status("eu-south", "entries") == "STOPPED"
    assert ledger.status("eu-south", "accounts") == "ACTIVE"


def test_a_stopped_mirror_takes_writes_and_an_active_one_does_not(ledger):
    assert not ledger.write("eu-south", "entries", 0, 5)
    ledger.accepted("eu-south", "failover", ["entries"])
    ledger.advance(1)

    assert ledger.write("eu-south", "entries", 0, 5)
    assert not ledger.write("eu-south", "accounts", 0, 5)


def test_failover_needs_no_source(ledger):
    ledger.fail_over()

    assert {log.is_writable for log in ledger.pair.sides["eu-south"].topics.values()} == {True}


def test_data_that_had_not_arrived_stays_on_the_source_alone(ledger):
    ledger.pair.inject("region-down", "eu-north")
    ledger.advance(1)
    ledger.accepted("eu-south", "failover", ["entries"])
    ledger.advance(1)
    cut = ledger.ends("eu-south", "entries")
    ledger.pair.clear_faults()
    ledger.advance(10)

    home = ledger.ends("eu-north", "entries")
    assert ledger.ends("eu-south", "entries") == cut
    assert all(mine >= theirs for mine, theirs in zip(home, cut, strict=True))
    assert sum(home) > sum(cut), "the producers came back with their region and wrote on"


def test_the_last_lags_stay_after_stopping(ledger):
    ledger.advance(0.5)
    ledger.pair.inject("region-down", "eu-north")
    ledger.advance(1)
    frozen = ledger.lags("eu-south", "entries")
    ledger.accepted("eu-south", "failover", ["entries"])
    ledger.advance(1)
    ledger.write("eu-south", "entries", 0, 50)

    assert ledger.lags("eu-south", "entries") == frozen


@pytest.mark.parametrize("before", ["PAUSED", "SOURCE_UNAVAILABLE", "LINK_PAUSED", "FAILED"])
def test_failover_works_from_every_state_that_may_need_it(ledger, before):
    reach_state(ledger, before)
    assert ledger.status("eu-south", "entries") == before

    ledger.accepted("eu-south", "failover", ["entries"])
    ledger.advance(1)

    assert ledger.status("eu-south", "entries") == "STOPPED"


def reach_state(world, status):
    if status == "PAUSED":
        world.accepted("eu-south", "pause", ["entries"])
    elif status == "SOURCE_UNAVAILABLE":
        world.pair.inject("link-down")
        world.advance(6)
    elif status == "LINK_PAUSED":
        path = f"/links/{world.link}/configs/cluster.link.paused"
        world.http["eu-south"].put(path, json={"value": "true"})
        world.advance(0.1)
    else:
        del world.pair.sides["eu-north"].topics["entries"]
        world.advance(1)


def test_a_stopped_mirror_cannot_be_failed_over_again(ledger):
    ledger.accepted("eu-south", "failover", ["entries"])
    ledger.advance(1)

    row = ledger.command("eu-south", "failover", ["entries"])["entries"]

    assert (row["error_code"], row["error_message"]) == (400, "Cannot fail over mirror topic entries in state STOPPED")


def test_one_call_may_be_accepted_for_one_topic_and_refused_for_the_next(ledger):
    rows = ledger.command("eu-south", "failover", ["entries", "nothing", "accounts"])

    assert {topic: row["error_code"] for topic, row in rows.items()} == {
        "entries": None,
        "nothing": 404,
        "accounts": None,
    }
    assert ledger.journal.commands()[0]["refused"] == {"nothing": "Topic nothing does not exist"}
    assert ledger.journal.commands()[0]["outcome"] == "accepted"


def test_a_dry_run_changes_nothing_and_is_journalled_as_one(ledger):
    before = ledger.mirror("eu-south", "entries")

    rows = ledger.command("eu-south", "failover", ["entries", "nothing"], validate_only=True)

    assert [rows[topic]["error_code"] for topic in ("entries", "nothing")] == [None, 404]
    assert ledger.mirror("eu-south", "entries") == before
    (command,) = ledger.journal.commands()
    assert command["validate_only"]
    assert command["outcome"] == "accepted"


def test_committed_offsets_above_the_end_are_clamped(ledger):
    ledger.pair.inject("offsets-ahead", "eu-south")
    stop_replication_with_commits_ahead(ledger)
    ends = ledger.ends("eu-south", "entries")
    before = ledger.committed("eu-south", "balances")
    assert any(before[("entries", p)] > ends[p] for p in range(6)), "otherwise this test shows nothing"

    ledger.accepted("eu-south", "failover", ["entries"])
    ledger.advance(1)

    after = ledger.committed("eu-south", "balances")
    assert [after[("entries", p)] for p in range(6)] == [min(before[("entries", p)], ends[p]) for p in range(6)]


def stop_replication_with_commits_ahead(world):
    """A paused mirror gets no records while its group's offsets still arrive."""
    world.accepted("eu-south", "pause", ["entries"])
    for partition in range(6):
        world.write("eu-north", "entries", partition, 20)
    world.advance(3)
