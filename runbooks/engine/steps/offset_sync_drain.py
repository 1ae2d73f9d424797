from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import GroupFacts
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.mirrors import BothReachable
from runbooks.engine.guards.offset_sync import OffsetSyncOn
from runbooks.engine.guards.offsets_synced import behind
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.looked import Apart, remembered, steady
from runbooks.engine.values import Groups, Side
from runbooks.engine.vantage import span

SYNCS = 2
ByName = Mapping[str, GroupFacts]


@steps.add("offset-sync.drain")
@dataclass(frozen=True)
class DrainOffsetSync(Kind):
    """Wait until the last group offsets have crossed.

    Once the groups are stopped on the side they leave, their last commits need one more offset sync to reach the other
    side, and may just have missed one: it is waited for two syncs in which no commit moves, and every committed offset
    must have arrived. It makes records that are read twice fewer; it does not rule them out.
    """

    groups: Groups = field(metadata={"about": "the groups that move"})
    side: Side | None = field(default=None, metadata={"about": "the side the offsets are carried to"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the side that is left"})

    kind: ClassVar[str] = "offset-sync.drain"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), BothReachable(), OffsetSyncOn())

    def challenge(self, case: Case) -> str:
        return f"Have the last offsets of {listed(self.groups)} reached {self.where(case)}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.groups

    def preview(self, ctx: StepContext) -> Preview:
        here, there = self.where(ctx.case), ctx.case.facts.other(self.where(ctx.case)).side
        return Preview(
            will_happen=(
                f"Nothing is sent. Committed offsets of both sides are compared until nothing has moved on {there} for "
                f"{SYNCS} offset syncs ({span(self._wanted(ctx.case))}) and all of it is on {here}."
            ),
            clients_see="Nothing changes for them; the groups stay stopped meanwhile.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        names = ctx.items or self.groups
        here, there = self.where(ctx.case), ctx.case.facts.other(self.where(ctx.case)).side
        try:
            mine = ctx.gateways.side(here).groups(names, deadline=ctx.deadline)
            theirs = ctx.gateways.side(there).groups(names, deadline=ctx.deadline)
        except ClusterError as error:
            return Observation({name: Item.unknown(str(error)) for name in names}, str(error))
        commits = {"commits": {name: _commits(theirs.get(name)) for name in names}}
        apart = steady(ctx, commits, lambda first: first == commits)
        items = {name: self._judge(ctx.case, name, mine, theirs, apart) for name in names}
        done = sum(item.state == "done" for item in items.values())
        evidence = {
            **{"side": here, "at": ctx.case.now.isoformat(), "interval": self._set_to(ctx.case, here)},
            **{"arrived": {name: _commits(mine.get(name)) for name in names}, **remembered(apart, commits)},
        }
        return Observation(items, f"the last offsets of {done} of {len(items)} groups are on {here}", evidence)

    def _judge(self, case: Case, name: str, mine: ByName, theirs: ByName, apart: Apart) -> Item:
        here, there, wanted = case.facts.side(self.where(case)), case.facts.other(self.where(case)), self._wanted(case)
        group = theirs.get(name)
        if group is None or (mine.get(name) is None and group.committed):
            return Item.unknown("its committed offsets could not be read on both sides")
        if group.is_active:
            return Item.waiting(f"R10: still active on {there.side} ({group.members} members): stop it first")
        left = behind(mine.get(name), group, here, there)
        if apart.length < wanted:
            moved = "its commits moved, so the wait begins anew; " if apart.broken else ""
            return Item.waiting(f"{moved}nothing moved for {span(apart.length)} of {span(wanted)}; {left:,} behind")
        if left:
            return Item.waiting(f"{left:,} records of its commits have not crossed: is its offset sync in error?")
        return Item.done(f"all {len(group.committed)} committed offsets are on {here.side}")

    def _wanted(self, case: Case) -> timedelta:
        return SYNCS * case.policy.group_sync

    def _set_to(self, case: Case, here: str) -> str | None:
        link = case.facts.side(here).link(case.facts.link)
        return link.configs.get("consumer.offset.sync.ms") if link else None


def _commits(group: GroupFacts | None) -> dict[str, Any]:
    return {f"{commit.topic}-{commit.partition}": commit.offset for commit in group.committed} if group else {}
