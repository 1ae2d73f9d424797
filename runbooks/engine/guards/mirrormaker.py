"""What MirrorMaker 2 cannot do, whatever a habit says. A pair without it is not concerned; flows not read refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from clusters.facts import FlowFacts, ReplicationPolicy, SideFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.groups import log_end
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, known, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict

NONE_HERE = "no flow of MirrorMaker"
LOOP = "IdentityReplicationPolicy cannot prevent loops; two enabled directions would copy records endlessly."
Place = tuple[str, int]


@runtime_checkable
class PlacesGroups(Protocol):
    def places(self, case: Case, group: str) -> Mapping[Place, int]:
        """Which offset of which partition the step commits for the group."""
        ...


@dataclass(frozen=True)
class Placed:
    """One offset that a step would set, and how far the group may be taken to have read."""

    group: str
    topic: str
    partition: int
    offset: int
    reached: int
    end: int

    @property
    def at(self) -> str:
        return f"{self.topic}-{self.partition}"


def flows(case: Case) -> tuple[FlowFacts, ...]:
    return present(case.facts.flows, "the flows of MirrorMaker between the two clusters")


def _placed(step: StepKind, case: Case) -> Iterator[Placed]:
    """What the step sets on a side that a flow leads to. MissingFact where nothing tells how far a group has read."""
    side = acting_side(step, case)
    flow = next((flow for flow in flows(case) if flow.target == side.side), None)
    if flow is None or not isinstance(step, PlacesGroups):
        return
    checkpoints = present(flow.checkpoints, f"the checkpoints of {flow.source} on {side.side}, read to their end")
    for group in step.subjects(case).groups:
        translated = {(row.topic, row.partition): row.offset for row in checkpoints.get(group, ())}
        standing = _standing(side, group)
        for place, offset in step.places(case, group).items():
            reached = [found[place] for found in (translated, standing) if place in found]
            if not reached:
                raise MissingFact(f"a checkpoint of {group} for {place[0]}-{place[1]}")
            yield Placed(group, *place, offset, max(reached), log_end(side, *place))


def _standing(side: SideFacts, group: str) -> dict[Place, int]:
    found = present(side.groups, f"the consumer groups of {side.side}").get(group)
    return {(row.topic, row.partition): row.offset for row in found.committed} if found else {}


@guards.add("not_to_latest")
@dataclass(frozen=True)
class NotToLatest(Rule):
    """A group is set to the end of the log only where it has read that far: the end is no translation of an offset."""

    code: ClassVar[str] = "R28"
    title: ClassVar[str] = "Offsets are translated, not set to the latest"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "MirrorMaker 2 translates offsets by its checkpoints"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        needs, count = "at or below the checkpoint, or where the group stands already", 0
        for placed in _placed(step, case):
            count += 1
            if placed.offset >= placed.end and placed.offset > placed.reached:
                says = "“To latest” is not offset translation; it skips every unread record."
                saw = f"{placed.group}: the end {placed.end} on {placed.at}, translated {placed.reached}"
                return self.refused(says, saw, needs)
        return self.met(f"{count} places compared" if count else NONE_HERE, needs)


@guards.add("not_moved_ahead")
@dataclass(frozen=True)
class NotMovedAhead(Rule):
    """No group is set ahead of its checkpoint: what lies between would never be read."""

    code: ClassVar[str] = "R29"
    title: ClassVar[str] = "No group is moved forwards"
    source: ClassVar[str] = "a translated offset is never ahead of what was read"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        needs, count = "at or below the checkpoint, or where the group stands already", 0
        for placed in _placed(step, case):
            count += 1
            ahead = placed.offset - placed.reached
            if ahead > 0:
                says = f"This would move group {placed.group} forwards by {ahead} on {placed.at}. Confirm explicitly."
                return self.refused(says, f"{placed.group}: {ahead} ahead on {placed.at}", needs)
        return self.met(f"{count} places, none ahead" if count else NONE_HERE, needs)


@guards.add("not_a_worker_group")
@dataclass(frozen=True)
class NotAWorkerGroup(Rule):
    """The groups are those of applications: MirrorMaker's own workers commit no offset of what they copy."""

    code: ClassVar[str] = "R40"
    title: ClassVar[str] = "The groups are applications' own"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "MirrorMaker 2 never commits offsets with its source consumer"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        needs = "no group of MirrorMaker's own workers"
        for flow in flows(case):
            own = present(flow.worker_group, f"the group of the workers from {flow.source} to {flow.target}")
            if own in step.subjects(case).groups:
                says = "MM2 does not consume with a committed group; this number does not exist."
                return self.refused(says, f"{own} is its workers' group", needs)
        return self.met("none of them" if flows(case) else NONE_HERE, needs)


@guards.add("no_endless_loop")
@dataclass(frozen=True)
class NoEndlessLoop(Rule):
    """Where both directions are enabled, both put a prefix in front of what they copy."""

    code: ClassVar[str] = "R41"
    title: ClassVar[str] = "Records are not copied round and round"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "only a prefix shows MirrorMaker 2 where a record came from"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        needs, found = "one direction, or DefaultReplicationPolicy in both", flows(case)
        enabled = [flow for flow in found if known(flow.enabled, f"whether {flow.source} to {flow.target} is enabled")]
        both = {(flow.source, flow.target) for flow in enabled} & {(flow.target, flow.source) for flow in enabled}
        for flow in enabled if both else ():
            policy = known(flow.policy, f"the replication policy of {flow.source} to {flow.target}")
            if policy is ReplicationPolicy.CUSTOM:
                raise MissingFact(f"whether the custom policy of {flow.source} to {flow.target} prevents loops")
            if policy is ReplicationPolicy.IDENTITY:
                return self.refused(LOOP, f"{policy} from {flow.source} to {flow.target}, and back", needs)
        return self.met(f"{len(enabled)} enabled directions" if found else NONE_HERE, needs)
