from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import Rule, acting_side, listed, present
from runbooks.engine.guards.writable import mirror_status
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.rebuild import source_name


@guards.add("targets_writable")
@dataclass(frozen=True)
class TargetsWritable(Rule):
    """The topics that take the records exist on the side that took over, and take writes."""

    code: ClassVar[str] = "R15"
    title: ClassVar[str] = "The topics take the records"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "a mirror takes no records but those of its source"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side = acting_side(step, case)
        names, needs = present(side.topics, f"the topics of {side.side}"), f"topics on {side.side}, writable"
        present(side.mirrors, f"the mirrors of {side.side}")
        wanted = [source_name(case, side.side, topic) for topic in step.subjects(case).topics]
        for topic in wanted:
            if topic not in names:
                says = f"{topic} on {side.side} is not writable yet (state: it does not exist there)."
                return self.refused(says, f"{topic} is missing", needs, side.read_at)
            if (status := mirror_status(side, topic)) is not None:
                says = f"{topic} on {side.side} is not writable yet (state {status})."
                return self.refused(says, f"{topic} is a mirror, {status}", needs, side.read_at)
        return self.met(f"{listed(wanted)} take writes", needs, side.read_at)
