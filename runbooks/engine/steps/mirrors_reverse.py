from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.facts import MirrorFacts, MirrorStatus
from clusters.gateway import MirrorAction
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.active_groups import GroupsStoppedThere, NoActiveGroups
from runbooks.engine.guards.fresh import FreshConfigs, FreshFacts
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import BothReachable, LagIsZero, MirrorsCanReverse, NoCommandNeeded, TopicsNamed
from runbooks.engine.guards.platform import (
    BidirectionalVersion,
    EditionAllows,
    LinkBidirectional,
    LinkSidesMatch,
    NoCombinedNodes,
    NotOpenSource,
    NoZookeeper,
    RestoreVersion,
)
from runbooks.engine.guards.prefix import NoPrefix
from runbooks.engine.guards.quiet import QuietThere
from runbooks.engine.guards.transactions import TransactionsInTurn
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item
from runbooks.engine.steps.both_ends import both_ends, ends_kept
from runbooks.engine.steps.mirrored import Mirrored, Mirrors, is_unmoved, named, odd, under_way
from runbooks.engine.values import Side, Topics

M = MirrorStatus


@steps.add("mirrors.reverse-and-start")
@dataclass(frozen=True)
class ReverseAndStart(Mirrored):
    """Reverse the mirrors.

    Swaps the roles without loss: mirrors on this side become writable, and the topics on the other side become mirrors
    of them. It is sent to the side that now holds the mirrors. Done when every topic reads STOPPED here and ACTIVE over
    there.
    """

    topics: Topics = field(metadata={"about": "the mirror topics, one by one"})
    side: Side | None = field(default=None, metadata={"about": "the side that holds the mirrors now and takes over"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "mirrors.reverse-and-start"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    is_irreversible: ClassVar[bool] = True
    action: ClassVar[MirrorAction] = MirrorAction.REVERSE_AND_START
    way_back: ClassVar[str] = "The same step in the other direction, once these mirrors have caught up again."
    guards: ClassVar[tuple[Guard, ...]] = (
        MayChange(),
        NoCommandNeeded(),
        TopicsNamed(),
        BothReachable(),
        FreshFacts(),
        FreshConfigs(),
        EditionAllows(),
        NotOpenSource(),
        RestoreVersion(),
        BidirectionalVersion(),
        NoZookeeper(),
        NoCombinedNodes(),
        LinkBidirectional(),
        NoPrefix(),
        LinkSidesMatch(),
        MirrorsCanReverse(),
        LagIsZero(),
        QuietThere(),
        GroupsStoppedThere(),
        NoActiveGroups(),
        TransactionsInTurn(),
    )

    def challenge(self, case: Case) -> str:
        side = self.side_of(case)
        other = case.facts.other(side).side
        return f"Make {named(self.topics)} writable on {side} and turn {other} into their mirror?"

    def will_happen(self, case: Case) -> str:
        side = self.side_of(case)
        other = case.facts.other(side).side
        return f"A last catch-up with both sides read-only; then {side} takes writes and {other} mirrors it."

    def clients_see(self, case: Case) -> str:
        return "Nobody can write to these topics until it is done. Producers and groups should be stopped by now."

    def recognised_by(self, case: Case) -> str:
        side = self.side_of(case)
        return f"every topic reads STOPPED on {side} and ACTIVE on {case.facts.other(side).side}"

    def evidence(self, ctx: StepContext, items: Mapping[str, Item]) -> dict[str, Any]:
        return ends_kept(ctx)

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        return {**super().pre_state(ctx, items), "ends": both_ends(ctx, self.side_of(ctx.case), items)}

    def judge_topic(self, ctx: StepContext, topic: str, here: Mirrors, there: Mirrors | None) -> Item:
        side = self.side_of(ctx.case)
        other, mine = ctx.case.facts.other(side).side, here.get(topic)
        if mine is None:
            return odd(mine, side)
        if mine.status in {M.PENDING_SYNCHRONIZE, M.PENDING_STOPPED}:
            return under_way(ctx.case, mine, side)
        if mine.status is M.FAILED:
            return Item.failed(f"FAILED on {side}: {mine.error}")
        if there is None:
            return Item.unknown(f"{mine.status} on {side}; {other} could not be read")
        theirs = there.get(topic)
        if theirs is not None and theirs.status is M.PENDING_MIRROR:
            return under_way(ctx.case, theirs, other)
        if mine.status is M.STOPPED:
            return _judge_other(side, theirs, other)
        if is_unmoved(ctx, "here", topic, mine) and is_unmoved(ctx, "there", topic, theirs):
            return Item.not_applied(f"still {mine.status} on {side}")
        return odd(mine, side)


def _judge_other(side: str, theirs: MirrorFacts | None, other: str) -> Item:
    if theirs is None or theirs.status is M.STOPPED:
        return Item.waiting(f"STOPPED on {side}; not yet a mirror on {other}")
    if theirs.status is M.ACTIVE:
        return Item.done(f"STOPPED on {side}, writable; ACTIVE mirror on {other}")
    if theirs.status is M.FAILED:
        return Item.failed(f"writable on {side}, but its mirror on {other} is FAILED: {theirs.error}")
    return odd(theirs, other)
