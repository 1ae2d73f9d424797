"""What changed between two versions of a runbook, in sentences a reviewer can judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from runbooks.engine.judge import name_of
from runbooks.engine.vantage import span
from runbooks.engine.written import RunbookDefinition, StepDefinition


def diff(old: RunbookDefinition, new: RunbookDefinition) -> tuple[str, ...]:
    """Nothing for a change of comments, order of keys or line breaks."""
    return (*_head(old, new), *_parameters(old, new), *_steps(old, new))


def _head(old: RunbookDefinition, new: RunbookDefinition) -> Iterator[str]:
    for name in ("slug", "title", "help", "applies_to"):
        yield from _moved(f"the runbook's {name}", getattr(old, name), getattr(new, name))


def _parameters(old: RunbookDefinition, new: RunbookDefinition) -> Iterator[str]:
    before = {parameter.name: parameter for parameter in old.parameters}
    after = {parameter.name: parameter for parameter in new.parameters}
    yield from (f"parameter {name} is gone" for name in before if name not in after)
    yield from (f"parameter {name} is new ({after[name].type.name})" for name in after if name not in before)
    for name in before.keys() & after.keys():
        yield from _moved(f"parameter {name}: type", before[name].type.name, after[name].type.name)
        yield from _moved(f"parameter {name}: title", before[name].title, after[name].title)
        yield from _moved(f"parameter {name}: help", before[name].help, after[name].help)


def _steps(old: RunbookDefinition, new: RunbookDefinition) -> Iterator[str]:
    before, after = {step.key: step for step in old.steps}, {step.key: step for step in new.steps}
    yield from (f"step {key} ({before[key].kind}) is gone" for key in before if key not in after)
    yield from (f"step {key} ({after[key].kind}) is new" for key in after if key not in before)
    kept_before = [key for key in before if key in after]
    kept_after = [key for key in after if key in before]
    if kept_before != kept_after:
        yield f"the order of steps was {', '.join(kept_before)}; it is {', '.join(kept_after)}"
    for key in kept_after:
        yield from _step(before[key], after[key])


def _step(old: StepDefinition, new: StepDefinition) -> Iterator[str]:
    was, now = _said(old), _said(new)
    for name in was:
        yield from _moved(f"step {old.key}: {name}", was[name], now[name])


def _said(step: StepDefinition) -> Mapping[str, Any]:
    fields = ", ".join(f"{name} {_plain(value)}" for name, value in sorted(step.with_.items()))
    return {
        "kind": step.kind,
        "with": fields,
        "needs": ", ".join(step.needs) or "nothing",
        "confirm": step.confirm,
        "approvals": step.approvals,
        "added guards": ", ".join(f"{name_of(guard)} {guard}" for guard in step.guards) or "none",
        "title": step.title,
        "help": step.help,
        "undo": step.undo,
        "timeout": step.timeout,
        "optional": "yes" if step.is_optional else "no",
    }


def _moved(what: str, was: object, now: object) -> Iterator[str]:
    if was != now:
        yield f"{what} was {_plain(was)}, is now {_plain(now)}"


def _plain(value: object) -> str:
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"“{value}”" if isinstance(value, str) and " " in value else str(value) or "nothing"
