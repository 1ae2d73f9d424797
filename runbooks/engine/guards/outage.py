from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.moment import moment
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.vantage import Assessment, Outage, assess, span

SOURCE = "own probes from two vantage points, never link_state"


@guards.add("outage_seen")
@dataclass(frozen=True)
class OutageSeen(Rule):
    """At least two vantage points have seen the side gone, without a break, for as long as the policy asks."""

    code: ClassVar[str] = "R27"
    title: ClassVar[str] = "The outage is seen from two places"
    level: ClassVar[Level] = Level.ABSOLUTE  # a person may skip the check with a reason, not make it say something else
    source: ClassVar[str] = SOURCE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        found = assess(case.facts, present(step.subjects(case).side, "the side that failed"), case.now)
        return verdict(self, found)


@guards.add("outage_confirmed")
@dataclass(frozen=True)
class OutageConfirmed(Rule):
    """The outage of the side that is left behind was confirmed in this incident, and it has not come back since."""

    code: ClassVar[str] = "R27"
    title: ClassVar[str] = "Outage confirmed"
    source: ClassVar[str] = SOURCE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side = present(step.subjects(case).away_from, "the side that failed")
        recorded = case.evidence.get("outage.confirm", {})
        needs = f"an outage of {side}, confirmed in this incident and going on"
        if recorded.get("side") != side:
            raise MissingFact(
                f"whether {side} is down: no step of this incident has confirmed it", waits_for="outage.confirm"
            )
        if case.facts.side(side).reachable:
            says = f"The outage is not confirmed: {side} answers again."
            return self.refused(says, f"{side} answers", needs, case.facts.side(side).read_at)
        return self.met(f"confirmed {moment(recorded.get('at'), case.now)}; {side} still does not answer", needs)


def verdict(rule: Rule, found: Assessment) -> Verdict:
    needs = f"gone for {span(found.needed_for)} from 2 vantage points"
    names = ", ".join(point.name for point in found.agreeing) or "nobody"
    saw = f"no answer for {span(found.proven_for)} from {len(found.agreeing)} ({names})"
    if found.is_confirmed:
        return rule.met(saw, needs)
    if found.outage is Outage.DOWN:
        why = f"{found.side} has been gone for {span(found.proven_for)}, the policy asks for {span(found.needed_for)}"
        return rule.refused(f"The outage is not confirmed: {why}.", saw, needs)
    return rule.refused(f"The outage is not confirmed: {found.says}.", saw, needs)
