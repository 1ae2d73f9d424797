from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import MirrorFacts, MirrorStatus
from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.mirrors import BothReachable
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.looked import remembered, steady
from runbooks.engine.values import Side, Topics
from runbooks.engine.vantage import span

LogEnds = tuple[int | None, ...]
Ends = Mapping[str, LogEnds]


class Until(StrEnum):
    """ZERO: nothing is missing and nothing is being written. ARRIVED: all that was there at the first look has come."""

    ZERO = "zero"
    ARRIVED = "arrived"


@steps.add("lag.drained")
@dataclass(frozen=True)
class LagDrained(Kind):
    """Wait until the mirrors have caught up.

    With `until: zero` every partition must be fetched and have lag 0, the mirror ACTIVE and as long as its source, in
    two looks at least one poll apart. A zero that was never fetched does not count. With `until: arrived`, for mirrors
    whose source is being written all the time, everything that was on the source at the first look must have arrived.
    """

    topics: Topics | None = field(default=None, metadata={"about": "the mirror topics; all of the link when left out"})
    until: Until = field(default=Until.ZERO, metadata={"about": "zero, or arrived where producers go on writing"})
    side: Side | None = field(default=None, metadata={"about": "the side that holds the mirrors"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "lag.drained"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), BothReachable())

    def challenge(self, case: Case) -> str:
        return f"Have the mirrors on {self.where(case)} caught up with {case.facts.other(self.where(case)).side}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics or tuple(
            mirror.topic for mirror in case.facts.side(self.where(case)).mirrors or () if not _is_over(mirror)
        )

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side = self.where(case)
        zero = "lag 0 in every partition, seen twice" if self.until is Until.ZERO else "what was missing has arrived"
        return ByHand(
            looks=tools.side(side).looks_at_mirrors(case.facts.link),
            expects=(
                *(f"{topic} on {side}: {zero}." for topic in self.topics or ("Every mirror of the link",)),
                f"One whole offset sync ({span(case.policy.group_sync)}) has passed since.",
            ),
            notes=("Lag 0 at",),
        )

    def preview(self, ctx: StepContext) -> Preview:
        many = len(self.targets(ctx.case))
        wanted = (
            "lag 0 in two looks" if self.until is Until.ZERO else "all that was there at the first look has arrived"
        )
        return Preview(
            will_happen=f"Nothing is sent. {many} mirrors on {self.where(ctx.case)} are watched until {wanted}.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        names = ctx.items or self.targets(ctx.case)
        try:
            found = ctx.gateways.side(self.where(ctx.case)).mirrors(ctx.case.facts.link, deadline=ctx.deadline)
            mirrors = {mirror.topic: mirror for mirror in found if mirror.topic in names}
            mine = self._ends(ctx, self.where(ctx.case), {topic: topic for topic in mirrors})
            other = ctx.case.facts.other(self.where(ctx.case)).side
            theirs = self._ends(ctx, other, {topic: mirror.source_topic for topic, mirror in mirrors.items()})
        except ClusterError as error:
            return Observation({topic: Item.unknown(str(error)) for topic in names}, str(error))
        if self.until is Until.ARRIVED:
            return self._arrived(ctx, names, mirrors, mine, theirs)
        return self._zero(ctx, names, mirrors, mine, theirs)

    def _zero(
        self, ctx: StepContext, names: tuple[str, ...], mirrors: Mapping[str, MirrorFacts], mine: Ends, theirs: Ends
    ) -> Observation:
        late = {name: _late(mirrors.get(name), mine.get(name), theirs.get(name)) for name in names}
        clear = {"clear": sorted(name for name, why in late.items() if not why)}
        apart = steady(ctx, clear, lambda first: set(first.get("clear", ())) >= set(clear["clear"]))
        is_long = apart.length >= ctx.case.policy.poll
        items = {}
        for name, why in late.items():
            waits = f"lag 0 for {span(apart.length)}; one more look {span(ctx.case.policy.poll)} apart"
            items[name] = Item.waiting(why) if why else Item.done("lag 0, twice") if is_long else Item.waiting(waits)
        return self._observation(ctx, items, {**remembered(apart, clear)})

    def _arrived(
        self, ctx: StepContext, names: tuple[str, ...], mirrors: Mapping[str, MirrorFacts], mine: Ends, theirs: Ends
    ) -> Observation:
        wanted: dict[str, Any] = {name: list(ends) for name, ends in theirs.items() if None not in ends}
        wanted |= ctx.memory.get("wanted", {})
        items = {}
        for name in names:
            mirror, ends = mirrors.get(name), mine.get(name)
            if mirror is None or ends is None or None in ends or name not in wanted:
                items[name] = Item.unknown(f"{name} or its source could not be read")
                continue
            pairs = zip(wanted[name], ends, strict=False)
            left = sum(max(0, target - (end or 0)) for target, end in pairs)
            items[name] = _arrival(mirror, left)
        return self._observation(ctx, items, {"wanted": wanted})

    def _observation(self, ctx: StepContext, items: Mapping[str, Item], evidence: Mapping[str, Any]) -> Observation:
        done = sum(item.state == "done" for item in items.values())
        said = f"{done} of {len(items)} caught up on {self.where(ctx.case)}"
        if not items:
            return Observation(
                {"the step": Item.done("there are no mirrors to wait for")}, said, {"side": self.where(ctx.case)}
            )
        return Observation(items, said, {"side": self.where(ctx.case), "at": ctx.case.now.isoformat(), **evidence})

    def _ends(self, ctx: StepContext, side: str, names: Mapping[str, str]) -> Ends:
        """Log ends by mirror name; `names` maps it to the topic's name on that side."""
        found = ctx.gateways.side(side).topics(sorted(set(names.values())), deadline=ctx.deadline)
        return {name: found[topic].end_offsets for name, topic in names.items() if topic in found}


def _arrival(mirror: MirrorFacts, left: int) -> Item:
    if mirror.status is not MirrorStatus.ACTIVE:
        return Item.waiting(f"{mirror.status}; {left:,} records of the first look are missing")
    return Item.waiting(f"{left:,} records of the first look are missing") if left else Item.done("all has arrived")


def _late(
    mirror: MirrorFacts | None, mine: tuple[int | None, ...] | None, theirs: tuple[int | None, ...] | None
) -> str:
    """Why a mirror has not caught up; empty when it has."""
    if mirror is None:
        return "not listed as a mirror"
    if mirror.status is not MirrorStatus.ACTIVE:
        return f"reads {mirror.said_status or mirror.status}"
    if not mirror.is_measured:
        return "its lag is unknown: a partition was never fetched, is negative or missing"
    late = next((part for part in mirror.partitions if part.lag), None)
    if late:
        return f"R12: Mirror lag is {late.lag} on {mirror.topic}-{late.partition}. This step needs lag 0."
    if mine is None or theirs is None or None in mine or None in theirs:
        return "lag 0, but the log ends of both sides could not be compared"
    return (
        "" if mine == theirs else f"lag 0, but the source is {sum(_known(theirs)) - sum(_known(mine)):,} records longer"
    )


def _known(ends: LogEnds) -> tuple[int, ...]:
    return tuple(end for end in ends if end is not None)


def _is_over(mirror: MirrorFacts) -> bool:
    return mirror.status is MirrorStatus.STOPPED
