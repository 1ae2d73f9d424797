"""The guards of failover, restore and reverse: each with what it lets through and what it refuses, in its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clusters.facts import Edition, GroupState, MetadataMode, MirrorStatus, PartitionLag, Topology
from runbooks.engine.context import Case
from runbooks.engine.judge import judge, refusals
from runbooks.engine.outcome import Level
from runbooks.engine.states import Mode
from runbooks.engine.steps.loss_accept import AcceptLoss, Purpose
from runbooks.engine.steps.mirrors_failover import FailOverMirrors
from runbooks.engine.steps.mirrors_pause import PauseMirrors
from runbooks.engine.steps.mirrors_promote import PromoteMirrors
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from runbooks.engine.steps.mirrors_resume import ResumeMirrors
from runbooks.engine.steps.mirrors_reverse import ReverseAndStart
from tests.runbooks.engine.guards.judged import said, verdict
from tests.runbooks.engine.made import (
    NEW,
    NOW,
    OLD,
    TOPIC,
    brokers,
    cut_saved,
    declared,
    failover_case,
    group,
    link,
    lost,
    mirror,
    quiet,
    restore_case,
    reverse_case,
    side,
    tail_settled,
    topic,
)

FAILOVER = FailOverMirrors(away_from=OLD, topics=(TOPIC,))
RESTORE = TruncateAndRestore(side=OLD, topics=(TOPIC,))
REVERSE = ReverseAndStart(side=OLD, topics=(TOPIC,))
PROMOTE = PromoteMirrors(away_from=NEW, topics=(TOPIC,))
PAUSE, RESUME = PauseMirrors(side=OLD, topics=(TOPIC,)), ResumeMirrors(side=OLD, topics=(TOPIC,))
M = MirrorStatus


@pytest.mark.claims(
    "R01",
    "R02",
    "R03",
    "R04",
    "R05",
    "R06",
    "R07",
    "R08",
    "R09",
    "R10",
    "R11",
    "R12",
    "R13",
    "R14",
    "R18",
    "R25",
    "R26",
    "R27",
    "R30",
    "R32",
    "R33",
    "R36",
    "R38",
    "may-change",
    case="passes",
)
@pytest.mark.parametrize(
    ("step", "case"),
    [
        (FAILOVER, failover_case()),
        (RESTORE, restore_case()),
        (REVERSE, reverse_case()),
        (PROMOTE, reverse_case()),
        (PAUSE, reverse_case()),
        (RESUME, reverse_case({"mirrors": (mirror(M.PAUSED),)})),
    ],
)
def test_nothing_stands_in_the_way_when_all_is_well(step: Any, case: Case) -> None:
    assert [found.says for found in judge(step, case) if not found.is_met] == []


def changed(case: Case, **changes: Any) -> Case:
    return replace(case, facts=replace(case.facts, **changes))


FOR_RESTORE_AND_REVERSE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("link_bidirectional", {"links": (link(mode="DESTINATION"),)}, {}, "R02: Reverse/restore needs a "
     "bidirectional link. "
     "This link is DESTINATION. Use delete-and-remirror."),
    ("link_bidirectional", {}, {"links": (link(mode=None),)}, "R19: "),
    ("link_bidirectional", {}, {"links": ()}, "R02: Reverse/restore needs a bidirectional link, and "),
    ("link_bidirectional", {}, {"links": None}, "R19: "),
    ("restore_version", {}, {"brokers": brokers("8.1.0", "7.6.2")}, "R03: Reverse/restore needs Confluent "
     "Platform 7.7 or "
     "later. Lowest broker version seen: 7.6.2."),
    ("restore_version", {"brokers": brokers("8.1.0", None)}, {}, "R19: "),
    ("restore_version", {"brokers": ()}, {}, "R19: "),
    ("no_zookeeper", {"metadata": declared(MetadataMode.ZOOKEEPER)}, {},
     "R04: Reverse/restore is not available on ZooKeeper-based clusters."),
    ("no_zookeeper", {}, {"metadata": declared(None)}, "R19: "),
    ("no_prefix", {}, {"links": (link(prefix="eu."),)}, 'R05: This link uses prefix "eu.". Reverse is not supported on '
     "prefixed links, and restore on a prefixed pair is unverified. In active-active move the clients instead."),
    ("no_prefix", {"links": (link(prefix=None),)}, {}, "R19: "),
    ("edition_allows", {"edition": declared(Edition.CLOUD_BASIC)}, {}, "R06: Bidirectional mode is not supported on "
     "cloud-basic. Both clusters must be Dedicated or Enterprise."),
    ("edition_allows", {"edition": declared(Edition.CLOUD_FREIGHT)}, {}, "R06: "),
    ("edition_allows", {"edition": declared(None)}, {}, "R19: "),
    ("bidirectional_version", {"brokers": brokers("7.4.9")}, {}, "R07: Bidirectional mode needs Confluent "
     "Platform 7.5 or "
     "later on both sides."),
    ("not_open_source", {}, {"edition": declared(Edition.APACHE)}, "R08: Open-source Kafka cannot take part in a "
     "bidirectional link or host mirror topics."),
    ("both_reachable", {}, {"reachable": False, "said": "refused"}, "R13: The other cluster is not reachable; "
     "this step "
     "needs both. eu-south: refused"),
    ("link_sides_match", {"links": (link(cluster_link_id="other"),)}, {},
     "R32: The two link sides do not match (name/id/cluster ids)."),
    ("link_sides_match", {"links": (link(remote_cluster_id="stranger"),)}, {}, "R32: "),
    ("link_sides_match", {"links": (link(cluster_link_id=""),)}, {}, "R19: "),
    ("no_combined_nodes", {"metadata": declared(MetadataMode.KRAFT_COMBINED)}, {}, "R33: This cluster runs "
     "combined KRaft "
     "nodes, where link transitions are known to hang."),
    ("fresh_configs", {"configs_at": NOW - timedelta(seconds=61)}, {},
     "R26: The reading of the settings of eu-north is 61s old; limit 60s. Refresh and try again."),
    ("fresh_configs", {"configs_at": None}, {}, "R19: "),
    ("fresh_facts", {}, {"read_at": NOW - timedelta(seconds=16)},
     "R26: The reading of eu-south is 16s old; limit 15s. Refresh and try again."),
    ("no_active_groups", {"groups": {"a": group("a", GroupState.STABLE, 2, p0=1)}}, {}, "R11: Group a is active "
     "on this "
     "topic; the transition would hang (CONSUMER_GROUP_IN_USE)."),
    ("no_active_groups", {"groups": {"connect-x": group("connect-x", GroupState.PREPARING_REBALANCE, 1)}}, {}, "R11: "),
    ("no_active_groups", {"groups": {"balances": group("balances", GroupState.STABLE, 1)}}, {}, "R11: "),
    ("no_active_groups", {"groups": None}, {}, "R19: "),
    ("bidirectional_version", {}, {"brokers": brokers("8.1.0", None)}, "R19: "),
    ("not_open_source", {"edition": declared(None)}, {}, "R19: "),
    ("no_combined_nodes", {"metadata": declared(None)}, {}, "R19: "),
]  # fmt: skip


@pytest.mark.claims("R02", "R03", "R04", "R05", "R06", "R07", "R08", "R11", "R13", "R26", "R32", "R33", case="refuses")
@pytest.mark.claims("R02", "R03", "R04", "R05", "R06", "R07", "R08", "R11", "R26", "R32", "R33", case="unknown")
@pytest.mark.parametrize("row", FOR_RESTORE_AND_REVERSE, ids=lambda row: f"{row[0]} {row[3][:3]}")
def test_what_both_restore_and_reverse_refuse(row: tuple[str, dict[str, Any], dict[str, Any], str]) -> None:
    guard, old, new, says = row
    assert said(RESTORE, restore_case(old, new), guard).startswith(says)
    assert said(REVERSE, reverse_case(old, new), guard).startswith(says)


@pytest.mark.claims("R11", case="passes")
def test_a_group_that_reads_other_topics_holds_nothing() -> None:
    other = replace(group("a", GroupState.STABLE, 2), committed=(replace(group("a", p0=1).committed[0], topic="x"),))
    assert said(RESTORE, restore_case({"groups": {"a": other}}), "no_active_groups") == "met"


@pytest.mark.claims("R30", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ((), (mirror(M.ACTIVE),), "R30: entries on eu-south reads ACTIVE; this step needs STOPPED."),
        ((), (), "R30: entries on eu-south is no mirror; this step needs STOPPED."),
        ((mirror(M.ACTIVE),), (mirror(M.STOPPED),), "R30: entries on eu-north reads ACTIVE; this step needs "
         "STOPPED or an"),
        (
            (mirror(M.PENDING_RESTORE),),
            (mirror(M.STOPPED),),
            "R30: entries is in transition (PENDING_RESTORE for 1:30). Wait or open its transition errors.",
        ),
        ((mirror(M.UNRECOGNISED, said_status="ODD"),), (mirror(M.STOPPED),), "R19: A fact needed to judge safety is "
         "unknown: what the state 'ODD' of entries on eu-north means."),
        ((mirror(M.STOPPED),), (mirror(M.STOPPED),), "met"),
        (None, (mirror(M.STOPPED),), "R19: "),
    ],
)  # fmt: skip
def test_a_restore_needs_an_ordinary_topic_here_and_a_stopped_mirror_there(old: Any, new: Any, says: str) -> None:
    assert said(RESTORE, restore_case({"mirrors": old}, {"mirrors": new}), "topics_can_restore").startswith(says)


@pytest.mark.claims("R30", case="unknown")
def test_a_restore_of_a_topic_that_is_not_there_is_refused() -> None:
    assert said(RESTORE, restore_case({"topics": {}}), "topics_can_restore").startswith("R19: ")


@pytest.mark.claims("R30", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize(
    ("status", "says"),
    [
        (M.ACTIVE, "met"),
        (M.SOURCE_UNAVAILABLE, "R30: entries on eu-north reads SOURCE_UNAVAILABLE; this step needs ACTIVE."),
        (M.PENDING_SYNCHRONIZE, "R30: entries is in transition (PENDING_SYNCHRONIZE for 1:30)."),
        (M.STOPPED, "R30: entries on eu-north reads STOPPED"),
        (M.UNRECOGNISED, "R19: "),
    ],
)
def test_a_reverse_needs_an_active_mirror_here(status: MirrorStatus, says: str) -> None:
    assert said(REVERSE, reverse_case({"mirrors": (mirror(status),)}), "mirrors_can_reverse").startswith(says)


STARTS = {
    "mirrors_can_promote": (PROMOTE, {M.ACTIVE}),
    "mirrors_can_pause": (PAUSE, {M.ACTIVE, M.SOURCE_UNAVAILABLE}),
    "mirrors_can_resume": (RESUME, {M.PAUSED}),
}


@pytest.mark.claims("R30", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize("guard", STARTS)
@pytest.mark.parametrize("status", [None, *M])
def test_other_commands_too_start_from_listed_states_alone(status: MirrorStatus | None, guard: str) -> None:
    step, allowed = STARTS[guard]
    found = said(step, reverse_case({"mirrors": (mirror(status),) if status else ()}), guard)
    code = "met" if status in allowed else "R19: " if status is M.UNRECOGNISED else "R30: "
    assert found.startswith(code)


PROMOTE_NEEDS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("lag_is_zero", {"mirrors": (mirror(partitions=(PartitionLag(0, 0, 1), PartitionLag(1, 2, 1))),)}, {}, "R12: "),
    ("lag_is_zero", {"mirrors": (mirror(partitions=()),)}, {}, "R19: "),
    ("quiet_there", {}, {"topics": {TOPIC: topic(150, 163)}}, "R14: "),
    ("both_reachable", {}, {"reachable": False}, "R13: "),
    ("groups_stopped_there", {}, {"groups": {"balances": group("balances", GroupState.STABLE, 2)}}, "R10: "),
    ("groups_stopped_there", {}, {"groups": None}, "R19: "),
    ("no_active_groups", {"groups": {"balances": group("balances", GroupState.STABLE, 1)}}, {}, "R11: "),
    ("not_open_source", {"edition": declared(Edition.APACHE)}, {}, "R08: "),
    ("no_combined_nodes", {"metadata": declared(MetadataMode.KRAFT_COMBINED)}, {}, "R33: "),
    ("fresh_facts", {"read_at": NOW - timedelta(seconds=16)}, {}, "R26: "),
    ("fresh_configs", {"configs_at": NOW - timedelta(seconds=61)}, {}, "R26: "),
]


@pytest.mark.claims("R08", "R10", "R11", "R12", "R13", "R14", "R26", "R33", case="refuses")
@pytest.mark.claims("R10", "R12", case="unknown")
@pytest.mark.parametrize("row", PROMOTE_NEEDS, ids=lambda row: f"{row[0]} {row[3][:3]}")
def test_what_a_promote_refuses(row: tuple[str, dict[str, Any], dict[str, Any], str]) -> None:
    guard, old, new, says = row
    assert said(PROMOTE, reverse_case(old, new), guard).startswith(says)


@pytest.mark.claims("R30", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize("status", list(M))
def test_a_failover_starts_from_listed_states_alone(status: MirrorStatus) -> None:
    found = said(FAILOVER, failover_case({"mirrors": (mirror(status),)}), "mirrors_can_fail_over")
    if status in {M.ACTIVE, M.SOURCE_UNAVAILABLE, M.PAUSED, M.LINK_PAUSED, M.LINK_FAILED, M.FAILED}:
        assert found == "met"
    elif status is M.UNRECOGNISED:
        assert found.startswith("R19: ")
    else:
        assert found.startswith("R30: ")


LAGS: list[tuple[tuple[PartitionLag, ...], str]] = [
    ((PartitionLag(1, 0, 160), PartitionLag(0, 0, 150)), "met"),
    ((PartitionLag(0, 0, 150), PartitionLag(1, 3, 157)), "R12: Mirror lag is 3 on entries-1. This step needs lag 0."),
    ((PartitionLag(0, 0, 150), PartitionLag(1, 0, -1)), "R19: "),
    ((PartitionLag(0, 0, 150), PartitionLag(1, -207, 0)), "R19: "),
    ((PartitionLag(0, 0, 150),), "R19: "),
    ((), "R19: "),
]


@pytest.mark.claims("R12", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize(("lags", "says"), LAGS)
def test_a_reverse_needs_a_lag_of_zero_that_was_measured(lags: tuple[PartitionLag, ...], says: str) -> None:
    assert said(REVERSE, reverse_case({"mirrors": (mirror(partitions=lags),)}), "lag_is_zero").startswith(says)


@pytest.mark.claims("R10", "R14", case="refuses")
@pytest.mark.claims("R14", case="unknown")
def test_a_reverse_waits_for_writers_and_groups_of_the_other_side() -> None:
    moved = reverse_case(new={"topics": {TOPIC: topic(150, 163)}})
    assert said(REVERSE, moved, "quiet_there") == (
        "R14: entries on eu-south is still receiving writes (3 records since it was found quiet). Stop all "
        "producers first."
    )
    unseen = reverse_case(evidence={})
    assert said(REVERSE, unseen, "quiet_there").startswith("R19: ")
    assert verdict(REVERSE, unseen, "quiet_there").waits_for == "topics.quiet"
    active = reverse_case(new={"groups": {"balances": group("balances", GroupState.STABLE, 2)}})
    assert said(REVERSE, active, "groups_stopped_there") == (
        "R10: Group balances is or may be active on eu-south. Stop it and prove it."
    )


@pytest.mark.claims("R14", case="unknown")
def test_a_quiet_look_at_the_wrong_side_proves_nothing() -> None:
    assert said(REVERSE, reverse_case(evidence={"topics.quiet": quiet(OLD, 150, 160)}), "quiet_there").startswith(
        "R19: "
    )


@pytest.mark.claims("R14", "R36", case="refuses")
def test_a_record_written_since_the_tail_was_settled_stops_the_restore() -> None:
    written = restore_case({"topics": {TOPIC: topic(103, 105)}})
    assert said(RESTORE, written, "tail_unmoved") == (
        "R36: Restore would truncate entries-1 from 105 to 100, expected from 104 to 100. "
        "Stop: someone wrote on eu-north, or the cut is wrong."
    )
    assert verdict(RESTORE, written, "tail_unmoved").level is Level.ABSOLUTE
    assert said(RESTORE, written, "quiet_here").startswith("R14: ")


@pytest.mark.claims("R25", "R38", case="unknown")
@pytest.mark.parametrize(
    ("evidence", "guard", "waits_for"),
    [
        ({"cut.save": {}}, "cut_saved", "cut.save"),
        ({"cut.save": cut_saved(100, 100, survivor=OLD)}, "cut_saved", "cut.save"),
        ({"loss.accept": {}}, "tail_settled", "loss.accept"),
        ({"loss.accept": {"purpose": "loss", "side": OLD, "topics": {TOPIC: {}}}}, "tail_settled", "loss.accept"),
        ({"loss.accept": tail_settled((100, 103), (100, 104), of=NEW)}, "tail_settled", "loss.accept"),
    ],
)
def test_without_a_cut_and_a_settled_tail_nothing_is_restored(
    evidence: dict[str, Any], guard: str, waits_for: str
) -> None:
    case = restore_case()
    without = replace(case, evidence={**case.evidence, **evidence})
    assert said(RESTORE, without, guard).startswith("R19: ")
    assert verdict(RESTORE, without, guard).waits_for == waits_for
    assert guard in [held.guard for held in refusals(judge(RESTORE, without), {guard, "R19", "R25", "R38"})]


@pytest.mark.claims("R38", case="unknown")
def test_a_cut_with_a_hole_is_none() -> None:
    case = restore_case()
    partitions = {"partitions": [{"partition": 0, "end": 100}, {"partition": 1, "end": None}]}
    holed = replace(case, evidence={**case.evidence, "cut.save": {"survivor": NEW, "topics": {TOPIC: partitions}}})
    assert "No usable cut offset" in said(RESTORE, holed, "cut_saved")


@pytest.mark.claims("R14", "R36", case="unknown")
def test_a_log_end_that_is_not_known_is_not_taken_for_unmoved() -> None:
    unread = {"topics": {TOPIC: topic(103, None)}}
    assert said(RESTORE, restore_case(unread), "tail_unmoved").startswith("R19: ")
    assert said(RESTORE, restore_case(unread), "quiet_here").startswith("R19: ")
    assert said(FAILOVER, failover_case({"topics": {TOPIC: topic(100, None)}}), "cut_unmoved").startswith("R19: ")


@pytest.mark.claims("R36", case="refuses")
def test_an_old_home_that_lost_records_is_never_restored() -> None:
    case = restore_case({"topics": {TOPIC: topic(103, 99)}})
    short = replace(case, evidence={**case.evidence, "loss.accept": tail_settled((100, 103), (100, 99))})
    assert said(RESTORE, short, "tail_unmoved") == (
        "R36: Restore would truncate entries-1 to 100, but eu-north ends at 99: it has lost records that "
        "eu-south has. Stop."
    )


TAIL = AcceptLoss(side=OLD, topics=(TOPIC,), purpose=Purpose.TAIL)
NO_CUT: dict[str, Any] = {"evidence": {}}
TAILS: list[tuple[Case, str]] = [
    (restore_case(), "met"),
    (restore_case({"reachable": False, "said": "refused"}), "R13: The other cluster is not reachable; this step needs "
     "both. eu-north: refused"),
    (restore_case({"topics": {TOPIC: topic(103, 99)}}), "R13: eu-north ends at 99 on entries-1, below the cut 100: it "
     "has lost records that eu-south has. Do not restore; look at eu-north first."),
    (restore_case(**NO_CUT), "R19: "),
    (restore_case({"topics": {TOPIC: topic(103, None)}}), "R19: "),
]  # fmt: skip


@pytest.mark.claims("R13", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize(("case", "says"), TAILS, ids=[says[:30] for _, says in TAILS])
def test_a_tail_is_settled_only_where_it_can_be_counted(case: Case, says: str) -> None:
    assert said(TAIL, case, "tail_measured").startswith(says)


@pytest.mark.claims("R09", case=("refuses", "passes"))
def test_active_active_needs_no_mirror_command() -> None:
    for step, case in ((FAILOVER, failover_case()), (RESTORE, restore_case()), (REVERSE, reverse_case())):
        both = changed(case, topology=Topology.ACTIVE_ACTIVE)
        assert said(step, both, "no_command_needed") == (
            "R09: Active-active: a regional outage needs no mirror command. Failover would stop replication and "
            "force a "
            'rebuild. Declare "cluster will not return" to continue.'
        )
        assert said(step, replace(both, will_not_return=True), "no_command_needed") == "met"


@pytest.mark.claims("may-change", case=("refuses", "passes"))
@pytest.mark.parametrize("mode", list(Mode))
def test_a_pair_that_may_not_change_is_only_rehearsed(mode: Mode) -> None:
    case = replace(changed(failover_case(), may_change=False), mode=mode)
    found = said(FAILOVER, case, "may_change")
    assert found == "met" if mode is Mode.REHEARSAL else found.startswith("may-change: ledger is for looking")


@pytest.mark.claims("R18", case="refuses")
@pytest.mark.parametrize("topics", [(), ("*",), (TOPIC, "orders.*"), ("a b",)])
def test_topics_are_named_one_by_one(topics: tuple[str, ...]) -> None:
    step = FailOverMirrors(away_from=OLD, topics=topics)
    assert said(step, failover_case(), "topics_named") == (
        "R18: Wildcards and whole-link actions are not allowed. Pick topics."
    )


@pytest.mark.claims("R27", case=("refuses", "unknown"))
def test_a_failover_needs_a_confirmed_outage_that_goes_on() -> None:
    unconfirmed = failover_case(evidence={})
    assert said(FAILOVER, unconfirmed, "outage_confirmed").startswith("R19: ")
    assert verdict(FAILOVER, unconfirmed, "outage_confirmed").waits_for == "outage.confirm"
    back = failover_case(old=side(OLD, mirrors=()))
    assert said(FAILOVER, back, "outage_confirmed") == "R27: The outage is not confirmed: eu-north answers again."


@pytest.mark.claims("R25", case="refuses")
def test_a_failover_needs_the_loss_accepted_in_writing() -> None:
    case = failover_case()
    unsaid = replace(case, evidence={**case.evidence, "loss.accept": {}})
    assert said(FAILOVER, unsaid, "loss_accepted") == (
        "R25: Up to 5 records (estimate: last known lag) may not be on eu-south. Accept the loss in writing to "
        "continue."
    )
    assert verdict(FAILOVER, unsaid, "loss_accepted").waits_for == "loss.accept"
    other = replace(
        case, evidence={**case.evidence, "loss.accept": {"purpose": "loss", "side": OLD, "topics": {"x": {}}}}
    )
    assert said(FAILOVER, other, "loss_accepted").startswith("R25: ")


@pytest.mark.claims("R36", case="refuses")
def test_a_mirror_that_moved_since_its_cut_is_not_failed_over() -> None:
    moved = failover_case({"topics": {TOPIC: topic(100, 109)}, "mirrors": (mirror(M.SOURCE_UNAVAILABLE),)})
    assert said(FAILOVER, moved, "cut_unmoved") == (
        "R36: entries on eu-south has moved by 9 records since its cut was saved: save it again."
    )


@pytest.mark.claims("R14", case=("refuses", "passes", "unknown"))
def test_a_source_that_still_takes_writes_is_not_left() -> None:
    before = failover_case(old=side(OLD, topics={TOPIC: topic(100, 100)}, read_at=NOW - timedelta(seconds=7))).facts
    alive = failover_case(old=side(OLD, topics={TOPIC: topic(100, 111)}))
    assert said(FAILOVER, replace(alive, previous=before), "source_not_advancing") == (
        "R14: entries on eu-north is still receiving writes (11 records in 5 s). Stop all producers first."
    )
    flat = failover_case(old=side(OLD, topics={TOPIC: topic(100, 100)}))
    assert said(FAILOVER, replace(flat, previous=before), "source_not_advancing") == "met"
    assert said(FAILOVER, alive, "source_not_advancing").startswith("R19: ")
    assert said(FAILOVER, failover_case(old=lost(OLD)), "source_not_advancing") == "met"


@pytest.mark.claims("R33", case=("refuses", "passes"))
def test_combined_nodes_of_the_lost_side_do_not_hold_a_failover() -> None:
    there = failover_case(old=lost(OLD, metadata=declared(None)))
    assert said(FAILOVER, there, "no_combined_nodes") == "met"
    here = failover_case({"mirrors": (mirror(),), "metadata": declared(MetadataMode.KRAFT_COMBINED)})
    assert said(FAILOVER, here, "no_combined_nodes").startswith("R33: ")
    assert [held.guard for held in refusals(judge(FAILOVER, here), {"no_combined_nodes"})] == []
