from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from runbooks.engine.context import Case
from runbooks.engine.guards.quiet import ends
from runbooks.engine.guards.rule import Rule, acting_side, other_side
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.truncation import saved_cut


@guards.add("tail_measured")
@dataclass(frozen=True)
class TailMeasured(Rule):
    """To settle what exists only on one side, that side must answer, and end at or above the saved cut."""

    code: ClassVar[str] = "R13"
    title: ClassVar[str] = "What exists only there can be counted"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "the tail is settled on the log ends that were seen"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        purpose = getattr(step, "purpose", None)
        if purpose not in {"tail", "rebuild"}:
            return self.met("not needed to accept a loss", "an answer, when a tail is settled")
        side, needs = acting_side(step, case), "log ends at or above the cut"
        survivor = side.side if purpose == "rebuild" else other_side(step, case).side
        if not side.reachable:
            says = f"The other cluster is not reachable; this step needs both. {side.side}: {side.said}"
            return self.refused(says, f"{side.side} does not answer", needs, side.read_at)
        for topic in step.subjects(case).topics:
            for partition, (cut, end) in enumerate(
                zip(saved_cut(case, survivor, topic), ends(side, topic), strict=True)
            ):
                if end < cut:
                    says = (
                        f"{side.side} ends at {end} on {topic}-{partition}, below the cut {cut}: it has lost records "
                        f"that {survivor} has. Do not restore; look at {side.side} first."
                    )
                    return self.refused(says, f"{topic}-{partition}: {end} below {cut}", needs, side.offsets_at)
        return self.met(f"{side.side} answers, and ends at or above the cut everywhere", needs, side.offsets_at)
