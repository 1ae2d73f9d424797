from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import Rule
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.states import Mode


@guards.add("may_change")
@dataclass(frozen=True)
class MayChange(Rule):
    """The inventory allows changes on this pair. Until it says `may_change: true`, only looking and rehearsing work."""

    code: ClassVar[str] = "may-change"
    title: ClassVar[str] = "Changes are allowed on this pair"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "inventory, may_change"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        needs = "may_change: true in the inventory"
        if case.facts.may_change:
            return self.met("allowed by the inventory", needs)
        if case.mode is Mode.REHEARSAL:
            return self.met("not allowed; a rehearsal sends nothing", needs)
        says = (
            f"{case.facts.pair} is for looking and rehearsing only: its inventory entry does not say may_change: true."
        )
        return self.refused(says, "not allowed by the inventory", needs)
