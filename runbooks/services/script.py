"""From a stored step to the engine's: the pinned text, parsed; the kind, built with the run's parameters."""

from __future__ import annotations

from runbooks.engine.definition import build, parse
from runbooks.engine.kinds import StepKind
from runbooks.engine.written import RunbookDefinition, StepDefinition
from runbooks.models import Run, StepRun
from runbooks.services.library import APPROVED


def runbook_of(run: Run) -> RunbookDefinition:
    return parse(run.version.text, APPROVED)


def definition_of(step: StepRun) -> StepDefinition:
    return runbook_of(step.run).step(step.key)


def kind_of(step: StepRun) -> StepKind:
    return build(definition_of(step), values_of(step.run))


def values_of(run: Run) -> dict[str, object]:
    """Parameters as the engine takes them: lists were stored by JSON, and are tuples there."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in run.parameters.items()}
