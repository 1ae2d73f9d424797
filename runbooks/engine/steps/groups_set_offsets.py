from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import GroupFacts
from clusters.gateway import PairByHand, Prepared
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.groups import GroupNotElsewhere
from runbooks.engine.guards.loss import CutSaved
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrormaker import NotAWorkerGroup, NotMovedAhead, NotToLatest
from runbooks.engine.guards.mirrors import TopicsNamed
from runbooks.engine.guards.placed import GroupsCanBePlaced, NotMovedBack, PlacesWithinLog
from runbooks.engine.guards.rule import MissingFact, listed
from runbooks.engine.kinds import Guard, Subjects, steps
from runbooks.engine.outcome import Answer, Item, Observation, Refused, Reply, Result
from runbooks.engine.rebuild import Positions, wanted_positions
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.mirrored import named
from runbooks.engine.steps.one_by_one import OneByOne
from runbooks.engine.steps.proof import coordinator
from runbooks.engine.values import Groups, Side, Topics


@steps.add("groups.set-offsets")
@dataclass(frozen=True)
class SetOffsets(OneByOne):
    """Place the groups in the new mirrors.

    Commits for each group, on the topics that were mirrored anew, where it stood before: offsets are preserved, so up
    to the cut the old position means the same record. A group that had read beyond the cut is placed at the cut. Only
    groups without members can be placed. Done when the coordinator says the new positions.
    """

    topics: Topics = field(metadata={"about": "the mirror topics, one by one"})
    groups: Groups = field(metadata={"about": "the groups that read them"})
    side: Side | None = field(default=None, metadata={"about": "the side where the groups are placed"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "groups.set-offsets"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    way_back: ClassVar[str] = "Set them again; what they were is kept with this step."
    guards: ClassVar[tuple[Guard, ...]] = (
        MayChange(),
        TopicsNamed(),
        FreshFacts(),
        CutSaved(),
        GroupsCanBePlaced(),
        GroupNotElsewhere(),
        PlacesWithinLog(),
        NotMovedBack(),
        NotToLatest(),
        NotMovedAhead(),
        NotAWorkerGroup(),
    )

    def subjects(self, case: Case) -> Subjects:
        away = case.facts.other(self.where(case)).side
        return Subjects(self.where(case), away, topics=self.topics, groups=self.groups)

    def challenge(self, case: Case) -> str:
        return f"Place {listed(self.groups)} in {named(self.topics)} on {self.where(case)}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.groups

    def will_happen(self, case: Case) -> str:
        places = [self._wanted(case, group) for group in self.groups]
        count = f"{sum(map(len, places))} offsets of {len(places)} groups"
        where = f"{count} are committed on {self.where(case)}"
        return f"{where}: where each stood, and the cut where it had read what is gone."

    def clients_see(self, case: Case) -> str:
        return "Nothing yet: the groups are stopped. Once started, they go on from there."

    def recognised_by(self, case: Case) -> str:
        return f"the coordinator on {self.where(case)} tells these offsets"

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        """Where the groups stood is known only once it was saved: people write it into the file that the tool reads."""
        side = tools.side(self.where(case))
        return ByHand(
            does=(
                "For each group write OFFSETS.csv anew, one line topic,partition,offset for each place that was noted "
                "before the topics were deleted; where that lies beyond the cut, write the cut.",
                "The group has no members. Run the dry run, compare it with the notes, then send once.",
            ),
            looks=(*side.looks_at_groups(self.groups), *side.looks_at_ends(self.topics)),
            sends=tuple(command for group in self.groups for command in side.sets_offsets(group)),
            expects=(f"In the end {self.recognised_by(case)}, for each of:", *self.groups),
            notes=("Sent at", "Where each group stood before"),
        )

    def prepared(self, ctx: StepContext, item: str) -> Prepared:
        return ctx.gateways.side(self.where(ctx.case)).offsets_setting(item, self._wanted(ctx.case, item))

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        (item,) = items
        if not self._wanted(ctx.case, item):
            return {"request": None, "recognised_by": "nothing was committed on these topics, so nothing is set"}
        return super().request(ctx, items)

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """With the last look: a group that has members now must not be touched."""
        with last_look(f"the groups of {self.where(ctx.case)}"):
            found = ctx.gateways.side(self.where(ctx.case)).groups(items, deadline=ctx.deadline)
        active = [name for name in items if found[name].is_active]
        if active:
            says = f"Group {active[0]} is active on {self.where(ctx.case)}: its offsets cannot be set. Stop it."
            raise Refused(GroupsCanBePlaced().refused(says, f"{active[0]} has members", "no members", ctx.case.now))
        return {"committed": {name: self._now(found[name]) for name in items}}

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        (item,) = items
        if not self._wanted(ctx.case, item):
            return Answer(Result.ACCEPTED, "nothing to set", {item: Reply(is_accepted=True, said="nothing to set")})
        return super().apply(ctx, items)

    def observe(self, ctx: StepContext) -> Observation:
        groups = ctx.items or self.groups
        items = {group: self._judge(ctx, group) for group in groups}
        placed = sum(item.state == "done" for item in items.values())
        evidence = {
            "side": self.where(ctx.case),
            "at": ctx.case.now.isoformat(),
            "before": dict(ctx.pre_state.get("committed", {})),
            "placed": {group: _named(self._wanted(ctx.case, group)) for group in groups},
        }
        return Observation(items, f"{placed} of {len(items)} placed on {self.where(ctx.case)}", evidence)

    def places(self, case: Case, group: str) -> Positions:
        return self._wanted(case, group)

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        """With the places themselves: they rest on what was saved, and do not move."""
        try:
            places = {group: _named(self._wanted(case, group)) for group in self.groups}
        except MissingFact:
            return {**super().binding_facts(case), "places": None}
        return {**super().binding_facts(case), "places": places}

    def _wanted(self, case: Case, group: str) -> Positions:
        return wanted_positions(case, self.where(case), self.topics, group)

    def _now(self, group: GroupFacts) -> dict[str, int]:
        return _named({(c.topic, c.partition): c.offset for c in group.committed if c.topic in self.topics})

    def _judge(self, ctx: StepContext, group: str) -> Item:
        wanted = _named(self._wanted(ctx.case, group))
        if not wanted:
            return Item.done("had committed nothing on these topics: auto.offset.reset decides")
        try:
            found, said = coordinator(ctx, self.where(ctx.case), group)
        except ClusterError as error:
            return Item.unknown(str(error))
        if found is None:
            return Item.unknown(said or f"{self.where(ctx.case)} did not tell of it")
        now = self._now(found)
        if wanted.items() <= now.items():
            return Item.done(f"stands at the {len(wanted)} saved places")
        if now == ctx.pre_state.get("committed", {}).get(group):
            return Item.not_applied("stands where it stood before")
        tp = next(tp for tp, offset in wanted.items() if now.get(tp) != offset)
        return Item.waiting(f"stands at {now.get(tp, 'nothing')} on {tp}, to be placed at {wanted[tp]}")


def _named(places: Positions) -> dict[str, int]:
    return {f"{topic}-{partition}": offset for (topic, partition), offset in places.items()}
