"""The steps of a definition as people read them before there is a run: who does what, and where the way back ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runbooks.engine.kinds import Nature
from runbooks.engine.pace import Pace
from runbooks.engine.written import Confirm, RunbookDefinition, StepDefinition
from runbooks.queries.together import beside_of, group_above
from runbooks.queries.words import counted

NATURES = {Nature.CHECK: "sensed", Nature.ATTEST: "attested", Nature.ACT: "acts, then sensed"}


@dataclass(frozen=True)
class PlanLine:
    """`no_return`: the line of no return is drawn above it; `is_irreversible`: this step has no way back. `pace` is how
    long its kind takes on the pair, where that is known.
    """

    number: int
    title: str
    who: str
    line: int
    mark: str
    is_irreversible: bool
    no_return: bool
    pace: Pace | None = None
    group: str = ""
    beside: str = ""


NO_PACES: Mapping[str, Pace] = {}


def plan(runbook: RunbookDefinition, paces: Mapping[str, Pace] = NO_PACES) -> Iterator[PlanLine]:
    no_return = next((number for number, step in enumerate(runbook.steps, 1) if step.is_irreversible), None)
    beside, group = beside_of({step.key: step.needs for step in runbook.steps}), ""
    for number, step in enumerate(runbook.steps, start=1):
        mark = "attested" if step.kind_class.nature is Nature.ATTEST else "sensed"
        is_irreversible, pace = step.is_irreversible, paces.get(step.kind)
        yield PlanLine(
            number, step.title, _who(step), step.line, mark, is_irreversible, number == no_return, pace,
            group_above(step.group, group), beside[step.key],
        )  # fmt: skip
        group = step.group


def _who(step: StepDefinition) -> str:
    typed = "one click" if step.confirm is Confirm.CLICK else f"types the {step.confirm.replace('-', ' ')}"
    return f"{NATURES[step.kind_class.nature]}; {typed}{_others(step)}{'; optional' if step.is_optional else ''}"


def _others(step: StepDefinition) -> str:
    if not step.approvals:
        return ""
    too = "" if step.confirm is Confirm.CLICK else " and types it too"
    return f", {counted(step.approvals, f'other person agrees{too}', 'other persons agree')}"
