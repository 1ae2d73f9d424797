"""What MirrorMaker 2 cannot do is refused where its flows are known, and where they should be and are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from clusters.facts import Committed, FlowFacts, ReplicationPolicy
from runbooks.engine.context import Case
from runbooks.engine.guards.mirrormaker import NoEndlessLoop, NotAWorkerGroup, NotMovedAhead, NotToLatest, PlacesGroups
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.judge import name_of
from runbooks.engine.kinds import steps
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.steps.groups_set_offsets import SetOffsets
from runbooks.engine.steps.kind import Kind
from tests.runbooks.engine.made import NEW, OLD, TOPIC, case, declared, group, lost, pair, side, topic

IDENTITY, DEFAULT, CUSTOM = ReplicationPolicy.IDENTITY, ReplicationPolicy.DEFAULT, ReplicationPolicy.CUSTOM


@dataclass(frozen=True)
class Sets(Kind):
    """Sets the group `balances` where a test wants it."""

    offsets: tuple[int, ...]
    side: str = NEW
    groups: tuple[str, ...] = ("balances",)

    def places(self, case: Case, group: str) -> Mapping[tuple[str, int], int]:
        return {(TOPIC, number): offset for number, offset in enumerate(self.offsets)}


def flow(source: str = OLD, target: str = NEW, **changes: Any) -> FlowFacts:
    """Checkpoints stand at 40 and 60 of 100."""
    checkpoints = {"balances": (Committed(TOPIC, 0, 40), Committed(TOPIC, 1, 60))}
    made = FlowFacts(source, target, declared(DEFAULT), declared(value=True), f"{source}-mm2", checkpoints)
    return replace(made, **changes)


def with_flows(*found: FlowFacts, groups: dict[str, Any] | None = None) -> Case:
    here = side(NEW, topics={TOPIC: topic(100, 100)}, groups=groups or {})
    return case(pair(side(OLD), here, flows=found))


def verdict(guard: Any, step: Kind, facts: Case) -> Verdict:
    found: Verdict = guard.judge(step, facts)
    return found


UNREAD = case(pair(side(OLD), side(NEW), flows=None))
EVERY = [NotToLatest(), NotMovedAhead(), NotAWorkerGroup(), NoEndlessLoop()]


def test_they_hold_the_kinds_they_concern() -> None:
    held = {name: {name_of(guard) for guard in steps.get(name).guards} for name in steps}
    assert held["groups.set-offsets"] >= {"not_to_latest", "not_moved_ahead", "not_a_worker_group"}
    assert "no_endless_loop" in held["clients.route"]
    assert "not_a_worker_group" in held["groups.start"]
    assert issubclass(SetOffsets, PlacesGroups)


@pytest.mark.claims("R28", "R29", "R40", "R41", case="unknown")
@pytest.mark.parametrize("guard", EVERY, ids=name_of)
def test_flows_that_were_not_read_refuse(guard: Any) -> None:
    with pytest.raises(MissingFact, match="the flows of MirrorMaker"):
        guard.judge(Sets((1, 1)), UNREAD)


@pytest.mark.claims("R28", "R29", "R40", "R41", case="passes")
@pytest.mark.parametrize("guard", EVERY, ids=name_of)
def test_a_pair_without_mirrormaker_is_not_concerned(guard: Any) -> None:
    found = verdict(guard, Sets((100, 100)), with_flows())
    assert (found.is_met, found.saw) == (True, "no flow of MirrorMaker")


@pytest.mark.claims("R28", case="refuses")
def test_to_latest_is_no_translation() -> None:
    found = verdict(NotToLatest(), Sets((40, 100)), with_flows(flow()))
    assert (found.is_met, found.level) == (False, Level.ABSOLUTE)
    assert found.says == "“To latest” is not offset translation; it skips every unread record."
    assert "the end 100 on entries-1, translated 60" in found.saw


@pytest.mark.claims("R28", case="passes")
def test_who_has_read_to_the_end_may_stand_there() -> None:
    stands = {"balances": group("balances", p0=40, p1=100)}
    assert verdict(NotToLatest(), Sets((40, 100)), with_flows(flow(), groups=stands)).is_met
    assert verdict(NotToLatest(), Sets((40, 60)), with_flows(flow())).is_met


@pytest.mark.claims("R29", case=("refuses", "passes"))
def test_a_move_ahead_of_the_checkpoint_is_said_with_its_size() -> None:
    found = verdict(NotMovedAhead(), Sets((40, 67)), with_flows(flow()))
    assert (found.is_met, found.level) == (False, Level.OVERRIDABLE)
    assert found.says == "This would move group balances forwards by 7 on entries-1. Confirm explicitly."
    for offsets in ((40, 60), (0, 0)):
        assert verdict(NotMovedAhead(), Sets(offsets), with_flows(flow())).is_met


@pytest.mark.claims("R28", "R29", case="unknown")
@pytest.mark.parametrize("guard", [NotToLatest(), NotMovedAhead()], ids=name_of)
def test_without_checkpoints_no_place_is_judged(guard: Any) -> None:
    for blind, says in (
        (with_flows(flow(checkpoints=None)), "the checkpoints of eu-north on eu-south"),
        (with_flows(flow(checkpoints={})), "a checkpoint of balances for entries-0"),
        (case(pair(side(OLD), lost(NEW), flows=(flow(),))), "the consumer groups of eu-south"),
    ):
        with pytest.raises(MissingFact, match=says):
            guard.judge(Sets((40, 60)), blind)


def test_what_flows_the_other_way_translates_nothing_here() -> None:
    assert verdict(NotToLatest(), Sets((100, 100)), with_flows(flow(NEW, OLD))).is_met


@pytest.mark.claims("R40", case=("refuses", "passes"))
def test_the_workers_own_group_has_no_lag_and_no_offsets() -> None:
    found = verdict(NotAWorkerGroup(), Sets((1, 1), groups=("balances", "eu-north-mm2")), with_flows(flow()))
    assert (found.is_met, found.level) == (False, Level.ABSOLUTE)
    assert found.says == "MM2 does not consume with a committed group; this number does not exist."
    assert verdict(NotAWorkerGroup(), Sets((1, 1)), with_flows(flow())).is_met


@pytest.mark.claims("R40", case="unknown")
def test_a_worker_group_that_is_not_known_refuses() -> None:
    with pytest.raises(MissingFact, match="the group of the workers from eu-north to eu-south"):
        NotAWorkerGroup().judge(Sets((1, 1)), with_flows(flow(worker_group=None)))


@pytest.mark.claims("R41", case="refuses")
@pytest.mark.parametrize("policies", [(IDENTITY, IDENTITY), (IDENTITY, DEFAULT), (DEFAULT, IDENTITY)])
def test_two_directions_without_a_prefix_copy_endlessly(policies: tuple[ReplicationPolicy, ...]) -> None:
    there, back = policies
    both = with_flows(flow(policy=declared(there)), flow(NEW, OLD, policy=declared(back)))
    found = verdict(NoEndlessLoop(), Sets((1, 1)), both)
    assert (found.is_met, found.level) == (False, Level.ABSOLUTE)
    assert found.says.startswith("IdentityReplicationPolicy cannot prevent loops;")


@pytest.mark.claims("R41", case="passes")
def test_one_direction_or_prefixes_in_both_are_safe() -> None:
    identity = flow(policy=declared(IDENTITY))
    off = flow(NEW, OLD, policy=declared(IDENTITY), enabled=declared(value=False))
    for safe in (with_flows(identity), with_flows(identity, off), with_flows(flow(), flow(NEW, OLD))):
        assert verdict(NoEndlessLoop(), Sets((1, 1)), safe).is_met


@pytest.mark.claims("R41", case="unknown")
def test_what_is_not_known_of_two_directions_refuses() -> None:
    for unknown, says in (
        (with_flows(flow(enabled=declared(None)), flow(NEW, OLD)), "is enabled"),
        (with_flows(flow(policy=declared(None)), flow(NEW, OLD)), "the replication policy of eu-north to eu-south"),
        (with_flows(flow(policy=declared(CUSTOM)), flow(NEW, OLD)), "whether the custom policy"),
    ):
        with pytest.raises(MissingFact, match=says):
            NoEndlessLoop().judge(Sets((1, 1)), unknown)
