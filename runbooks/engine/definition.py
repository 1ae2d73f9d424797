"""A runbook's text → RunbookDefinition, with everything that is wrong with it by line.

The only grammar there is: steps in a list, `${parameter}` as a whole value, no expressions. A definition chooses and
orders step kinds and may add guards; it cannot take one away. It may hold other runbooks, one level deep.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from clusters.once import worked_out_once
from runbooks.engine import grammar
from runbooks.engine.complaint import Complaint, Complaints, DefinitionError
from runbooks.engine.difference import diff
from runbooks.engine.fields import Reference, make
from runbooks.engine.included import EMPTY, Library
from runbooks.engine.kinds import StepKind
from runbooks.engine.parameters import check_parameters, suggested
from runbooks.engine.schema import schema
from runbooks.engine.text import read
from runbooks.engine.values import BadValue
from runbooks.engine.written import Confirm, Parameter, RunbookDefinition, StepDefinition

__all__ = [
    "BadValue",
    "Complaint",
    "Confirm",
    "DefinitionError",
    "Parameter",
    "RunbookDefinition",
    "StepDefinition",
    "build",
    "check_parameters",
    "diff",
    "parse",
    "schema",
    "suggested",
]


@worked_out_once(maxsize=64)
def parse(text: str, library: Library = EMPTY) -> RunbookDefinition:
    """DefinitionError, with a complaint for everything found wrong, where the text is not a runbook.

    `library` knows the runbooks that it may hold. What they are is pinned in the text, so that it can be kept.
    """
    complaints = Complaints()
    definition = grammar.runbook(read(text), hashlib.sha256(text.encode()).hexdigest(), complaints, library)
    complaints.raise_any()
    return definition


def build(step: StepDefinition, values: Mapping[str, Any]) -> StepKind:
    """The step with a run's parameter values put in. BadValue where one is missing or does not fit."""
    resolved: dict[str, Any] = {}
    for name, value in step.with_.items():
        if isinstance(value, Reference) and value.name not in values:
            raise BadValue(f"step {step.key}: parameter {value.name} has no value")
        resolved[name] = values[value.name] if isinstance(value, Reference) else value
    try:
        made: StepKind = make(step.kind_class, resolved)
    except BadValue as bad:
        raise BadValue(f"step {step.key}: {bad}") from None
    return made
