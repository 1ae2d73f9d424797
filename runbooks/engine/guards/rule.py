"""What guards have in common: how a verdict is worded, and how a missing fact is said."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeVar

from clusters.facts import Fact, SideFacts
from runbooks.engine.context import Case
from runbooks.engine.kinds import StepKind
from runbooks.engine.outcome import Level, Verdict

T = TypeVar("T")


class MissingFact(Exception):
    """A fact that is needed to judge is not known. `judge` turns it into a refusal by R19."""

    def __init__(self, fact: str, *, waits_for: str = "") -> None:
        super().__init__(fact)
        self.fact = fact
        self.waits_for = waits_for


class Rule:
    """Defaults of a guard; subclass it as a frozen dataclass whose fields, if any, are its settings."""

    code: ClassVar[str]
    title: ClassVar[str]
    level: ClassVar[Level] = Level.OVERRIDABLE
    source: ClassVar[str]

    def judge(self, step: StepKind, case: Case) -> Verdict:
        raise NotImplementedError

    def is_stricter(self, other: object) -> bool:
        return False

    def met(self, saw: str, needs: str, at: datetime | None = None) -> Verdict:
        return self._verdict(saw, needs, at, is_met=True)

    def refused(
        self,
        says: str,
        saw: str,
        needs: str,
        at: datetime | None = None,
        *,
        level: Level | None = None,
        waits_for: str = "",
    ) -> Verdict:
        return self._verdict(saw, needs, at, is_met=False, says=says, level=level, waits_for=waits_for)

    def _verdict(
        self,
        saw: str,
        needs: str,
        at: datetime | None,
        *,
        is_met: bool,
        says: str = "",
        level: Level | None = None,
        waits_for: str = "",
    ) -> Verdict:
        return Verdict(
            code=self.code,
            title=self.title,
            level=level or self.level,
            is_met=is_met,
            saw=saw,
            needs=needs,
            source=self.source,
            says=says,
            at=at,
            waits_for=waits_for,
        )


def known(fact: Fact[T], what: str) -> T:
    """The value of a fact that is probed or declared; a guess is not good enough."""
    if fact.value is None or not fact.is_known:
        raise MissingFact(f"{what}{f' ({fact.note})' if fact.note else ''}")
    return fact.value


def present(value: T | None, what: str) -> T:
    if value is None:
        raise MissingFact(what)
    return value


def acting_side(step: StepKind, case: Case) -> SideFacts:
    return case.facts.side(present(step.subjects(case).side, "the side this step acts on"))


def other_side(step: StepKind, case: Case) -> SideFacts:
    return case.facts.other(present(step.subjects(case).side, "the side this step acts on"))


def listed(names: list[str] | tuple[str, ...] | set[str], most: int = 5) -> str:
    """`a, b, c and 7 more`."""
    ordered = sorted(names)
    rest = len(ordered) - most
    return ", ".join(ordered) if rest <= 0 else f"{', '.join(ordered[:most])} and {rest} more"
