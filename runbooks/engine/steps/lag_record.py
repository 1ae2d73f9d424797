from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import MirrorStatus
from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.kinds import Subjects, steps
from runbooks.engine.loss import Loss, Source, TopicCut, cut, loss
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import THE_STEP, Kind
from runbooks.engine.values import Side


@steps.add("lag.record")
@dataclass(frozen=True)
class RecordLag(Kind):
    """Record the last known lag.

    Stores, for every mirror partition on the surviving side, the last known lag, the last source fetch offset and the
    log end, with the least that is missing and an estimate. The lost side is not asked, so this never waits for it.
    """

    side: Side = field(metadata={"about": "the side that failed; its mirrors on the other side are read"})

    kind: ClassVar[str] = "lag.record"

    def challenge(self, case: Case) -> str:
        return f"What of {self.side} had arrived on {case.facts.other(self.side).side}?"

    def subjects(self, case: Case) -> Subjects:
        return Subjects(side=case.facts.other(self.side).side, away_from=self.side)

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        survivor = case.facts.other(self.side).side
        return ByHand(
            does=(f"Save the whole answer as a file outside {self.side}, and its digest (sha256sum) here.",),
            looks=(*tools.side(survivor).looks_at_mirrors(case.facts.link), *tools.side(survivor).looks_at_ends(())),
            expects=("Every partition shows a lag and a last source fetch offset; -1 or a negative lag is unknown.",),
            notes=("File and digest", "Sum of the lags, and how many partitions are unknown"),
        )

    def preview(self, ctx: StepContext) -> Preview:
        survivor = ctx.case.facts.other(self.side)
        mirrors = [mirror for mirror in survivor.mirrors or () if mirror.status is not MirrorStatus.STOPPED]
        partitions = sum(mirror.num_partitions for mirror in mirrors)
        return Preview(
            will_happen=f"Nothing is sent. {survivor.side} is read: {len(mirrors)} mirrors, {partitions} partitions.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        survivor = ctx.case.facts.other(self.side).side
        try:
            cuts = read_cuts(ctx, survivor)
        except ClusterError as error:
            return Observation({THE_STEP: Item.unknown(str(error))}, str(error), ctx.memory)
        if not cuts:
            saw = f"{survivor} has no mirrors on {ctx.case.facts.link}"
            return Observation({THE_STEP: Item.done(saw)}, saw, self._evidence(ctx.case, survivor, cuts))
        missing = [topic.topic for topic in cuts if not topic.is_complete]
        evidence = self._evidence(ctx.case, survivor, cuts)
        if missing:
            saw = f"log ends not read yet for {len(missing)} of {len(cuts)} mirrors ({missing[0]} is one)"
            return Observation({THE_STEP: Item.waiting(saw)}, saw, evidence)
        saw = f"{len(cuts)} mirrors recorded: {known_loss(ctx.case, cuts).words()}"
        return Observation({THE_STEP: Item.done(saw)}, saw, evidence)

    def _evidence(self, case: Case, survivor: str, cuts: tuple[TopicCut, ...]) -> dict[str, Any]:
        found = known_loss(case, cuts)
        return {
            "side": self.side,
            "survivor": survivor,
            "at": case.now.isoformat(),
            "lower": found.lower,
            "estimate": found.estimate,
            "upper": found.upper,
            "unknown_partitions": found.unknown_partitions,
            "basis": found.basis,
            "topics": {topic.topic: topic.as_evidence() for topic in cuts},
        }


def read_cuts(ctx: StepContext, side: str, names: tuple[str, ...] = ()) -> tuple[TopicCut, ...]:
    """Mirrors and log ends of one side, read now; all that are not stopped, or those named."""
    gateway = ctx.gateways.side(side)
    found = [
        mirror
        for mirror in gateway.mirrors(ctx.case.facts.link, deadline=ctx.deadline)
        if (mirror.topic in names if names else mirror.status is not MirrorStatus.STOPPED)
    ]
    topics = gateway.topics([mirror.topic for mirror in found], deadline=ctx.deadline) if found else {}
    ends = frozen_source(ctx.case).ends
    return tuple(cut(mirror, topics.get(mirror.topic), ends.get(mirror.topic, ())) for mirror in found)


def known_loss(case: Case, cuts: tuple[TopicCut, ...]) -> Loss:
    return loss(cuts, frozen_source(case))


def frozen_source(case: Case) -> Source:
    """The side that failed, as the incident's receipt froze it at declaration; nothing where there is no receipt."""
    receipt = case.evidence.get("receipt", {})
    topics: Mapping[str, Mapping[str, Any]] = receipt.get("topics", {})
    return Source(
        ends={name: tuple(part.get("source_end") for part in topic["partitions"]) for name, topic in topics.items()},
        rates=receipt.get("rates", {}),
        peaks=receipt.get("peaks", {}),
        likely=timedelta(seconds=receipt.get("likely_s", 0)),
        longest=timedelta(seconds=receipt.get("longest_s", 0)),
    )
