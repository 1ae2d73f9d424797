from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import THE_STEP, Kind
from runbooks.engine.values import Side
from runbooks.engine.vantage import current, span


@steps.add("recovery.confirm")
@dataclass(frozen=True)
class ConfirmRecovery(Kind):
    """Confirm that the side is back.

    Waits until every vantage point that has an opinion has seen the side answer without a break for as long as the
    pair's policy asks. A side that flaps is not back.
    """

    side: Side = field(metadata={"about": "the side that has returned"})

    kind: ClassVar[str] = "recovery.confirm"
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(),)

    def challenge(self, case: Case) -> str:
        return f"Is {self.side} back for good?"

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        long = span(case.policy.stable_for)
        return ByHand(
            looks=(*tools.side(self.side).looks_alive(), *tools.side(self.side).looks_at_link(case.facts.link)),
            expects=(f"{self.side} has answered for {long} without a break, over REST and its brokers.",),
            notes=("First answer after the outage", "Last look"),
        )

    def preview(self, ctx: StepContext) -> Preview:
        wanted = span(ctx.case.policy.stable_for)
        return Preview(
            will_happen=f"Nothing is sent. {self.side} must answer without a break for {wanted}.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        points = current(ctx.case.facts, self.side, ctx.case.now)
        wanted = ctx.case.policy.stable_for
        against = [point.name for point in points if not point.sees]
        lasted = [ctx.case.now - (point.since or ctx.case.now) for point in points]
        shortest = min(lasted, default=timedelta(0))
        evidence = {
            "side": self.side,
            "at": ctx.case.now.isoformat(),
            "vantages": {point.name: point.since.isoformat() if point.since else None for point in points},
        }
        if against:
            said = f"{', '.join(against)} does not see {self.side}"
        elif not any(point.kind == "console" for point in points):
            said = f"this console has no fresh opinion of {self.side}"
        elif shortest < wanted:
            said = f"{self.side} has answered for {span(shortest)} of {span(wanted)}"
        else:
            said = f"{self.side} has answered {len(points)} vantage points for {span(shortest)}"
            return Observation({THE_STEP: Item.done(said)}, said, evidence)
        return Observation({THE_STEP: Item.waiting(said)}, said, evidence)
