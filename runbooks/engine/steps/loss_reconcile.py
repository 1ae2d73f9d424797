from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import MirrorStatus, TopicFacts
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.mirrors import BothReachable
from runbooks.engine.guards.quiet import says
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.reconciling import Partition, known_cuts, totals, words
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.looked import Apart, remembered, steady
from runbooks.engine.values import Side, Topics
from runbooks.engine.vantage import span


@steps.add("loss.reconcile")
@dataclass(frozen=True)
class ReconcileLoss(Kind):
    """Reconcile the loss exactly.

    Once the lost side answers and nobody writes there any more, its log ends are compared with where mirroring stopped:
    what never arrived, which offsets hold different records on both sides, what has expired. It waits until the log
    ends have not moved for as long as the pair's policy asks. A side that ends below the cut has lost data that the
    other one has: that is critical, the step fails, and nothing may be restored from it or onto it blindly.
    """

    side: Side = field(metadata={"about": "the side that was lost and is back"})
    topics: Topics | None = field(
        default=None, metadata={"about": "the topics as the other side names them; all that were cut when left out"}
    )

    kind: ClassVar[str] = "loss.reconcile"
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), BothReachable())

    def challenge(self, case: Case) -> str:
        return f"What of {self.side} had really not arrived on {case.facts.other(self.side).side}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        try:
            return self.topics or tuple(known_cuts(case, case.facts.other(self.side).side)[1])
        except MissingFact:
            return ()

    def preview(self, ctx: StepContext) -> Preview:
        flat, many = span(ctx.case.policy.flat_for), len(self.targets(ctx.case))
        return Preview(
            will_happen=f"Nothing is sent. Log ends of {many} topics are compared; those of {self.side} must not move "
            f"for {flat}.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        survivor = ctx.case.facts.other(self.side).side
        cut_from, cuts = known_cuts(ctx.case, survivor)
        names = {topic: self._at_source(ctx.case, topic) for topic in ctx.items or self.targets(ctx.case)}
        try:
            mine = ctx.gateways.side(self.side).topics(sorted(names.values()), deadline=ctx.deadline)
            theirs = ctx.gateways.side(survivor).topics(sorted(names), deadline=ctx.deadline)
        except ClusterError as error:
            return Observation({topic: Item.unknown(str(error)) for topic in names}, str(error))
        ends = {name: list(topic.end_offsets) for name, topic in mine.items() if None not in topic.end_offsets}
        apart = steady(ctx, ends, lambda first: first == ends)
        found: dict[str, tuple[Partition, ...]] = {}
        items = {}
        for topic, source in names.items():
            parts = self._parts(ctx.case, topic, cuts.get(topic), mine.get(source), theirs.get(topic))
            items[topic] = self._item(ctx, source, parts, ends, apart)
            found |= {topic: parts} if parts else {}
        evidence = {**self._evidence(ctx.case, cut_from, names, found), **remembered(apart, ends)}
        return Observation(items, self._said(items, found), evidence)

    def _at_source(self, case: Case, topic: str) -> str:
        """What the lost side itself calls the topic."""
        mirror = case.facts.other(self.side).mirror(topic)
        return mirror.source_topic if mirror else topic

    def _parts(
        self,
        case: Case,
        topic: str,
        cut: tuple[int, ...] | None,
        source: TopicFacts | None,
        here: TopicFacts | None,
    ) -> tuple[Partition, ...]:
        """Empty where a number is missing on either side, or a partition."""
        if not cut or source is None or here is None:
            return ()
        mirror = case.facts.other(self.side).mirror(topic)
        is_mirroring = mirror is not None and mirror.status is not MirrorStatus.STOPPED
        columns = (cut, source.start_offsets, source.end_offsets, here.end_offsets)
        if len({len(column) for column in columns}) != 1:
            return ()
        found = []
        for number, (at, start, end, other) in enumerate(zip(*columns, strict=True)):
            if at is None or start is None or end is None or other is None:
                return ()
            found.append(Partition(number, at, start, end, other, is_mirroring))
        return tuple(found)

    def _item(
        self, ctx: StepContext, source: str, parts: tuple[Partition, ...], ends: Mapping[str, list[Any]], apart: Apart
    ) -> Item:
        if not parts:
            return Item.unknown(f"{source}: the cut, or a log end of one of the sides, is not known")
        before = (apart.broken or {}).get(source, ends[source])
        if grown := sum(ends[source]) - sum(before):
            flat = int(ctx.case.policy.flat_for.total_seconds())
            return Item.waiting(f"R14: {says(source, self.side, grown, flat)}")
        if apart.length < ctx.case.policy.flat_for:
            return Item.waiting(f"unmoved for {span(apart.length)} of {span(ctx.case.policy.flat_for)}")
        behind = [part for part in parts if part.behind]
        if behind:
            worst = max(behind, key=lambda part: part.behind)
            return Item.failed(
                f"Critical: {self.side} ends at {worst.source_end} on {source}-{worst.partition}, below the cut "
                f"{worst.cut}: {words(parts)}. Do not restore; look at {self.side} first."
            )
        return Item.done(words(parts))

    def _said(self, items: Mapping[str, Item], found: Mapping[str, tuple[Partition, ...]]) -> str:
        every = [part for parts in found.values() for part in parts]
        done = sum(item.state == "done" for item in items.values())
        return f"{done} of {len(items)} reconciled: {words(every)}" if every else f"{done} of {len(items)} reconciled"

    def _evidence(
        self, case: Case, cut_from: str, names: Mapping[str, str], found: Mapping[str, tuple[Partition, ...]]
    ) -> dict[str, Any]:
        every = [part for parts in found.values() for part in parts]
        return {
            "side": self.side,
            "survivor": case.facts.other(self.side).side,
            "at": case.now.isoformat(),
            "cut_from": cut_from,
            "totals": totals(every),
            "words": words(every) if every else "nothing could be compared",
            "topics": {
                topic: {
                    "source": names[topic],
                    **totals(parts),
                    "partitions": [part.as_evidence() for part in parts],
                }
                for topic, parts in found.items()
            },
        }
