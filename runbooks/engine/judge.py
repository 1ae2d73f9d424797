"""All guards of a step on one case, and what of it holds the step."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Guard, StepKind, guards
from runbooks.engine.outcome import Level, Verdict

ORDER = (Level.ABSOLUTE, Level.OVERRIDABLE, Level.WARNING)
UNKNOWN = "R19"


def judge(step: StepKind, case: Case, added: Iterable[Guard] = ()) -> tuple[Verdict, ...]:
    """Every verdict, those of absolute guards first. The kind's own guards are always among them."""
    ordered = sorted((*step.guards, *added), key=lambda guard: ORDER.index(guard.level))
    return tuple(_judge(guard, step, case) for guard in ordered)


def refusals(verdicts: Iterable[Verdict], overridden: Collection[str] = ()) -> tuple[Verdict, ...]:
    """What holds the step: every guard not met, except warnings and those overridden by name.

    `overridden` holds guard names (`Verdict.guard`) or codes. An unknown fact (R19) is overridden by the guard's name
    only, since one code would pass them all; an absolute refusal is never overridden.
    """
    return tuple(
        verdict
        for verdict in verdicts
        if not verdict.is_met and verdict.level is not Level.WARNING and not _is_overridden(verdict, overridden)
    )


def _is_overridden(verdict: Verdict, overridden: Collection[str]) -> bool:
    if verdict.level is Level.ABSOLUTE:
        return False
    return verdict.guard in overridden or (verdict.code != UNKNOWN and verdict.code in overridden)


def _judge(guard: Guard, step: StepKind, case: Case) -> Verdict:
    try:
        verdict = guard.judge(step, case)
    except MissingFact as missing:
        verdict = _unknown(guard, missing.fact, missing.waits_for)
    except LookupError as missing:
        verdict = _unknown(guard, f"{missing.args[0] if missing.args else missing} is not among the facts")
    return replace(verdict, guard=name_of(guard))


def _unknown(guard: Guard, fact: str, waits_for: str = "") -> Verdict:
    return Verdict(
        code=UNKNOWN,
        title=guard.title,
        level=guard.level,
        is_met=False,
        saw=f"unknown: {fact}",
        needs="a known fact, probed or declared",
        source=guard.source,
        says=f"A fact needed to judge safety is unknown: {fact}. Unknown is treated as unsafe.",
        waits_for=waits_for,
    )


def name_of(guard: Guard) -> str:
    """The name a definition and an override use for this guard."""
    return next(name for name in guards if guards.get(name) is type(guard))
