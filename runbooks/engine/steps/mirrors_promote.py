from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.facts import MirrorStatus
from clusters.gateway import MirrorAction
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.active_groups import GroupsStoppedThere, NoActiveGroups
from runbooks.engine.guards.fresh import FreshConfigs, FreshFacts
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import BothReachable, LagIsZero, MirrorsCanPromote, NoCommandNeeded, TopicsNamed
from runbooks.engine.guards.platform import NoCombinedNodes, NotOpenSource
from runbooks.engine.guards.quiet import QuietThere
from runbooks.engine.guards.transactions import TransactionsInTurn
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item
from runbooks.engine.steps.both_ends import both_ends, ends_kept
from runbooks.engine.steps.mirrored import Mirrors, named
from runbooks.engine.steps.stopped import StopsMirrors
from runbooks.engine.values import Side, Topics


@steps.add("mirrors.promote")
@dataclass(frozen=True)
class PromoteMirrors(StopsMirrors):
    """Promote the mirror topics.

    Makes mirror topics writable after a last catch-up with their source, which has to answer: nothing is left behind.
    The other side keeps its own copy, and nothing is mirrored between the two any more. Done when every topic reads
    STOPPED; a group that is active on a mirror holds it in PENDING_STOPPED.
    """

    away_from: Side = field(metadata={"about": "the side that is left; the mirrors on the other side are promoted"})
    topics: Topics = field(metadata={"about": "the mirror topics, one by one"})

    kind: ClassVar[str] = "mirrors.promote"
    action: ClassVar[MirrorAction] = MirrorAction.PROMOTE
    way_back: ClassVar[str] = (
        "Not possible. The topics on the other side go on as they are; mirroring has to be set up anew, in the "
        "direction that is wanted then."
    )
    guards: ClassVar[tuple[Guard, ...]] = (
        MayChange(),
        NoCommandNeeded(),
        TopicsNamed(),
        BothReachable(),
        FreshFacts(),
        FreshConfigs(),
        NotOpenSource(),
        NoCombinedNodes(),
        MirrorsCanPromote(),
        LagIsZero(),
        QuietThere(),
        GroupsStoppedThere(),
        NoActiveGroups(),
        TransactionsInTurn(),
    )

    def challenge(self, case: Case) -> str:
        return f"Make {named(self.topics)} writable on {self.side_of(case)} and end their mirroring for good?"

    def will_happen(self, case: Case) -> str:
        topics = f"{named(self.topics)} on {self.side_of(case)}"
        return f"A last catch-up with {self.away_from}; then {topics} are ordinary, writable topics."

    def clients_see(self, case: Case) -> str:
        return "Producers can write here once it is done. Producers and groups should be stopped by now."

    def judge_topic(self, ctx: StepContext, topic: str, here: Mirrors, there: Mirrors | None) -> Item:
        """A promote starts from ACTIVE alone, so one that reads FAILED failed under it."""
        mirror = here.get(topic)
        if mirror is not None and mirror.status is MirrorStatus.FAILED:
            return Item.failed(f"FAILED on {self.side_of(ctx.case)}: {mirror.error}")
        return super().judge_topic(ctx, topic, here, there)

    def evidence(self, ctx: StepContext, items: Mapping[str, Item]) -> dict[str, Any]:
        return {"topics": list(self.topics), **ends_kept(ctx)}

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        return {**super().pre_state(ctx, items), "ends": both_ends(ctx, self.side_of(ctx.case), items)}
