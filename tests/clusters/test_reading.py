"""Sides and pairs are read from the simulated clusters over sockets, and never later than the deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import TypeVar

import pytest

from clusters.connections import Connections, close_all, open_pair
from clusters.declared import Declared, PairEntry
from clusters.facts import MetadataMode, MirrorStatus, PairFacts, Version
from clusters.health import Expectations, Severity, judge_pair
from clusters.reading import POLLS, read_pair, read_side, unread_side

T = TypeVar("T")
PATIENCE = 20.0


def until(look: Callable[[], T], is_so: Callable[[T], bool]) -> T:
    """Looks again and again until it is so; the last look is in the complaint."""
    end = time.monotonic() + PATIENCE
    while not is_so(found := look()):
        assert time.monotonic() < end, found
    return found


@pytest.fixture
def orders(inventory) -> PairEntry:
    return inventory.pairs["orders"]


@pytest.fixture
def ledger(inventory) -> PairEntry:
    return inventory.pairs["ledger"]


@pytest.fixture
def opened(orders) -> Iterator[Connections]:
    with open_pair(orders) as connections:
        yield connections
    close_all()


def test_a_healthy_pair_is_read_whole(opened, orders, control):
    found = read_pair(opened, orders)
    truth = control.truth("orders")["sides"]
    for name, side in found.sides.items():
        assert side.reachable
        assert side.said == ""
        assert {probe.protocol for probe in side.probes if probe.ok} == {"rest", "kafka"}
        assert side.lowest_version == Version(8, 1, 0)
        assert side.tiering.value is False
        assert side.metadata.value is MetadataMode.KRAFT
        assert side.configs_at is not None
        assert side.offsets_at is not None
        assert len(side.mirrors) == 4
        assert set(side.topics) == set(truth[name]["topics"])
        assert {"settlement", "fulfilment", "reporting"} <= set(side.groups)
        assert all(topic.tiered is False for topic in side.topics.values())
    assert found.sides["us-east"].groups["settlement"].members == 2
    assert found.sides["eu-west"].groups["settlement"].members == 0
    assert found.link == "orders-link"
    assert found.home == "us-east"


def test_offsets_lie_between_the_truth_before_and_after(opened, orders, control):
    before, found, after = control.truth("orders"), read_pair(opened, orders), control.truth("orders")
    for name, side in found.sides.items():
        for topic, facts in side.topics.items():
            low = [row["end"] for row in before["sides"][name]["topics"][topic]["partitions"]]
            high = [row["end"] for row in after["sides"][name]["topics"][topic]["partitions"]]
            assert all(a <= end <= b for a, end, b in zip(low, facts.end_offsets, high, strict=True)), topic


def test_a_healthy_pair_is_judged_ok_once_the_links_have_moved(opened, orders):
    def look() -> PairFacts:
        return read_pair(opened, orders)

    def is_ok(found: PairFacts) -> bool:
        return judge_pair(found, Expectations(), found.sides["us-east"].read_at).worst.severity is Severity.OK

    until(look, is_ok)


@pytest.mark.parametrize("mode", ["refuse", "hang"])
def test_a_dead_region_is_a_fact_and_does_not_delay_the_other(opened, orders, control, mode):
    read_pair(opened, orders)
    control.fault("orders", "region-down", "us-east", mode=mode)
    found = read_pair(opened, orders, deadline_s=1.5)
    dead, alive = found.sides["us-east"], found.sides["eu-west"]
    assert (dead.reachable, dead.mirrors, dead.links, dead.topics, dead.groups) == (False, None, None, None, None)
    assert dead.said
    assert dead.lowest_version == Version(8, 1, 0), "what is declared stays declared"
    assert alive.reachable
    assert len(alive.mirrors) == 4
    assert alive.link("orders-link").state == "ACTIVE", "link_state is no proof of life"


def waited(found: PairFacts, side: str) -> int:
    """Milliseconds, of the way in that took longest."""
    return max(probe.took_ms for probe in found.sides[side].probes)


def test_a_side_that_was_just_waited_for_in_vain_is_not_waited_for_as_long_again(opened, orders, control):
    control.fault("orders", "region-down", "us-east", mode="hang")
    first = read_pair(opened, orders, deadline_s=3.0, lost_s=0.8)
    again = read_pair(opened, orders, deadline_s=3.0, lost_s=0.8, previous=first)
    assert not again.sides["us-east"].reachable
    assert waited(again, "us-east") < waited(first, "us-east")

    long_ago = replace(first.sides["us-east"], read_at=first.sides["us-east"].read_at - POLLS * orders.policy.poll)
    old = replace(first, sides={**first.sides, "us-east": long_ago})
    whole = read_pair(opened, orders, deadline_s=3.0, lost_s=0.8, previous=old)
    assert waited(whole, "us-east") > waited(again, "us-east")


def test_the_vantage_points_tell_a_dead_region(opened, orders, control):
    control.fault("orders", "region-down", "us-east")
    seen: list[PairFacts] = []

    def look() -> PairFacts:
        seen.append(read_pair(opened, orders, deadline_s=1.0, previous=seen[-1] if seen else None))
        return seen[-1]

    def sees(found: PairFacts) -> dict[str, bool | None]:
        return {row.name: row.sees for row in found.seen_from("us-east")}

    wanted = {
        "console": False,
        "orders-link on eu-west": False,
        "us-east-witness": None,  # it died with its region
        "eu-west-witness": False,
    }

    def statuses(found: PairFacts) -> set[MirrorStatus]:
        return {mirror.status for mirror in found.sides["eu-west"].mirrors or ()}

    # The link may say so before its mirrors do.
    found = until(look, lambda facts: sees(facts) == wanted and statuses(facts) == {MirrorStatus.SOURCE_UNAVAILABLE})
    first = next(row for row in seen[0].seen_from("us-east") if row.kind == "console")
    last = next(row for row in found.seen_from("us-east") if row.kind == "console")
    assert last.since == first.since, "the time since when it is dead stays"
    assert {row.sees for row in found.seen_from("eu-west") if row.kind == "console"} == {True}


def test_before_the_cluster_notices_a_frozen_link_has_no_opinion(opened, orders, control):
    first = read_pair(opened, orders)
    control.fault("orders", "region-down", "us-east")
    second = read_pair(opened, orders, deadline_s=1.0, previous=first)
    third = read_pair(opened, orders, deadline_s=1.0, previous=second)
    (row,) = [row for row in third.seen_from("us-east") if row.kind == "link"]
    unavailable = {mirror.status for mirror in third.sides["eu-west"].mirrors} == {MirrorStatus.SOURCE_UNAVAILABLE}
    assert row.sees is (False if unavailable else None)


def test_a_link_that_fetches_is_proof_of_life(opened, orders):
    seen: list[PairFacts] = []

    def look() -> bool | None:
        seen.append(read_pair(opened, orders, previous=seen[-1] if seen else None))
        return next(row.sees for row in seen[-1].seen_from("us-east") if row.kind == "link")

    assert until(look, lambda sees: sees is not None) is True


def test_clients_cut_off_are_told_from_a_dead_region(opened, orders, control):
    """Nobody outside gets through, so nothing is written and the link fetches nothing; the witness inside looks on."""
    control.fault("orders", "clients-cut", "us-east")

    def look() -> dict[str, bool | None]:
        return {row.name: row.sees for row in read_pair(opened, orders, deadline_s=1.0).seen_from("us-east")}

    found = until(look, lambda sees: sees["eu-west-witness"] is False)
    assert found == {
        "console": False,
        "orders-link on eu-west": None,
        "us-east-witness": True,
        "eu-west-witness": False,
    }


def test_a_region_that_comes_back_is_seen_at_once(opened, orders, control):
    control.fault("orders", "region-down", "us-east", mode="hang")
    assert not read_side(opened, orders, "us-east", deadline_s=1.0).reachable
    control.heal("orders", "region-down", "us-east")
    until(
        lambda: read_side(opened, orders, "us-east", deadline_s=2.0),
        lambda side: all(probe.ok for probe in side.probes),
    )


def test_server_errors_leave_what_the_other_protocol_tells(opened, orders, control):
    control.fault("orders", "server-errors", "us-east", status=503)
    side = read_side(opened, orders, "us-east")
    assert side.reachable
    assert side.mirrors is None
    assert side.topics is not None
    assert "503" in side.said


def test_settings_are_read_again_only_when_they_are_due(opened, orders):
    first = read_side(opened, orders, "us-east")
    second = read_side(opened, orders, "us-east", previous=first)
    assert second.configs_at == first.configs_at
    assert second.links == first.links or second.link("orders-link").prefix == "eu-west."
    assert second.tiering == first.tiering
    assert all(topic.tiered is False for topic in second.topics.values())
    third = read_side(opened, orders, "us-east")
    assert third.configs_at > first.configs_at


def test_another_cluster_behind_the_address_counts_as_not_reached(orders):
    here, there = orders.sides
    swapped = replace(orders, name="swapped", sides=(replace(here, ways=there.ways), there))
    with open_pair(swapped) as connections:
        side = read_side(connections, swapped, here.name)
    close_all()
    assert not side.reachable
    assert side.mirrors is None
    assert side.topics is None
    assert f"answers as cluster {there.cluster_id}" in side.said


def declared(value: object) -> Declared:
    return Declared(str(value), value, "asked", "ops", date(2026, 1, 1))


def contradicted(entry: PairEntry, **changes: object) -> PairEntry:
    here, there = entry.sides
    return replace(entry, name="contradicted", sides=(replace(here, **changes), there))


@pytest.mark.parametrize(
    ("changes", "fact", "note"),
    [
        ({"metadata": declared(MetadataMode.ZOOKEEPER)}, "metadata", "say kraft"),
        ({"tiering": declared(False)}, "tiering", "declared off, but broker 1 has"),
    ],
)
def test_a_declaration_that_a_probe_contradicts_is_unknown(inventory, changes, fact, note):
    entry = contradicted(inventory.pairs["archive"], **changes)
    with open_pair(entry) as connections:
        found = getattr(read_side(connections, entry, "us-west"), fact)
    close_all()
    assert found.value is None
    assert not found.is_known
    assert note in found.note


def test_a_broker_nobody_declared_has_an_unknown_version(orders):
    home = orders.sides[0]
    entry = contradicted(orders, versions={broker: home.versions[broker] for broker in (1, 2)})
    with open_pair(entry) as connections:
        side = read_side(connections, entry, home.name)
    close_all()
    assert [broker.version.is_known for broker in side.brokers] == [True, True, False]
    assert side.lowest_version is None


def test_topics_and_groups_that_are_asked_for_are_always_read(opened, orders):
    side = read_side(opened, orders, "us-east", topics=["us-east.nothing"], groups=["no-such-group"])
    assert "us-east.nothing" not in side.topics
    assert side.groups["no-such-group"].members == 0


def test_a_side_that_was_not_read_says_why(orders):
    side = unread_side(orders, "eu-west", "the poller was stopped")
    assert not side.reachable
    assert "the poller was stopped" in side.said
    assert side.lowest_version == Version(8, 1, 0)
    assert side.mirrors is None


def test_a_slow_side_is_read_whole_over_rest_since_no_answer_waits_for_another(opened, orders, control):
    control.fault("orders", "slow", "us-east", seconds=1.0)
    side = read_side(opened, orders, "us-east", deadline_s=6.0)
    assert next(probe.ok for probe in side.probes if probe.protocol == "rest")
    assert len(side.mirrors) == 4
    assert side.link("orders-link").prefix == "eu-west."
    assert side.configs_at is not None


def test_a_side_that_is_too_slow_keeps_what_came_in_time(opened, orders, control):
    """The link's tasks and its settings are two answers, one after the other; the rest is one each."""
    control.fault("orders", "slow", "us-east", seconds=2.0)
    side = read_side(opened, orders, "us-east", deadline_s=4.0)
    assert side.reachable
    assert len(side.mirrors) == 4
    assert side.link("orders-link").mode is None
    assert side.configs_at is None
    assert side.said


def test_a_link_that_is_not_there_is_absent_and_not_an_error(orders):
    named = replace(orders, name="linkless", links=(replace(orders.links[0], name="no-such-link"),))
    with open_pair(named) as connections:
        side = read_side(connections, named, "us-east")
    close_all()
    assert side.links == ()
    assert side.mirrors == ()
    assert side.said == ""
