"""What a readiness check finds. Adding one is one file in `checks/`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from clusters.facts import PairFacts
from clusters.registry import Registry


class Weight(StrEnum):
    """What it means when a check fails, worst first."""

    BLOCKS = "blocks"  # destructive steps are refused
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        return list(Weight).index(self)


class Standing(StrEnum):
    """Worst first. Unknown is never met."""

    FAILS = "fails"
    UNKNOWN = "unknown"
    MET = "met"
    SPARED = "not for this pair"

    @property
    def rank(self) -> int:
        return list(Standing).index(self)


@dataclass(frozen=True)
class Finding:
    """`act` says what to do about it; empty where it is met."""

    code: str
    title: str
    weight: Weight
    standing: Standing
    saw: str
    needs: str
    act: str = ""


class Check:
    """Subclasses say what they look at, in their docstring, and judge the facts of a pair."""

    code: ClassVar[str]
    title: ClassVar[str]
    weight: ClassVar[Weight]
    needs: ClassVar[str]
    act: ClassVar[str]

    def judge(self, facts: PairFacts) -> Finding:
        raise NotImplementedError

    def met(self, saw: str) -> Finding:
        return self._found(Standing.MET, saw)

    def fails(self, *saw: str, weight: Weight | None = None) -> Finding:
        """`weight` where what was found weighs less than what the check looks for can."""
        found = self._found(Standing.FAILS, "; ".join(saw), self.act)
        return replace(found, weight=weight) if weight else found

    def unknown(self, what: str) -> Finding:
        return self._found(Standing.UNKNOWN, what, "Find out why it cannot be read: unknown is treated as unsafe.")

    def spared(self, why: str) -> Finding:
        return self._found(Standing.SPARED, why)

    def _found(self, standing: Standing, saw: str, act: str = "") -> Finding:
        return Finding(self.code, self.title, self.weight, standing, saw, self.needs, act)


checks: Registry[Check] = Registry("readiness check", "clusters.readiness.checks")
