"""Truncate-and-restore on the old home: what it counts, cuts and needs."""

from __future__ import annotations

import pytest

from clusters.sandbox.workloads import BY_HAND, Crew

TOPICS = ["accounts", "entries", "transfers"]


@pytest.fixture
def returned(ledger):
    """Failed over; home is back, its late records and the new ones on the other side diverge; nobody writes."""
    ledger.fail_over()
    cut = {topic: ledger.ends("eu-south", topic) for topic in TOPICS}
    ledger.pair.clear_faults()
    ledger.stop_clients()
    for topic in TOPICS:
        ledger.write("eu-north", topic, 1, 7)
        ledger.write("eu-south", topic, 1, 4)
    ledger.cut = cut
    return ledger


def divergent(world, topic):
    """(cut, records above it) per partition of home that has any."""
    ends = zip(world.ends("eu-north", topic), world.cut[topic], strict=True)
    return {p: (cut, end - cut) for p, (end, cut) in enumerate(ends) if end > cut}


@pytest.mark.parametrize("dry", [True, False])
def test_it_counts_what_it_would_truncate(returned, dry):
    expected = divergent(returned, "entries")

    query = {"validate_only": dry, "include_partition_level_truncation_data": True}
    row = returned.command("eu-north", "truncate-and-restore", ["entries"], **query)["entries"]

    found = {
        entry["partition_id"]: (entry["offset_truncated_to"], entry["messages_truncated"])
        for entry in row["partition_level_truncation_data"]
    }
    assert found == expected
    assert 1 in expected
    assert row["messages_truncated"] == sum(count for _, count in expected.values())


def test_without_asking_there_is_a_total_only(returned):
    row = returned.command("eu-north", "truncate-and-restore", ["entries"], validate_only=True)["entries"]

    assert row["messages_truncated"] > 0
    assert row["partition_level_truncation_data"] == []


def test_other_actions_count_no_truncation(ledger):
    assert ledger.command("eu-south", "pause", ["entries"])["entries"]["messages_truncated"] == -1


def test_a_dry_run_truncates_nothing(returned):
    before = returned.ends("eu-north", "entries")
    returned.command("eu-north", "truncate-and-restore", ["entries"], validate_only=True)
    returned.advance(5)

    assert returned.ends("eu-north", "entries") == before
    assert returned.http["eu-north"].get(f"/links/{returned.link}/mirrors/entries").status_code == 404


def test_it_takes_its_steps_and_ends_as_a_mirror(returned):
    returned.accepted("eu-north", "truncate-and-restore", ["entries"])
    seen = [returned.status("eu-north", "entries")]
    assert not returned.write("eu-north", "entries", 0, 1)
    for _ in range(60):
        returned.advance(0.05)
        if returned.status("eu-north", "entries") != seen[-1]:
            seen.append(returned.status("eu-north", "entries"))

    assert seen == ["PENDING_SETUP_FOR_RESTORE", "PENDING_RESTORE", "ACTIVE"]
    assert returned.ends("eu-north", "entries") == returned.ends("eu-south", "entries")
    home, away = (returned.pair.sides[side].topics["entries"] for side in ("eu-north", "eu-south"))
    assert [log.spans for log in home.logs] == [log.spans for log in away.logs], "no divergent record is left"


def test_group_offsets_above_the_cut_are_lowered(returned):
    group = returned.pair.sides["eu-north"].group("balances")
    group.committed[("entries", 1)] = group.committed[("entries", 1)]._replace(
        offset=returned.ends("eu-north", "entries")[1]
    )

    returned.accepted("eu-north", "truncate-and-restore", ["entries"])
    returned.advance(0.8)

    assert returned.committed("eu-north", "balances")[("entries", 1)] <= returned.cut["entries"][1] + 4


def test_home_goes_back_to_being_home(returned):
    """Restore on the old home, then reverse on the same side, which now holds the mirror."""
    returned.accepted("eu-north", "truncate-and-restore", TOPICS)
    returned.advance(5)
    assert returned.statuses("eu-north") == {"ACTIVE"}
    returned.accepted("eu-north", "reverse-and-start-mirror", TOPICS)
    returned.advance(5)

    assert returned.statuses("eu-north") == {"STOPPED"}
    assert returned.statuses("eu-south") == {"ACTIVE"}
    returned.move("ledger-writer", "eu-north")
    returned.advance(3)
    assert returned.pair.targets["ledger-writer"].accepted > 0
    assert sum(returned.ends("eu-north", "entries")) > sum(returned.cut["entries"])


def refusal(world, topic="entries"):
    row = world.command("eu-north", "truncate-and-restore", [topic])[topic]
    assert row["error_code"] == 400
    return row["error_message"]


def test_it_is_refused_while_the_remote_mirror_is_not_stopped(ledger):
    assert "must be a stopped mirror, it is ACTIVE" in refusal(ledger)


def test_it_is_refused_while_a_group_is_active_on_the_topic(returned):
    returned.pair.by_hand[("eu-north", "balances")] = Crew(BY_HAND, 1, ("entries",))
    returned.advance(1)

    assert "consumer group balances is active" in refusal(returned)


def test_it_is_refused_while_the_other_side_cannot_be_reached(returned):
    returned.pair.inject("link-down")

    assert "cannot be reached" in refusal(returned)


def test_it_is_refused_twice(returned):
    returned.accepted("eu-north", "truncate-and-restore", ["entries"])

    assert "it is a mirror in state PENDING_SETUP_FOR_RESTORE" in refusal(returned)


def test_a_group_that_wakes_up_meanwhile_holds_it(returned):
    returned.accepted("eu-north", "truncate-and-restore", ["entries"])
    returned.pair.by_hand[("eu-north", "balances")] = Crew(BY_HAND, 1, ("entries",))
    returned.advance(20)

    mirror = returned.mirror("eu-north", "entries", include_state_transition_errors=True)
    assert mirror["mirror_status"] == "PENDING_SETUP_FOR_RESTORE"
    assert mirror["mirror_state_transition_errors"][0]["error_code"] == "CONSUMER_GROUP_IN_USE_ERROR"


def test_writes_before_the_cut_make_the_figures_differ_from_the_saved_cut(returned):
    """What R36 watches for: somebody wrote on home after the cut was saved."""
    before = returned.command("eu-north", "truncate-and-restore", ["entries"], validate_only=True)["entries"]
    returned.write("eu-north", "entries", 0, 3)
    after = returned.command("eu-north", "truncate-and-restore", ["entries"], validate_only=True)["entries"]

    assert after["messages_truncated"] == before["messages_truncated"] + 3
