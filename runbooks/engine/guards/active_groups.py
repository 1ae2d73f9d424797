from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import GroupFacts, SideFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import Rule, acting_side, listed, other_side, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Verdict


@guards.add("no_active_groups")
@dataclass(frozen=True)
class NoActiveGroups(Rule):
    """No consumer group, connectors included, is active on these topics here: the transition would hang."""

    code: ClassVar[str] = "R11"
    title: ClassVar[str] = "No group is active on the topics"
    source: ClassVar[str] = "vendor documentation: CONSUMER_GROUP_IN_USE holds mirror transitions"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, topics = acting_side(step, case), step.subjects(case).topics
        active = active_on(side, topics, case)
        needs = f"every group on the topics inactive on {side.side}"
        if active:
            says = f"Group {active[0]} is active on this topic; the transition would hang (CONSUMER_GROUP_IN_USE)."
            return self.refused(says, f"active on {side.side}: {listed(active)}", needs, side.read_at)
        return self.met(f"none on {side.side}", needs, side.read_at)


@guards.add("groups_stopped_there")
@dataclass(frozen=True)
class GroupsStoppedThere(Rule):
    """No consumer group is active on these topics on the other side, whose copy becomes read-only."""

    code: ClassVar[str] = "R10"
    title: ClassVar[str] = "No group is active on the other side"
    source: ClassVar[str] = "an active group holds the transition (CONSUMER_GROUP_IN_USE_ERROR)"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, topics = other_side(step, case), step.subjects(case).topics
        active = active_on(side, topics, case)
        needs = f"every group on the topics stopped on {side.side}"
        if active:
            says = f"Group {active[0]} is or may be active on {side.side}. Stop it and prove it."
            return self.refused(says, f"active on {side.side}: {listed(active)}", needs, side.read_at)
        return self.met(f"none on {side.side}", needs, side.read_at)


def active_on(side: SideFacts, topics: tuple[str, ...], case: Case) -> list[str]:
    """Active groups that read one of the topics by commits or declaration, or have committed nowhere yet."""
    groups = present(side.groups, f"the consumer groups of {side.side}")
    declared = {
        client.group for client in case.facts.clients if client.group and not set(topics).isdisjoint(client.topics)
    }
    return sorted(
        name
        for name, group in groups.items()
        if group.is_active and (name in declared or _may_read(group, set(topics)))
    )


def _may_read(group: GroupFacts, topics: set[str]) -> bool:
    return not group.committed or any(commit.topic in topics for commit in group.committed)
