from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from runbooks.engine.context import Case
from runbooks.engine.guards.quiet import ends
from runbooks.engine.guards.rule import Rule, acting_side, other_side
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.moment import moment
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.truncation import declared_tails, records, saved_cut


@guards.add("cut_saved")
@dataclass(frozen=True)
class CutSaved(Rule):
    """This incident has saved the cut offset of every partition, from the mirrors of the side that survived."""

    code: ClassVar[str] = "R38"
    title: ClassVar[str] = "Cut offsets are saved"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "without the cut nothing can be recovered or restored exactly"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        subjects, needs = step.subjects(case), "a cut for every partition"
        survivor = case.facts.other(subjects.away_from).side if subjects.away_from else other_side(step, case).side
        partitions = sum(len(saved_cut(case, survivor, topic)) for topic in subjects.topics)
        return self.met(f"{partitions} partitions of {len(subjects.topics)} topics", needs)


@guards.add("cut_unmoved")
@dataclass(frozen=True)
class CutUnmoved(Rule):
    """The mirrors have taken nothing in since their cut was saved: their log ends are still the cut."""

    code: ClassVar[str] = "R36"
    title: ClassVar[str] = "The mirrors stand at the saved cut"
    source: ClassVar[str] = "the cut is the mirror's log end when mirroring stopped"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, needs = acting_side(step, case), "log ends equal to the saved cut"
        for topic in step.subjects(case).topics:
            cut, now = saved_cut(case, side.side, topic), ends(side, topic)
            if cut != now:
                moved = sum(now) - sum(cut)
                says = f"{topic} on {side.side} has moved by {moved} records since its cut was saved: save it again."
                return self.refused(says, f"{topic} moved by {moved}", needs, side.offsets_at)
        return self.met("unmoved since the cut was saved", needs, side.offsets_at)


@guards.add("loss_accepted")
@dataclass(frozen=True)
class LossAccepted(Rule):
    """A person has accepted in writing what may be missing on the side that takes over."""

    code: ClassVar[str] = "R25"
    title: ClassVar[str] = "Loss accepted in writing"
    source: ClassVar[str] = "what may be lost is accepted in writing, before it is lost"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, subjects = acting_side(step, case), step.subjects(case)
        recorded = case.evidence.get("loss.accept", {})
        covered = set(recorded.get("topics", {})) if recorded.get("purpose") == "loss" else set()
        if covered.issuperset(subjects.topics) and recorded.get("side") == subjects.away_from:
            accepted = f"accepted {moment(recorded.get('at'), case.now)}"
            return self.met(f"{recorded.get('words')}; {accepted}", "acceptance of every topic")
        lag = case.evidence.get("cut.save", {})
        known, basis = lag.get("lower"), lag.get("basis", "not recorded yet")
        amount = "an unknown number of" if known is None else f"{known:,}"
        says = (
            f"Up to {amount} records (estimate: {basis}) may not be on {side.side}. "
            f"Accept the loss in writing to continue."
        )
        return self.refused(says, "not accepted", "acceptance of every topic", waits_for="loss.accept")


@guards.add("tail_settled")
@dataclass(frozen=True)
class TailSettled(Rule):
    """What exists only on the old home was exported, or declared worthless in writing, partition by partition."""

    code: ClassVar[str] = "R25"
    title: ClassVar[str] = "What will be destroyed is settled"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "what a restore destroys is settled in writing, before it is destroyed"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, topics = acting_side(step, case), step.subjects(case).topics
        tails = declared_tails(case, side.side, topics)
        statement = case.evidence.get("loss.accept", {}).get("statement", "")
        return self.met(f"{records(tails):,} records of {len(topics)} topics: {statement}", "every partition settled")


@guards.add("tail_unmoved")
@dataclass(frozen=True)
class TailUnmoved(Rule):
    """The old home ends exactly where it did when its tail was settled, and its cut is the saved one.

    The cluster's own dry run is compared with the same figures right before the command is sent.
    """

    code: ClassVar[str] = "R36"
    title: ClassVar[str] = "The restore will destroy what was settled, and no more"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "a restore must truncate exactly to the saved cut"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, topics = acting_side(step, case), step.subjects(case).topics
        needs = "offset_truncated_to = saved cut, messages_truncated = end − cut"
        survivor = other_side(step, case).side
        for topic, tails in declared_tails(case, side.side, topics).items():
            cut, now = saved_cut(case, survivor, topic), ends(side, topic)
            for tail, expected, end in zip(tails, cut, now, strict=True):
                saw = f"{topic}-{tail.partition}: cut {expected}, end {end}; settled {tail.cut} to {tail.end}"
                if (tail.cut, tail.end) != (expected, end):
                    says = (
                        f"Restore would truncate {topic}-{tail.partition} from {end} to {expected}, expected from "
                        f"{tail.end} to {tail.cut}. Stop: someone wrote on {side.side}, or the cut is wrong."
                    )
                    return self.refused(says, saw, needs, side.offsets_at)
                if end < expected:
                    says = (
                        f"Restore would truncate {topic}-{tail.partition} to {expected}, but {side.side} ends at "
                        f"{end}: it has lost records that {survivor} has. Stop."
                    )
                    return self.refused(says, saw, needs, side.offsets_at)
        return self.met("every partition ends where it did when its tail was settled", needs, side.offsets_at)
