from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.loss import CutSaved
from runbooks.engine.guards.mirrors import TopicsNamed
from runbooks.engine.guards.quiet import ends
from runbooks.engine.guards.rule import MissingFact, listed
from runbooks.engine.guards.settled import TailMeasured
from runbooks.engine.kinds import Guard, Nature, Subjects, steps
from runbooks.engine.outcome import Item, Observation, Preview, Prompt
from runbooks.engine.steps.kind import THE_STEP, Kind
from runbooks.engine.truncation import Tail, Tails, records, saved_cut
from runbooks.engine.values import Side, Topics


class Purpose(StrEnum):
    """LOSS: what may be missing where clients go on. TAIL: what exists only on the old home and will be destroyed.

    REBUILD: what was written to former mirrors since they stopped, and goes when they are deleted.
    """

    LOSS = "loss"
    TAIL = "tail"
    REBUILD = "rebuild"


@steps.add("loss.accept")
@dataclass(frozen=True)
class AcceptLoss(Kind):
    """Accept the loss in writing.

    With `purpose: loss` a person accepts that records which had not been mirrored may be missing on the side that takes
    over. With `purpose: tail` they settle what exists only on the old home before it is truncated: worthless, or
    exported and where to. With `purpose: rebuild` they settle what was written to former mirrors since mirroring
    stopped, before those are deleted. The figures of that moment are frozen with the words.
    """

    topics: Topics = field(metadata={"about": "the topics, one by one"})
    purpose: Purpose = field(
        default=Purpose.LOSS, metadata={"about": "loss; tail before a restore; rebuild before a deletion"}
    )
    side: Side | None = field(default=None, metadata={"about": "the side whose records are at stake"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "loss.accept"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    nature: ClassVar[Nature] = Nature.ATTEST
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), TopicsNamed(), CutSaved(), TailMeasured())

    def challenge(self, case: Case) -> str:
        if self.purpose is Purpose.TAIL:
            return f"{self._amount(case)} exist only on {self.where(case)}: worthless, or exported?"
        if self.purpose is Purpose.REBUILD:
            where = f"written on {self.where(case)} since mirroring stopped"
            return f"{self._amount(case)} were {where}: worthless, or copied?"
        other = case.facts.other(self.where(case)).side
        return f"{self._amount(case)} of {self.where(case)} may be missing on {other}. Go on without them?"

    def subjects(self, case: Case) -> Subjects:
        """The cut is that of the side that survived: the one whose former mirrors go, where they are rebuilt."""
        left = case.facts.other(self.where(case)).side if self.purpose is Purpose.REBUILD else None
        return Subjects(self.where(case), left, topics=self.topics)

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        if self.purpose is not Purpose.LOSS:
            label = "Worthless, or exported?"
            text = "Write worthless and why, or where the export lies, how many records it holds and who checked it."
            return (Prompt("statement", label, help=text),)
        return (
            Prompt("statement", "I accept that these records may be missing, because", help="It stays in the report."),
        )

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        return ByHand(
            does=(f"The owners of {listed(self.topics)} say in writing that they go on without these records.",),
            expects=("The number that was saved in the step before is the one they accept.",),
            notes=("Records at stake", "Who accepts it, and in what words"),
        )

    def record_count(self, case: Case) -> int | None:
        try:
            return self._count(case)
        except MissingFact:
            return None

    def preview(self, ctx: StepContext) -> Preview:
        return Preview(
            will_happen=f"Nothing is sent. Your words are stored with the figures: {self._amount(ctx.case)}.",
            clients_see="Nothing changes for them.",
            undo="Words that are recorded stay; abort the run if they were a mistake.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        statement = ctx.case.inputs.get("statement", "").strip()
        if not statement:
            said = "nobody has put it in writing"
            return Observation({THE_STEP: Item.waiting(said)}, said)
        try:
            evidence = self._evidence(ctx.case, statement)
        except MissingFact as missing:
            said = f"unknown: {missing.fact}"
            return Observation({THE_STEP: Item.unknown(said)}, said)
        said = f"{self._amount(ctx.case)}: {statement}"
        return Observation({THE_STEP: Item.done(said)}, said, evidence)

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        return {**super().binding_facts(case), "purpose": self.purpose, "topics": list(self.topics)}

    def seen(self, case: Case) -> Mapping[str, Any]:
        return {"records": self.record_count(case)}

    def worse_than(self, seen: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
        before, after = seen.get("records"), now.get("records")
        if before is None or after is None or after <= before:
            return None
        return f"{before:,} records were at stake when this was approved, {after:,} are now"

    def _count(self, case: Case) -> int:
        if self.purpose is not Purpose.LOSS:
            return records(self._tails(case))
        lower = case.evidence.get("cut.save", {}).get("lower")
        if lower is None:
            raise MissingFact("the last known lag of this incident", waits_for="cut.save")
        return int(lower)

    def _amount(self, case: Case) -> str:
        if self.purpose is Purpose.LOSS:
            words = case.evidence.get("cut.save", {}).get("words", "an unknown number of records")
            return f"{words[0].upper()}{words[1:]}"
        count = self.record_count(case)
        return "An unknown number of records" if count is None else f"{count:,} records"

    def _tails(self, case: Case) -> Tails:
        side, survivor = case.facts.side(self.where(case)), self._survivor(case)
        return {
            topic: tuple(
                Tail(partition, cut, end)
                for partition, (cut, end) in enumerate(
                    zip(saved_cut(case, survivor, topic), ends(side, topic), strict=True)
                )
            )
            for topic in self.topics
        }

    def _survivor(self, case: Case) -> str:
        return self.where(case) if self.purpose is Purpose.REBUILD else case.facts.other(self.where(case)).side

    def _evidence(self, case: Case, statement: str) -> dict[str, Any]:
        if self.purpose is not Purpose.LOSS:
            topics = {topic: {"tails": [asdict(tail) for tail in parts]} for topic, parts in self._tails(case).items()}
        else:
            topics = {topic: {"tails": []} for topic in self.topics}
        return {
            "purpose": self.purpose,
            "side": self.where(case),
            "at": case.now.isoformat(),
            "by": case.confirmer,
            "statement": statement,
            "words": self._amount(case),
            "records": self._count(case),
            "topics": topics,
        }
