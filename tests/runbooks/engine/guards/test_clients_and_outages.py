"""The guards of confirming an outage and of moving clients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clusters.facts import GroupState, MirrorStatus, Subscription, Topology, Vantage
from runbooks.engine.judge import judge, refusals
from runbooks.engine.outcome import Level
from runbooks.engine.steps.clients_route import RouteClients
from runbooks.engine.steps.groups_start import StartGroups
from runbooks.engine.steps.outage_confirm import ConfirmOutage
from runbooks.engine.vantage import Outage, assess
from tests.runbooks.engine.guards.judged import said, verdict
from tests.runbooks.engine.made import NEW, NOW, OLD, TOPIC, case, group, link, lost, mirror, pair, side, topic, vantage

CONFIRM = ConfirmOutage(side=OLD)
ROUTE = RouteClients(clients=("writer",), away_from=OLD)
START = StartGroups(groups=("balances",), away_from=OLD)
LONG, SHORT = 400, 60  # seconds; the policy asks for five minutes

OUTAGES: list[tuple[str, list[Vantage], bool, Outage, str]] = [
    ("console and link", [vantage("console", "console", False, LONG), vantage("link", "link", False, LONG)], True,
     Outage.DOWN, "met"),
    ("console and witness, the link has no opinion",
     [vantage("console", "console", False, LONG), vantage("link", "link", None, LONG),
      vantage("w", "witness", False, LONG)], True, Outage.DOWN, "met"),
    ("not long enough", [vantage("console", "console", False, LONG), vantage("link", "link", False, SHORT)], True,
     Outage.DOWN, "R27: The outage is not confirmed: eu-north has been gone for 1:00, the policy asks for 5:00."),
    ("console alone", [vantage("console", "console", False, LONG)], True, Outage.UNPROVEN,
     "R27: The outage is not confirmed: only console sees eu-north failing"),
    ("only the link is broken", [vantage("console", "console", True, LONG), vantage("link", "link", False, LONG)], True,
     Outage.LINK_ONLY, "R27: The outage is not confirmed: eu-north answers this console; only the way between"),
    ("only clients are cut off", [vantage("console", "console", False, LONG), vantage("link", "link", True, LONG),
     vantage("w", "witness", False, LONG)], True, Outage.CLIENTS_CUT,
     "R27: The outage is not confirmed: eu-north is up: link still sees it"),
    ("a witness inside still sees it", [vantage("console", "console", False, LONG), vantage("link", "link",
     False, LONG),
     vantage("inside", "witness", True, LONG)], True, Outage.CLIENTS_CUT, "R27: "),
    ("nothing is wrong", [vantage("console", "console", True, LONG)], True, Outage.NONE,
     "R27: The outage is not confirmed: nobody sees eu-north failing."),
    ("both sides are gone", [vantage("console", "console", False, LONG), vantage("w", "witness", False, LONG)], False,
     Outage.OTHER_SIDE, "R27: The outage is not confirmed: eu-south does not answer either"),
    ("nobody has looked", [], True, Outage.UNPROVEN, "R27: The outage is not confirmed: no vantage point has a fresh"),
]  # fmt: skip


@pytest.mark.claims("R27", case=("refuses", "passes"))
@pytest.mark.parametrize("row", OUTAGES, ids=lambda row: row[0])
def test_an_outage_is_seen_from_two_places_for_long_enough(row: tuple[str, list[Vantage], bool, Outage, str]) -> None:
    _, points, other_answers, kind, says = row
    other = side(NEW) if other_answers else lost(NEW)
    facts = pair(lost(OLD), other, vantages=tuple(points))
    assert assess(facts, OLD, NOW).outage is kind
    assert said(CONFIRM, case(facts), "outage_seen").startswith(says)


def test_an_opinion_that_is_too_old_counts_for_nothing() -> None:
    old = replace(vantage("console", "console", False, LONG), at=NOW.replace(minute=0, hour=11))
    facts = pair(lost(OLD), side(NEW), vantages=(old, vantage("link", "link", False, LONG)))
    assert assess(facts, OLD, NOW).outage is Outage.UNPROVEN


@pytest.mark.claims("R27", case="refuses")
def test_nobody_can_override_what_the_vantage_points_see() -> None:
    facts = pair(side(OLD), side(NEW))
    held = refusals(judge(CONFIRM, case(facts)), {"outage_seen", "R27"})
    assert [verdict.guard for verdict in held] == ["outage_seen"]


WRITABLE: list[tuple[dict[str, Any], str]] = [
    ({}, "met"),
    ({"mirrors": (mirror(MirrorStatus.STOPPED),)}, "met"),
    ({"topics": {}}, "R15: entries on eu-south is not writable yet (state: it does not exist there)."),
    ({"mirrors": (mirror(MirrorStatus.ACTIVE),)},
     "R15: entries on eu-south is not writable yet (state ACTIVE). R16: entries is a read-only mirror; producers must"),
    ({"mirrors": (mirror(MirrorStatus.PENDING_STOPPED),)}, "R15: entries on eu-south is not writable yet (state "
     "PENDING"),
    ({"mirrors": None}, "R19: "),
    ({"topics": None}, "R19: "),
]  # fmt: skip


@pytest.mark.claims("R15", "R16", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize(("new", "says"), WRITABLE)
def test_producers_only_go_where_their_topics_take_writes(new: dict[str, Any], says: str) -> None:
    assert said(ROUTE, case(pair(lost(OLD), side(NEW, **new))), "topics_writable").startswith(says)


def proven(of: str = OLD, **groups: Any) -> dict[str, Any]:
    return {"groups.stop": {"side": of, "groups": groups}}


E2 = {"level": "E2", "saw": "0 of 0 instances", "at": "now"}
ELSEWHERE: list[tuple[str, Any, dict[str, Any], str]] = [
    ("stopped there", side(OLD, groups={"balances": group("balances")}), {}, "met"),
    ("never heard of there", side(OLD, groups={}), {}, "met"),
    ("active there", side(OLD, groups={"balances": group("balances", GroupState.STABLE, 2)}), proven(balances=E2),
     "R10: Group balances is or may be active on eu-north. One group may run on one cluster only. Stop it and "
      "prove it."),
    ("rebalancing there", side(OLD, groups={"balances": group("balances", GroupState.PREPARING_REBALANCE)}),
     {}, "R10: "),
    ("of unknown state there", side(OLD, groups={"balances": group("balances", GroupState.UNKNOWN)}), {}, "R10: "),
    ("lost, but proven", lost(OLD), proven(balances=E2), "met"),
    ("lost, and not proven", lost(OLD), {}, "R10: "),
    ("lost, and proven no more", lost(OLD), proven(balances=None), "R10: "),
    ("lost, proven of another group", lost(OLD), proven(statements=E2), "R10: "),
    ("lost, proven of the other side", lost(OLD), proven(NEW, balances=E2), "R10: "),
    ("its groups were not read", side(OLD, groups=None), proven(balances=E2), "R19: "),
]  # fmt: skip


@pytest.mark.claims("R10", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize("row", ELSEWHERE, ids=lambda row: row[0])
def test_a_group_runs_on_one_side_only(row: tuple[str, Any, dict[str, Any], str]) -> None:
    _, there, evidence, says = row
    facts = case(pair(there, side(NEW)), evidence=evidence)
    assert said(START, facts, "group_not_elsewhere").startswith(says)


@pytest.mark.claims("R10", case="refuses")
def test_a_group_seen_running_elsewhere_is_never_started_by_override() -> None:
    seen = case(pair(side(OLD, groups={"balances": group("balances", GroupState.STABLE, 2)}), side(NEW)))
    unseen = case(pair(lost(OLD), side(NEW)))
    overridden = {"group_not_elsewhere"}
    assert verdict(START, seen, "group_not_elsewhere").level is Level.ABSOLUTE
    assert [held.guard for held in refusals(judge(START, seen), overridden)] == ["group_not_elsewhere"]
    assert refusals(judge(START, unseen), overridden) == ()
    assert verdict(START, unseen, "group_not_elsewhere").waits_for == "groups.stop"


@pytest.mark.claims("R20", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize(
    ("committed", "ends", "says"),
    [
        ({"p0": 100, "p1": 90}, (100, 100), "met"),
        ({}, (100, 100), "met"),
        ({"p0": 101}, (100, 100), "R20: Group balances has committed offset 101 above the log end 100 on entries-0. "
         "Starting it could jump to earliest or latest."),
        ({"p0": 50}, (None, 100), "R19: "),
        ({"p2": 50}, (100, 100), "R19: "),
    ],
)  # fmt: skip
def test_no_group_starts_above_the_end_of_the_log(committed: dict[str, int], ends: Any, says: str) -> None:
    new = side(NEW, topics={TOPIC: topic(*ends)}, groups={"balances": group("balances", **committed)})
    assert said(START, case(pair(lost(OLD), new)), "committed_within_log").startswith(says)


@pytest.mark.claims("R35", case="unknown")
def test_topics_that_were_not_read_cover_nothing() -> None:
    assert said(START, case(pair(lost(OLD), side(NEW, topics=None))), "subscription_covered").startswith("R19: ")


@pytest.mark.claims("R35", case=("refuses", "passes"))
def test_what_a_group_reads_is_looked_for_but_never_holds() -> None:
    prefixed = pair(lost(OLD), side(NEW, links=(link(prefix="eu-north."),)), topology=Topology.ACTIVE_ACTIVE)
    found = verdict(START, case(prefixed), "subscription_covered")
    assert (found.level, found.says) == (
        Level.WARNING,
        "The subscription of balances does not cover eu-north.entries: not on eu-south.",
    )
    mirrored = side(NEW, links=(link(prefix="eu-north."),), topics={TOPIC: topic(1), "eu-north.entries": topic(1)})
    assert said(START, case(pair(lost(OLD), mirrored)), "subscription_covered") == "met"


@pytest.mark.claims("R35", case=("refuses", "passes"))
@pytest.mark.parametrize(
    ("subscription", "says"),
    [
        (Subscription("entries"), "met"),
        (Subscription("entrie"), "R35: The subscription of balances does not cover entries."),
        (Subscription(".*entries"), "R35: The subscription of balances matches unrelated _entries."),
        (
            Subscription(topics={OLD: ("entries",), NEW: ()}),
            "R35: The subscription of balances does not cover entries.",
        ),
    ],
)
def test_a_declared_subscription_is_held_against_what_is_there(subscription: Subscription, says: str) -> None:
    facts = pair(lost(OLD), side(NEW, other_topics=("_entries",)))
    clients = tuple(replace(one, subscription=subscription if one.group else None) for one in facts.clients)
    assert said(START, case(replace(facts, clients=clients)), "subscription_covered") == says


def test_commits_that_have_not_crossed_are_told() -> None:
    there = side(OLD, groups={"balances": group("balances", p0=90, p1=100)})
    here = side(NEW, groups={"balances": group("balances", p0=70, p1=100)})
    found = verdict(START, case(pair(there, here)), "offsets_synced")
    assert (found.level, found.is_met) == (Level.WARNING, False)
    assert found.says.startswith("About 20 records will be read twice")
    assert said(START, case(pair(lost(OLD), here)), "offsets_synced") == "met"


@pytest.mark.claims("R12b", case="unknown")
def test_commits_that_were_not_read_are_not_taken_to_have_crossed() -> None:
    unread = case(pair(side(OLD, groups={"balances": group("balances", p0=90)}), side(NEW, groups=None)))
    assert said(START, unread, "offsets_synced").startswith("R19: ")


@pytest.mark.claims("R12b", case=("refuses", "passes"))
def test_commits_of_a_prefixed_mirror_belong_to_its_source() -> None:
    """On eu-south the group reads eu-north.entries, the mirror of entries over there."""
    mirrored = mirror(topic="eu-north.entries", source_topic=TOPIC)
    commits = replace(
        group("balances", p0=80), committed=(replace(group("x", p0=80).committed[0], topic="eu-north.entries"),)
    )
    there = side(OLD, groups={"balances": group("balances", p0=90)})
    here = side(NEW, mirrors=(mirrored,), groups={"balances": commits})
    assert verdict(START, case(pair(there, here)), "offsets_synced").says.startswith("About 10 records")
    home = StartGroups(groups=("balances",), to=OLD)
    assert said(home, case(pair(there, here)), "offsets_synced") == "met"
