"""Every check of a pair, and the one answer they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clusters.facts import PairFacts
from clusters.health import is_stale
from clusters.readiness.finding import Check, Finding, Standing, Weight, checks

SEVERE = frozenset({Weight.BLOCKS, Weight.CRITICAL})
# What nobody but people can tell, or what is not read yet. Said on the page, so that no green list looks whole.
NOT_LOOKED_AT = {
    "C22, in part": "What registries really hold: their mode, subjects and ids on both sides",
}


class Answer(StrEnum):
    YES = "Yes, as far as it is looked at"
    IN_PART = "In part"
    UNPROVEN = "Not proven"
    NO = "No"
    NOT_NOW = "A side does not answer"


@dataclass(frozen=True)
class Readiness:
    """`findings` worst first; `read_at` is the older of the two readings."""

    answer: Answer
    findings: tuple[Finding, ...]
    read_at: datetime

    @property
    def open(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.standing in {Standing.FAILS, Standing.UNKNOWN})


def readiness(facts: PairFacts, now: datetime, spared: Mapping[str, str] | None = None) -> Readiness:
    """`spared` are checks that make no sense for this pair, by code, and why."""
    found = [_judged(checks.get(name)(), facts, spared or {}) for name in checks]
    found.sort(key=lambda one: (one.standing.rank, one.weight.rank, one.code))
    read_at = min(side.read_at for side in facts.sides.values())
    return Readiness(_answer(facts, found, now), tuple(found), read_at)


def _judged(check: Check, facts: PairFacts, spared: Mapping[str, str]) -> Finding:
    return check.spared(spared[check.code]) if check.code in spared else check.judge(facts)


def _answer(facts: PairFacts, found: list[Finding], now: datetime) -> Answer:
    if not all(side.reachable for side in facts.sides.values()):
        return Answer.NOT_NOW
    if any(one.standing is Standing.FAILS and one.weight in SEVERE for one in found):
        return Answer.NO
    is_old = any(is_stale(side.read_at, facts.policy, now) for side in facts.sides.values())
    if is_old or any(one.standing is Standing.UNKNOWN for one in found):
        return Answer.UNPROVEN
    return Answer.IN_PART if any(one.standing is Standing.FAILS for one in found) else Answer.YES
