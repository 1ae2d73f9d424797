"""Facts + policy + expectations → severity. Pure; the levels are those of the domain reference, section 4.3.

Nothing is OK by default: OK is said only where a fresh reading proves it. Stale, frozen, negative or suspiciously zero
numbers are Unknown. What an open incident or run explains is Expected, by context and not by muting.
"""

from __future__ import annotations

from clusters.health.groups import judge_group
from clusters.health.links import judge_link
from clusters.health.mirrors import judge_mirror
from clusters.health.pairs import PairJudgement, judge_pair
from clusters.health.severity import (
    UNAVAILABLE,
    UNREACHABLE,
    Expectation,
    Expectations,
    Judgement,
    Severity,
    expected_in_outage,
    is_stale,
    worst,
)
from clusters.health.sides import judge_side

__all__ = [
    "UNAVAILABLE",
    "UNREACHABLE",
    "Expectation",
    "Expectations",
    "Judgement",
    "PairJudgement",
    "Severity",
    "expected_in_outage",
    "is_stale",
    "judge_group",
    "judge_link",
    "judge_mirror",
    "judge_pair",
    "judge_side",
    "worst",
]
