"""Thousands of mirrors through the same scenario code."""

from __future__ import annotations

from clusters.sandbox.scenario import big_pair, fill
from tests.clusters.sandbox.conftest import World


def test_a_big_pair_is_a_pair_like_any_other():
    world = World(big_pair(mirrors=2000, partitions=6))
    rows = world.get("south", "/links/big-link/mirrors")["data"]
    assert len(rows) == 2000
    assert {len(row["mirror_lags"]) for row in rows} == {6}

    world.advance(2)
    changed = sum(
        row != before for row, before in zip(world.get("south", "/links/big-link/mirrors")["data"], rows, strict=True)
    )

    assert 0 < changed <= 100, "the producer writes to the first hundred topics"


def test_a_rendered_mirror_is_rendered_again_when_it_changes():
    """The list keeps what it rendered; a stale line would hide a transition."""
    world = World(big_pair(mirrors=20))
    world.get("south", "/links/-/mirrors")
    world.accepted("south", "failover", ["topic-00007"])
    rows = world.get("south", "/links/-/mirrors")["data"]
    assert {row["mirror_status"] for row in rows if row["mirror_topic_name"] == "topic-00007"} == {"PENDING_STOPPED"}

    world.advance(1)
    rows = world.get("south", "/links/-/mirrors", mirror_status="STOPPED")["data"]

    assert [row["mirror_topic_name"] for row in rows] == ["topic-00007"]


def test_every_mirror_can_be_failed_over_in_one_call():
    world = World(big_pair(mirrors=2000))
    world.pair.inject("region-down", "north")
    world.advance(6)
    assert world.statuses("south") == {"SOURCE_UNAVAILABLE"}
    world.accepted("south", "failover", sorted(world.pair.sides["south"].topics))
    world.advance(1)

    assert world.statuses("south") == {"STOPPED"}


def test_a_reset_pair_shows_nothing_of_its_former_life():
    """A new mirror that has seen as many changes as an old one had must not be mistaken for it."""
    scenario = big_pair(mirrors=101)
    world = World(scenario)
    before = {row["state_time_ms"] for row in world.get("south", "/links/-/mirrors")["data"]}
    world.advance(100)
    fill(world.pair, scenario)

    after = {row["state_time_ms"] for row in world.get("south", "/links/-/mirrors")["data"]}
    assert after == {at + 100_000 for at in before}
