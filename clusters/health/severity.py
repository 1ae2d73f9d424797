"""The words of a judgement: severities in their order, what is expected and why, the worst of many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clusters.facts import MirrorStatus, Policy, SideFacts

MISSED_POLLS = 3
UNREACHABLE = "UNREACHABLE"
UNAVAILABLE = "UNAVAILABLE"


class Severity(StrEnum):
    OK = "OK"
    EXPECTED = "Expected"
    WATCH = "Watch"
    ACT = "Act"
    CRITICAL = "Critical"
    UNKNOWN = "Unknown"

    @property
    def rank(self) -> int:
        """For worst-of: unknown is worse than a trend, and never hides what needs an act."""
        return _ORDER.index(self)


_ORDER = (Severity.OK, Severity.EXPECTED, Severity.WATCH, Severity.UNKNOWN, Severity.ACT, Severity.CRITICAL)


@dataclass(frozen=True)
class Judgement:
    """`words` fit a chip; `why` is the sentence beside it."""

    severity: Severity
    words: str
    why: str = ""


@dataclass(frozen=True)
class Expectation:
    """`states` are words shown on `side` itself: mirror statuses, `UNREACHABLE`, link states such as `UNAVAILABLE`."""

    side: str
    states: frozenset[str]
    why: str = ""


@dataclass(frozen=True)
class Expectations:
    """What open incidents and runs explain."""

    rows: tuple[Expectation, ...] = ()

    def reason(self, side: str, state: str) -> str | None:
        return next((row.why or "expected" for row in self.rows if row.side == side and state in row.states), None)


def expected_in_outage(failed: str, other: str, why: str) -> tuple[Expectation, ...]:
    """What the loss of `failed` explains on both sides."""
    there = frozenset({UNREACHABLE})
    here = frozenset({MirrorStatus.SOURCE_UNAVAILABLE.value, UNAVAILABLE})
    return Expectation(failed, there, why), Expectation(other, here, why)


def worst(found: Iterable[Judgement]) -> Judgement:
    """The first of the worst; nothing at all is Unknown."""
    nothing = Judgement(Severity.UNKNOWN, "nothing read", "no reading to judge")
    return max(found, key=lambda each: each.severity.rank, default=nothing)


def is_stale(read_at: datetime, policy: Policy, now: datetime) -> bool:
    return now - read_at > MISSED_POLLS * policy.poll


def stale(side: SideFacts, policy: Policy, now: datetime) -> Judgement | None:
    if not is_stale(side.read_at, policy, now):
        return None
    age = (now - side.read_at).total_seconds()
    return Judgement(Severity.UNKNOWN, "no fresh data", f"{side.side} was last read {age:.0f} s ago")
