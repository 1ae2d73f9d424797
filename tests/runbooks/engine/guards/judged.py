from __future__ import annotations

from runbooks.engine.context import Case
from runbooks.engine.judge import judge
from runbooks.engine.kinds import StepKind
from runbooks.engine.outcome import Verdict


def verdict(step: StepKind, case: Case, guard: str) -> Verdict:
    (found,) = [one for one in judge(step, case) if one.guard == guard]
    return found


def said(step: StepKind, case: Case, guard: str) -> str:
    """`met`, or the refusal as people read it: its code, what it says."""
    found = verdict(step, case, guard)
    return "met" if found.is_met else f"{found.code}: {found.says}"
