from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.kinds import Nature, steps
from runbooks.engine.outcome import Item, Observation, Preview, Prompt
from runbooks.engine.steps.kind import THE_STEP, Kind
from runbooks.engine.values import Side


@steps.add("manual")
@dataclass(frozen=True)
class Manual(Kind):
    """Do something by hand.

    A person does what the step says and writes down what they saw. Nothing is sent and nothing is checked: the record
    says that a person attested it, and who.
    """

    action: str = field(metadata={"about": "what the person does"})
    evidence: str = field(metadata={"about": "what they should see, and write down"})
    side: Side | None = field(default=None, metadata={"about": "the side it concerns, if one"})

    kind: ClassVar[str] = "manual"
    nature: ClassVar[Nature] = Nature.ATTEST

    def challenge(self, case: Case) -> str:
        return self.action

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        return ByHand(does=(self.action,), expects=(self.evidence,), notes=("What was seen, by whom, when",))

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        return (Prompt("observed", "What did you see?", help=f"Expected: {self.evidence}"),)

    def preview(self, ctx: StepContext) -> Preview:
        return Preview(
            will_happen=f"You do it: {self.action}. Breakwater sends nothing and records your words.",
            clients_see="Whatever your action does.",
            undo="Nothing Breakwater can undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        observed = ctx.case.inputs.get("observed", "").strip()
        if not observed:
            said = "nobody has written down what they saw"
            return Observation({THE_STEP: Item.waiting(said)}, said)
        said = f"attested by {ctx.case.confirmer or 'a person'}: {observed}"
        evidence = {
            "action": self.action,
            "expected": self.evidence,
            "observed": observed,
            "at": ctx.case.now.isoformat(),
        }
        return Observation({THE_STEP: Item.done(said)}, said, evidence)
