from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from clusters.errors import ClusterError
from clusters.facts import GroupFacts
from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.mirrors import TopicsNamed
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, Subjects, steps
from runbooks.engine.loss import TopicCut
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.lag_record import known_loss, read_cuts
from runbooks.engine.values import Side, Topics


@steps.add("cut.save")
@dataclass(frozen=True)
class SaveCut(Kind):
    """Save the cut offsets.

    Stores, for every partition of the named mirrors on the surviving side, its log end: up to there everything has
    arrived, from there on it has not. Also the last known lag, and the committed offsets of every group, to show later
    how far they were set back. The cut lives nowhere else: it is gone when the link is deleted.
    """

    away_from: Side = field(metadata={"about": "the side that failed; its mirrors on the other side are read"})
    topics: Topics = field(metadata={"about": "the mirror topics, one by one"})

    kind: ClassVar[str] = "cut.save"
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), TopicsNamed())

    def challenge(self, case: Case) -> str:
        return f"Up to which offset had {listed(self.topics)} arrived on {self._survivor(case)}?"

    def subjects(self, case: Case) -> Subjects:
        return Subjects(side=self._survivor(case), away_from=self.away_from, topics=self.topics)

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        survivor = self._survivor(case)
        return ByHand(
            does=(f"Save the whole answer as a file outside {self.away_from}, and its digest (sha256sum) here.",),
            looks=(
                *tools.side(survivor).looks_at_mirrors(case.facts.link),
                *tools.side(survivor).looks_at_ends(self.topics),
            ),
            expects=("Every partition shows a lag and a last source fetch offset; -1 or a negative lag is unknown.",),
            notes=("File and digest", *(f"{topic}: log ends and lag, by partition" for topic in self.topics)),
        )

    def preview(self, ctx: StepContext) -> Preview:
        return Preview(
            will_happen=f"Nothing is sent. Log ends, lag and group offsets on {self._survivor(ctx.case)} are stored.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        survivor = self._survivor(ctx.case)
        try:
            cuts = {cut.topic: cut for cut in read_cuts(ctx, survivor, self.topics)}
            groups = ctx.gateways.side(survivor).groups(None, deadline=ctx.deadline)
        except ClusterError as error:
            return Observation({topic: Item.unknown(str(error)) for topic in self.topics}, str(error))
        items = {topic: _item(cuts.get(topic), survivor) for topic in self.topics}
        found = known_loss(ctx.case, tuple(cuts.values()))
        evidence = {
            "away_from": self.away_from,
            "survivor": survivor,
            "at": ctx.case.now.isoformat(),
            "lower": found.lower,
            "estimate": found.estimate,
            "upper": found.upper,
            "unknown_partitions": found.unknown_partitions,
            "basis": found.basis,
            "words": found.words(),
            "topics": {topic: cut.as_evidence() for topic, cut in cuts.items()},
            "groups": committed_by_group(groups.values(), self.topics),
        }
        saved = sum(item.state == "done" for item in items.values())
        return Observation(items, f"{saved} of {len(items)} saved; missing: {found.words()}", evidence)

    def _survivor(self, case: Case) -> str:
        return case.facts.other(self.away_from).side


def _item(cut: TopicCut | None, survivor: str) -> Item:
    if cut is None:
        return Item.failed(f"not a mirror on {survivor}: there is no cut to save")
    if not cut.is_complete:
        return Item.waiting("the log ends of some partitions have not been read yet")
    notes = sorted({part.label for part in cut.partitions if part.lower is None})
    ends = f"{cut.status}; {len(cut.partitions)} partitions"
    return Item.done(f"{ends}; {'; '.join(notes)}" if notes else ends)


def committed_by_group(groups: Iterable[GroupFacts], topics: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Committed offsets on the topics: group → `topic-partition` → offset."""
    found: dict[str, dict[str, int]] = {}
    for group in groups:
        on = {f"{c.topic}-{c.partition}": c.offset for c in group.committed if c.topic in topics}
        if on:
            found[group.name] = on
    return found
