from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import Edition
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import Rule, known, listed
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.transactions import transactional, undeclared


@guards.add("transactions_in_turn")
@dataclass(frozen=True)
class TransactionsInTurn(Rule):
    """Topics with transactional records are taken one at a time, each to its end state before the next.

    Confluent Platform does not support mirroring them at all, so there it is refused unless somebody overrides it by
    name; the step then still takes them one at a time.
    """

    code: ClassVar[str] = "R24"
    title: ClassVar[str] = "Transactional topics are taken in turn"
    source: ClassVar[str] = "vendor documentation: known limitations of links, and the rule for transactional producers"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        topics, needs = step.subjects(case).topics, "no transactional records, or Confluent Cloud"
        found = transactional(case, topics)
        if not found:
            if silent := undeclared(case, topics):
                says = f"Nobody has declared whether {listed(silent)} carry transactional records (transactional: …)."
                return self.refused(says, "not declared", needs, level=Level.WARNING)
            return self.met("none declared transactional", needs)
        for side in case.facts.sides.values():
            if known(side.edition, f"the edition of {side.side}") is Edition.PLATFORM:
                says = (
                    f"{listed(found, 1)} carries transactional records. Confluent Platform does not support mirroring "
                    f"them. Process one topic at a time and wait for its end state."
                )
                return self.refused(says, f"transactional: {listed(found)}", needs, side.read_at)
        return self.met(f"one at a time: {listed(found)}", needs)
