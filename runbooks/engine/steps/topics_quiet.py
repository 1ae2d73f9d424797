from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.mirrors import TopicsNamed
from runbooks.engine.guards.quiet import says
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.looked import Apart, remembered, steady
from runbooks.engine.transactions import transactional
from runbooks.engine.values import Side, Topics
from runbooks.engine.vantage import span


@steps.add("topics.quiet")
@dataclass(frozen=True)
class TopicsQuiet(Kind):
    """See that nobody writes any more.

    Looks at the log ends of every partition until they have not moved for as long as the pair's policy asks, and on a
    topic with transactions for as long as the longest of those may take. Any growth
    names the topic and begins the time anew: somebody still writes there, past every switch.
    """

    topics: Topics = field(metadata={"about": "the topics, one by one"})
    side: Side | None = field(default=None, metadata={"about": "the side to look at"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "topics.quiet"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), TopicsNamed())

    def challenge(self, case: Case) -> str:
        return f"Does nobody write to {listed(self.topics)} on {self.where(case)} any more?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side, long = self.where(case), span(case.policy.flat_for)
        return ByHand(
            looks=tools.side(side).looks_at_ends(self.topics),
            expects=tuple(f"{topic}: the same log ends on {side}, seen twice {long} apart." for topic in self.topics),
            notes=("First and second look",),
        )

    def preview(self, ctx: StepContext) -> Preview:
        flat = span(ctx.case.policy.flat_for)
        return Preview(
            will_happen=f"Nothing is sent. Log ends on {self.where(ctx.case)} must not move for {flat}.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        try:
            topics = ctx.gateways.side(self.where(ctx.case)).topics(self.topics, deadline=ctx.deadline)
        except ClusterError as error:
            return Observation({topic: Item.unknown(str(error)) for topic in self.topics}, str(error))
        ends = {name: list(topic.end_offsets) for name, topic in topics.items() if None not in topic.end_offsets}
        apart = steady(ctx, ends, lambda first: first == ends)
        items = {topic: self._item(ctx, topic, ends, apart) for topic in self.topics}
        quiet = sum(item.state == "done" for item in items.values())
        evidence = {
            "side": self.where(ctx.case),
            "at": ctx.case.now.isoformat(),
            "ends": ends,
            **remembered(apart, ends),
        }
        return Observation(
            items, f"{quiet} of {len(items)} quiet on {self.where(ctx.case)} for {span(apart.length)}", evidence
        )

    def _item(self, ctx: StepContext, topic: str, ends: dict[str, list[Any]], apart: Apart) -> Item:
        if topic not in ends:
            return Item.unknown(f"the log ends of {topic} on {self.where(ctx.case)} could not be read")
        before = (apart.broken or {}).get(topic, ends[topic])
        if grown := sum(ends[topic]) - sum(before):
            return Item.waiting(
                f"R14: {says(topic, self.where(ctx.case), grown, int(ctx.case.policy.flat_for.total_seconds()))}"
            )
        wanted, why = ctx.case.policy.flat_for, ""
        if topic in transactional(ctx.case, (topic,)):
            wanted, why = max(wanted, ctx.case.policy.longest_transaction), ": a transaction may be open as long"
        if apart.length < wanted:
            return Item.waiting(f"unmoved for {span(apart.length)} of {span(wanted)}{why}")
        return Item.done(f"unmoved for {span(apart.length)}")
