from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import MirrorStatus
from clusters.gateway import PairByHand, Prepared
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshConfigs, FreshFacts
from runbooks.engine.guards.loss import CutSaved
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import BothReachable, TopicsNamed
from runbooks.engine.guards.platform import LinkSidesMatch
from runbooks.engine.guards.quiet import QuietHere
from runbooks.engine.guards.rebuild import FormerMirrors, NobodyReads, OffsetsSaved, SourceStillHolds, WritesSettled
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Guard, Subjects, steps
from runbooks.engine.outcome import Item, Level, Observation, Refused
from runbooks.engine.rebuild import source_name
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.mirrored import Mirrors, is_unmoved, named, odd, state_of
from runbooks.engine.steps.one_by_one import OneByOne
from runbooks.engine.truncation import declared_tails, records
from runbooks.engine.values import Side, Topics


@steps.add("topics.delete")
@dataclass(frozen=True)
class DeleteTopics(OneByOne):
    """Delete the former mirrors.

    Deletes topics that were mirrors and have stopped, so that their source can be mirrored anew: a mirror is never
    created over a topic that exists. What was written here since, and where groups stand, goes with them, so both are
    settled and saved before. Done when neither the topic nor its mirror is listed any more.
    """

    topics: Topics = field(metadata={"about": "the former mirrors, one by one"})
    side: Side | None = field(default=None, metadata={"about": "the side whose former mirrors are deleted"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "topics.delete"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    is_irreversible: ClassVar[bool] = True
    way_back: ClassVar[str] = "Not possible. Up to the cut the other side still has the records; the rest is gone."
    guards: ClassVar[tuple[Guard, ...]] = (
        MayChange(),
        TopicsNamed(),
        BothReachable(),
        FreshFacts(),
        FreshConfigs(),
        LinkSidesMatch(),
        FormerMirrors(),
        NobodyReads(),
        CutSaved(),
        OffsetsSaved(),
        WritesSettled(),
        SourceStillHolds(),
        QuietHere(),
    )

    def subjects(self, case: Case) -> Subjects:
        return replace(super().subjects(case), away_from=case.facts.other(self.where(case)).side)

    def also_reads(self, case: Case) -> tuple[str, ...]:
        return tuple(source_name(case, self.where(case), topic) for topic in self.topics)

    def challenge(self, case: Case) -> str:
        return f"Delete {named(self.topics)} on {self.where(case)} for good?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics

    def record_count(self, case: Case) -> int | None:
        try:
            return records(declared_tails(case, self.where(case), self.topics, "rebuild"))
        except MissingFact:
            return None

    def will_happen(self, case: Case) -> str:
        count = self.record_count(case)
        amount = f"{count:,} records" if count is not None else "records"
        gone = f"{named(self.topics)} on {self.where(case)} are deleted"
        return f"{gone}, with {amount} written there since mirroring stopped."

    def clients_see(self, case: Case) -> str:
        return (
            f"These topics are missing on {self.where(case)} until they are mirrored again. Groups on them are stopped."
        )

    def recognised_by(self, case: Case) -> str:
        return f"neither the topic nor its mirror is listed on {self.where(case)} any more"

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side = tools.side(self.where(case))
        return ByHand(
            does=(
                "Look first: every topic is a mirror that reads STOPPED, its log ends are those that were settled, and "
                "the offsets of its groups are noted. This cannot be undone.",
            ),
            looks=(*side.looks_at_mirrors(case.facts.link), *side.looks_at_ends(self.topics)),
            sends=tuple(command for topic in self.topics for command in side.deletes_topic(topic)),
            expects=(f"In the end {self.recognised_by(case)}:", *self.topics),
            notes=("Sent at", "Log ends right before"),
        )

    def prepared(self, ctx: StepContext, item: str) -> Prepared:
        return ctx.gateways.side(self.where(ctx.case)).topic_deletion(item)

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """With the last look: a mirror that runs again, or one more record than was settled, stops it here."""
        with last_look(f"the mirrors and topics of {self.where(ctx.case)}"):
            here = self._mirrors(ctx)
            found = ctx.gateways.side(self.where(ctx.case)).topics(items, deadline=ctx.deadline)
        tails = declared_tails(ctx.case, self.where(ctx.case), items, "rebuild")
        for topic in items:
            mirror = here.get(topic)
            if mirror is None or mirror.status is not MirrorStatus.STOPPED:
                found_as = mirror.status if mirror else "no mirror"
                says = f"{topic} on {self.where(ctx.case)} reads {found_as}, and has to be STOPPED."
                raise Refused(FormerMirrors().refused(says, says, "STOPPED", ctx.case.now, level=Level.ABSOLUTE))
            ends = list(found[topic].end_offsets) if topic in found else []
            if ends != [tail.end for tail in tails[topic]]:
                says = f"{topic} on {self.where(ctx.case)} has moved since it was settled. Settle it again."
                raise Refused(WritesSettled().refused(says, f"{topic} ends at {ends}", "as settled", ctx.case.now))
        return {"here": {topic: state_of(here[topic]) for topic in items}}

    def observe(self, ctx: StepContext) -> Observation:
        topics = ctx.items or self.topics
        try:
            mirrors = self._mirrors(ctx)
            found = ctx.gateways.side(self.where(ctx.case)).topics(topics, deadline=ctx.deadline)
        except ClusterError as error:
            return Observation({topic: Item.unknown(str(error)) for topic in topics}, str(error))
        items = {topic: self._judge(ctx, topic, mirrors, is_there=topic in found) for topic in topics}
        gone = sum(item.state == "done" for item in items.values())
        evidence = {"side": self.where(ctx.case), "at": ctx.case.now.isoformat(), "topics": list(self.topics)}
        return Observation(items, f"{gone} of {len(items)} gone from {self.where(ctx.case)}", evidence)

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        """With what was settled: an approval covers exactly these records."""
        try:
            tails = declared_tails(case, self.where(case), self.topics, "rebuild")
        except MissingFact:
            return {**super().binding_facts(case), "tails": None}
        frozen = {topic: [[tail.partition, tail.cut, tail.end] for tail in parts] for topic, parts in tails.items()}
        return {**super().binding_facts(case), "tails": frozen}

    def _mirrors(self, ctx: StepContext) -> Mirrors:
        found = ctx.gateways.side(self.where(ctx.case)).mirrors(ctx.case.facts.link, deadline=ctx.deadline)
        return {mirror.topic: mirror for mirror in found}

    def _judge(self, ctx: StepContext, topic: str, mirrors: Mirrors, *, is_there: bool) -> Item:
        mirror = mirrors.get(topic)
        if not is_there and mirror is None:
            return Item.done(f"gone from {self.where(ctx.case)}")
        if is_there and mirror is not None and is_unmoved(ctx, "here", topic, mirror):
            return Item.not_applied(f"still there on {self.where(ctx.case)}, {mirror.status}")
        if is_there != (mirror is not None):
            return Item.waiting(
                f"{'still a topic' if is_there else 'still listed as a mirror'} on {self.where(ctx.case)}"
            )
        return odd(mirror, self.where(ctx.case))
