"""Sides, links, groups and whole pairs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clusters.facts import (
    BrokerFacts,
    Edition,
    MirrorStatus,
    Probe,
    TaskFacts,
    Topology,
    TransitionError,
    Vantage,
    unknown,
)
from clusters.health import (
    Expectation,
    Expectations,
    Severity,
    expected_in_outage,
    judge_group,
    judge_link,
    judge_pair,
    judge_side,
    worst,
)
from tests.clusters.made import NOW, POLICY, gone, group, known, link, mirror, pair, side, topic

NOTHING = Expectations()
OUTAGE = Expectations(expected_in_outage("east", "west", "incident 7"))


def judged_side(found, **more):
    return judge_side(found, POLICY, more.pop("expectations", NOTHING), more.pop("now", NOW), **more)


def test_a_side_that_answers_whole_is_ok():
    assert judged_side(side()).severity is Severity.OK


def test_a_stale_side_is_unknown_even_if_it_was_fine():
    assert judged_side(side(), now=NOW + timedelta(minutes=1)).severity is Severity.UNKNOWN


def test_a_silent_side_needs_an_act_then_is_critical_and_may_be_expected():
    assert judged_side(gone()).severity is Severity.ACT
    since = NOW - POLICY.unreachable_for
    assert judged_side(gone(), unreachable_since=since).severity is Severity.CRITICAL
    assert judged_side(gone(), unreachable_since=since + timedelta(seconds=1)).severity is Severity.ACT
    assert judged_side(gone(), unreachable_since=since, expectations=OUTAGE).severity is Severity.EXPECTED


def test_one_protocol_that_fails_needs_an_act():
    half = side(probes=(Probe("rest", ok=False, said="503", took_ms=2), Probe("kafka", ok=True, said="", took_ms=1)))
    assert judged_side(half).severity is Severity.ACT


@pytest.mark.parametrize("part", ["links", "mirrors", "topics", "groups"])
def test_what_could_not_be_read_is_unknown(part):
    assert judged_side(side(**{part: None})).severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    "gap",
    [
        {"edition": unknown("nobody said")},
        {"metadata": unknown("nobody said")},
        {"tiering": unknown("nobody said")},
        {"brokers": (BrokerFacts(1, unknown("nobody said")),)},
        {"brokers": ()},
    ],
)
def test_a_safety_fact_nobody_told_is_worth_a_look(gap):
    assert judged_side(side(**gap)).severity is Severity.WATCH


def test_cloud_has_no_versions_to_tell():
    cloud = side(edition=known(Edition.CLOUD_DEDICATED), brokers=(), tiering=unknown(""), metadata=unknown(""))
    assert judged_side(cloud).severity is Severity.OK


TASK_ERROR = TaskFacts("ConsumerOffsetSync", "IN_ERROR", (TransitionError("MISCONFIGURATION_ERROR", ""),))
TASK_IN_USE = TaskFacts("ConsumerOffsetSync", "IN_ERROR", (TransitionError("CONSUMER_GROUP_IN_USE_ERROR", ""),))


@pytest.mark.parametrize(
    ("changes", "remote", "severity"),
    [
        ({}, side("east"), Severity.OK),
        ({}, gone("east"), Severity.UNKNOWN),
        ({"tasks": (TASK_ERROR,)}, side("east"), Severity.ACT),
        ({"tasks": (TASK_IN_USE,)}, side("east"), Severity.CRITICAL),
        ({"error": "TIMEOUT_ERROR"}, side("east"), Severity.ACT),
        ({"state": "UNAVAILABLE"}, side("east"), Severity.ACT),
        ({"state": "UNAVAILABLE"}, gone("east"), Severity.CRITICAL),
        ({"state": "FAILED", "error": "AUTHENTICATION_ERROR"}, side("east"), Severity.CRITICAL),
        ({"state": "PAUSED"}, side("east"), Severity.CRITICAL),
        ({"state": "UNKNOWN"}, side("east"), Severity.UNKNOWN),
        ({"state": "UNMANAGED_SOURCE"}, side("east"), Severity.UNKNOWN),
        ({"state": ""}, side("east"), Severity.UNKNOWN),
        ({"mode": None, "configs": {}}, side("east"), Severity.UNKNOWN),
        ({"configs": {"cluster.link.paused": "true"}}, side("east"), Severity.CRITICAL),
        ({"configs": {"consumer.offset.sync.enable": "false"}}, side("east"), Severity.WATCH),
    ],
)
def test_links(changes, remote, severity):
    assert judge_link(link(**changes), side("west"), POLICY, NOTHING, NOW, remote=remote).severity is severity


def test_an_outage_explains_an_unavailable_link_and_a_link_that_still_says_active():
    for state in ("UNAVAILABLE", "ACTIVE"):
        found = judge_link(link(state=state), side("west"), POLICY, OUTAGE, NOW, remote=gone("east"))
        assert found.severity is Severity.EXPECTED


def judged_group(east, west, expectations=NOTHING, now=NOW):
    return judge_group("settlement", pair(east, west), expectations, now)


def test_a_group_on_one_side_is_ok_and_on_both_is_critical():
    running, idle = [group(members=2)], [group()]
    assert judged_group(side("east", groups=running), side("west", groups=idle)).severity is Severity.OK
    both = judged_group(side("east", groups=running), side("west", groups=running))
    assert both.severity is Severity.CRITICAL
    assert "runs on east and west" in both.why


def test_a_group_nobody_runs_is_worth_a_look():
    assert judged_group(side("east"), side("west")).severity is Severity.WATCH


def test_a_group_on_a_side_that_does_not_answer_is_not_a_stopped_group():
    running = side("west", groups=[group(members=2)])
    assert judged_group(gone("east"), running).severity is Severity.UNKNOWN
    assert judged_group(gone("east"), running, OUTAGE).severity is Severity.EXPECTED
    assert judged_group(side("east", groups=None), running).severity is Severity.UNKNOWN


def test_a_stale_side_hides_where_a_group_runs():
    old = side("east", read_at=NOW - timedelta(minutes=5))
    assert judged_group(old, side("west", groups=[group(members=1)])).severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("mirrors", "severity"),
    [
        ([], Severity.CRITICAL),
        ([mirror("orders", status=MirrorStatus.STOPPED)], Severity.CRITICAL),
        ([mirror("orders")], Severity.OK),
    ],
)
def test_a_position_above_the_end_is_critical_where_clients_write(mirrors, severity):
    """Over a mirror that still follows it is ahead of the data by the lag, and is lowered when the mirror stops."""
    ahead = group(members=1, at={("orders", 0): 11, ("orders", 1): 12})
    here = side("east", groups=[ahead], topics=[topic("orders", (10, 12))], mirrors=mirrors)
    assert judged_group(here, side("west")).severity is severity


def test_a_position_at_the_end_is_fine():
    here = side("east", groups=[group(members=1, at={("orders", 0): 10})], topics=[topic("orders", (10, 12))])
    assert judged_group(here, side("west")).severity is Severity.OK


def whole(**changes):
    east = side("east", groups=[group(members=2)], topics=[topic()])
    west = side("west", groups=[group()], topics=[topic()], mirrors=[mirror()])
    return replace(pair(east, west), **changes)


def test_a_pair_is_ok_only_when_everything_is():
    found = judge_pair(whole(), NOTHING, NOW)
    assert found.worst.severity is Severity.OK
    assert set(found.sides) == set(found.links) == {"east", "west"}
    assert set(found.mirrors) == {("west", "orders")}
    assert set(found.groups) == {"settlement"}


def test_the_worst_of_a_pair_is_its_word():
    west = side("west", mirrors=[mirror(status=MirrorStatus.FAILED)])
    assert judge_pair(pair(side("east"), west), NOTHING, NOW).worst.severity is Severity.CRITICAL


def test_a_link_that_is_not_there_is_critical():
    found = judge_pair(pair(side("east"), side("west", links=())), NOTHING, NOW)
    assert found.links["west"].severity is Severity.CRITICAL


def test_the_time_of_an_outage_comes_from_the_vantage_points():
    since = NOW - timedelta(minutes=10)
    rows = (Vantage("console", "console", "east", False, since, "refused", NOW),)
    found = judge_pair(pair(gone("east"), side("west"), vantages=rows), NOTHING, NOW)
    assert found.sides["east"].severity is Severity.CRITICAL


def test_a_declared_outage_is_expected_from_end_to_end():
    west = side("west", mirrors=[mirror(status=MirrorStatus.SOURCE_UNAVAILABLE)], groups=[group(members=2)])
    found = judge_pair(pair(gone("east"), west), OUTAGE, NOW)
    assert found.worst.severity is Severity.EXPECTED


def growing(name: str, ends: tuple[int, int], **changes):
    return side(name, topics=[topic("orders", ends)], **changes)


def test_a_topic_written_on_both_sides_of_active_passive_is_critical():
    stopped = [mirror(status=MirrorStatus.STOPPED)]
    before = pair(growing("east", (5, 5)), growing("west", (7, 7), mirrors=stopped))
    after = pair(growing("east", (6, 5)), growing("west", (7, 9), mirrors=stopped))
    assert judge_pair(after, NOTHING, NOW, previous=before).worst.words == "written on both sides"
    assert judge_pair(after, NOTHING, NOW).worst.words != "written on both sides"
    lone = pair(growing("east", (6, 5)), growing("west", (7, 7), mirrors=stopped))
    assert judge_pair(lone, NOTHING, NOW, previous=before).worst.words != "written on both sides"


def test_a_mirror_that_grows_is_not_a_second_writer():
    before = pair(growing("east", (5, 5)), growing("west", (4, 4), mirrors=[mirror()]))
    after = pair(growing("east", (6, 5)), growing("west", (5, 5), mirrors=[mirror()]))
    assert judge_pair(after, NOTHING, NOW, previous=before).worst.words != "written on both sides"


def test_active_active_may_write_on_both_sides():
    before = pair(growing("east", (5, 5)), growing("west", (7, 7)), topology=Topology.ACTIVE_ACTIVE)
    after = pair(growing("east", (6, 5)), growing("west", (7, 9)), topology=Topology.ACTIVE_ACTIVE)
    assert judge_pair(after, NOTHING, NOW, previous=before).worst.words != "written on both sides"


def test_nothing_to_judge_is_unknown():
    assert worst([]).severity is Severity.UNKNOWN


def test_the_order_of_severities():
    ranked = sorted(Severity, key=lambda severity: severity.rank)
    assert [str(severity) for severity in ranked] == ["OK", "Expected", "Watch", "Unknown", "Act", "Critical"]


def test_expectations_hold_for_their_side_and_state_only():
    rows = Expectations((Expectation("west", frozenset({"PAUSED"}), "step 3"),))
    assert rows.reason("west", "PAUSED") == "step 3"
    assert rows.reason("east", "PAUSED") is None
    assert rows.reason("west", "FAILED") is None
