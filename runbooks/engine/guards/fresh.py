from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from clusters.facts import SideFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.vantage import span


@guards.add("fresh_facts")
@dataclass(frozen=True)
class FreshFacts(Rule):
    """Both sides were looked at just now. A reading older than the limit refuses; looking again is always possible."""

    within: timedelta | None = field(default=None, metadata={"about": "a shorter limit than the pair's policy"})

    code: ClassVar[str] = "R26"
    title: ClassVar[str] = "Readings are fresh"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "Breakwater: facts expire (policy of the pair)"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        limit = min(self.within, case.policy.facts_for) if self.within else case.policy.facts_for
        oldest = min(case.facts.sides.values(), key=lambda side: side.read_at)
        return _verdict(self, oldest, case.now - oldest.read_at, limit, "the reading")

    def is_stricter(self, other: object) -> bool:
        if not isinstance(other, FreshFacts) or other.within is None:
            return False
        return self.within is None or other.within <= self.within


@guards.add("fresh_configs")
@dataclass(frozen=True)
class FreshConfigs(Rule):
    """The settings of both sides (link mode, prefix, Tiered Storage) were read within the limit for settings."""

    code: ClassVar[str] = "R26"
    title: ClassVar[str] = "Settings are fresh"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "Breakwater: facts expire (policy of the pair)"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        for side in case.facts.sides.values():
            if side.configs_at is None:
                raise MissingFact(f"when the settings of {side.side} were read")
        oldest = min(case.facts.sides.values(), key=lambda side: side.configs_at or side.read_at)
        age = case.now - (oldest.configs_at or oldest.read_at)
        return _verdict(self, oldest, age, case.policy.configs_for, "the reading of the settings")


def _verdict(rule: Rule, side: SideFacts, age: timedelta, limit: timedelta, what: str) -> Verdict:
    saw, needs = f"oldest: {side.side}, {span(age)}", f"{span(limit)} or less"
    if age <= limit:
        return rule.met(saw, needs, side.read_at)
    seconds = int(limit.total_seconds())
    says = f"{what} of {side.side} is {int(age.total_seconds())}s old; limit {seconds}s. Refresh and try again."
    return rule.refused(says[0].upper() + says[1:], saw, needs, side.read_at)
