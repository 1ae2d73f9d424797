from __future__ import annotations

from typing import ClassVar

from clusters.facts import PairFacts
from clusters.health.groups import above_end
from clusters.readiness.finding import Check, Finding, Weight, checks

MANY = 5


@checks.add("offsets-within-log")
class OffsetsWithinLog(Check):
    """Committed positions lie within the log on both sides. On a mirror they may run ahead by its lag."""

    code: ClassVar[str] = "C17"
    title: ClassVar[str] = "Committed offsets lie within the log"
    weight: ClassVar[Weight] = Weight.MEDIUM
    needs: ClassVar[str] = "no committed offset above the log end of a topic that is no mirror"
    act: ClassVar[str] = "Reset the group by name and partition before it is started there: it would jump (R20)."

    def judge(self, facts: PairFacts) -> Finding:
        if any(side.groups is None or side.topics is None for side in facts.sides.values()):
            return self.unknown("the groups or topics of a side could not be read")
        wrong = [
            f"{name} on {side.side}: {said}"
            for side in facts.sides.values()
            for name, group in sorted((side.groups or {}).items())
            if (said := above_end(group, side))
        ]
        return self.fails(*wrong[:MANY]) if wrong else self.met("all within")
