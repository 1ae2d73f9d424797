from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from clusters.errors import ClusterError
from clusters.facts import GroupFacts, TopicFacts
from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, Subjects, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import Kind
from runbooks.engine.values import Groups, Side


@steps.add("groups.within-log")
@dataclass(frozen=True)
class GroupsWithinLog(Kind):
    """Check group offsets against the log.

    After a failover, a group whose offset was synced from records that never arrived is set back to the end of the log.
    No committed offset may lie above it, or the client would jump to the earliest or latest record on starting. Offsets
    before and after are kept side by side.
    """

    away_from: Side = field(metadata={"about": "the side that failed; the other one is checked"})
    groups: Groups = field(metadata={"about": "the groups that will start there"})

    kind: ClassVar[str] = "groups.within-log"
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(),)

    def challenge(self, case: Case) -> str:
        return f"Do the offsets of {listed(self.groups)} lie within the log of {self._side(case)}?"

    def subjects(self, case: Case) -> Subjects:
        return Subjects(side=self._side(case), away_from=self.away_from, groups=self.groups)

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.groups

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side = self._side(case)
        return ByHand(
            looks=tools.side(side).looks_at_groups(self.groups),
            expects=tuple(
                f"{group}: CURRENT-OFFSET is not above LOG-END-OFFSET in any partition on {side}."
                for group in self.groups
            ),
            notes=("Groups that stand above, and what was set back",),
        )

    def preview(self, ctx: StepContext) -> Preview:
        return Preview(
            will_happen=f"Nothing is sent. Committed offsets and log ends on {self._side(ctx.case)} are compared.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        side = self._side(ctx.case)
        try:
            groups = ctx.gateways.side(side).groups(self.groups, deadline=ctx.deadline)
            names = sorted({commit.topic for group in groups.values() for commit in group.committed})
            topics = ctx.gateways.side(side).topics(names, deadline=ctx.deadline)
        except ClusterError as error:
            return Observation({group: Item.unknown(str(error)) for group in self.groups}, str(error))
        before = ctx.case.evidence.get("cut.save", {}).get("groups", {})
        items = {name: _judge(groups.get(name), topics, before.get(name, {}), side) for name in self.groups}
        after = {name: _offsets(groups[name]) for name in self.groups if name in groups}
        evidence = {"side": side, "at": ctx.case.now.isoformat(), "before": before, "after": after}
        within = sum(item.state == "done" for item in items.values())
        return Observation(items, f"{within} of {len(items)} lie within the log of {side}", evidence)

    def _side(self, case: Case) -> str:
        return case.facts.other(self.away_from).side


def _judge(group: GroupFacts | None, topics: Mapping[str, TopicFacts], before: Mapping[str, int], side: str) -> Item:
    if group is None:
        return Item.unknown(f"{side} did not tell of it")
    for commit in group.committed:
        ends = topics[commit.topic].end_offsets if commit.topic in topics else ()
        end = ends[commit.partition] if commit.partition < len(ends) else None
        tp = f"{commit.topic}-{commit.partition}"
        if end is None:
            return Item.unknown(f"the log end of {tp} could not be read")
        if commit.offset > end:
            text = f"Group {group.name} has committed offset {commit.offset} above the log end {end} on {tp}."
            return Item.waiting(f"R20: {text} Starting it could jump to earliest or latest.")
    now = _offsets(group)
    back = {tp: (was, now[tp]) for tp, was in before.items() if now.get(tp, was) < was}
    words = "; ".join(f"{tp} set back from {was} to {offset}" for tp, (was, offset) in sorted(back.items())[:5])
    count = f"{len(group.committed)} offsets within the log"
    return Item.done(f"{count}; {words}" if words else f"{count}, none set back")


def _offsets(group: GroupFacts) -> dict[str, int]:
    return {f"{commit.topic}-{commit.partition}": commit.offset for commit in group.committed}
