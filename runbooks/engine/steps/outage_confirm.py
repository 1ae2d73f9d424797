from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.outage import OutageSeen
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import THE_STEP, Kind
from runbooks.engine.values import Side
from runbooks.engine.vantage import Assessment, assess, span


@steps.add("outage.confirm")
@dataclass(frozen=True)
class ConfirmOutage(Kind):
    """Confirm the outage.

    Confirms that a side is down for everybody: at least two vantage points (this console, the other cluster's link
    side, each witness) have seen it gone without a break for as long as the pair's policy asks. A broken link alone, or
    clients that are cut off while the cluster runs, is no outage of the cluster; the step says which of them it is.
    """

    side: Side = field(metadata={"about": "the side that failed"})

    kind: ClassVar[str] = "outage.confirm"
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), OutageSeen())

    def challenge(self, case: Case) -> str:
        return f"Is {self.side} down for everybody, and not only for us?"

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        other, policy = case.facts.other(self.side).side, case.policy
        return ByHand(
            does=("Look from at least two places that do not share a network: here, from the other side, a witness.",),
            looks=(
                *tools.side(self.side).looks_alive(),
                *tools.side(other).looks_alive(),
                *tools.side(other).looks_at_link(case.facts.link),
                *tools.witnesses(),
            ),
            expects=(
                f"Two places have had no answer from {self.side} for {span(policy.unreachable_for)} without a break.",
                f"{other} answers.",
                f"Nobody sees {self.side}: if somebody does, only the link or some clients are cut off. Stop here.",
            ),
            notes=("Last success before the failure (T0)", "Place, error and time of each look"),
        )

    def preview(self, ctx: StepContext) -> Preview:
        found = self._assess(ctx.case)
        return Preview(
            will_happen=f"Nothing is sent. What every vantage point sees of {self.side} is recorded: {found.says}.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        found = self._assess(ctx.case)
        evidence = self._evidence(ctx.case, found)
        if found.is_confirmed:
            saw = f"{found.says}, for {span(found.proven_for)}"
            return Observation({THE_STEP: Item.done(saw)}, saw, evidence)
        saw = f"{found.says}; seen for {span(found.proven_for)} of {span(found.needed_for)}"
        return Observation({THE_STEP: Item.waiting(saw)}, saw, evidence)

    def _assess(self, case: Case) -> Assessment:
        return assess(case.facts, self.side, case.now)

    def _evidence(self, case: Case, found: Assessment) -> dict[str, object]:
        first = found.agreeing[0].since if found.agreeing else None
        return {
            "side": self.side,
            "at": case.now.isoformat(),
            "class": found.outage,
            "says": found.says,
            "first_failure": first.isoformat() if first else None,
            "vantages": [
                {
                    "name": point.name,
                    "kind": point.kind,
                    "sees": point.sees,
                    "since": point.since.isoformat() if point.since else None,
                    "said": point.said,
                }
                for point in case.facts.seen_from(self.side)
            ],
        }
