from __future__ import annotations

from typing import ClassVar

from clusters.facts import ClockSkew, PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks

MOST_MS = 1000


@checks.add("clocks-agree")
class ClocksAgree(Check):
    """The clocks of both clusters and of this console agree: time stamps are evidence."""

    code: ClassVar[str] = "C26"
    title: ClassVar[str] = "The clocks agree"
    weight: ClassVar[Weight] = Weight.LOW
    needs: ClassVar[str] = f"less than {MOST_MS / 1000:g} s between each cluster and this console"
    act: ClassVar[str] = "Set the clock right, by NTP: an outage and what was lost in it are told by time stamps."

    def judge(self, facts: PairFacts) -> Finding:
        told = {name: side.skew for name, side in facts.sides.items()}
        if wrong := [f"{name}: {_words(skew)}" for name, skew in told.items() if skew and _is_wrong(skew)]:
            return self.fails(*wrong)
        if silent := [name for name, skew in told.items() if skew is None]:
            return self.unknown(f"no answer over HTTP of {' and '.join(silent)} told the time")
        if vague := [f"{name}: {_words(skew)}" for name, skew in told.items() if skew and not _is_right(skew)]:
            return self.unknown(f"not narrowed down yet: {'; '.join(vague)}")
        return self.met("; ".join(f"{name}: {_words(skew)}" for name, skew in told.items() if skew))


def _is_wrong(skew: ClockSkew) -> bool:
    return skew.least_ms >= MOST_MS or skew.most_ms <= -MOST_MS


def _is_right(skew: ClockSkew) -> bool:
    return skew.least_ms > -MOST_MS and skew.most_ms < MOST_MS


def _words(skew: ClockSkew) -> str:
    return f"between {skew.least_ms / 1000:+.1f} and {skew.most_ms / 1000:+.1f} s ahead"
