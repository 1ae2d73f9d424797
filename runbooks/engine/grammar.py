"""Reads the parts of a runbook's text, collecting what is wrong instead of stopping at the first thing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from clusters.facts import Topology
from runbooks.engine.added import read_guards
from runbooks.engine.complaint import Complaints, nearest
from runbooks.engine.fields import read_fields
from runbooks.engine.included import EMPTY, Group, Library, Outer, held_by, is_entry, opened
from runbooks.engine.kinds import StepKind, steps
from runbooks.engine.part import SLUG, Part, names
from runbooks.engine.text import Spot
from runbooks.engine.values import PARAMETER_TYPES, TEXT, BadValue, ValueType, duration, plain
from runbooks.engine.written import Confirm, Parameter, RunbookDefinition, StepDefinition

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
MAX_STEPS = 60
MAX_APPROVALS = 3
TIMEOUT = timedelta(minutes=10)
LONGEST = timedelta(days=7)
RUNBOOK = ("runbook", "title", "help", "applies_to", "parameters", "steps")
STEP = (
    *("key", "kind", "with", "needs", "confirm", "approvals", "guards"),
    *("title", "help", "undo", "timeout", "optional"),
)


def runbook(spot: Spot, digest: str, complaints: Complaints, library: Library | None = EMPTY) -> RunbookDefinition:
    """`library` None: this runbook stands inside another one, and may hold none itself."""
    part = Part(spot, "the runbook", RUNBOOK, complaints)
    slug = part.word("runbook", SLUG, "unplanned-outage-active-active")
    if "title" not in part.spots:
        part.complain("title is missing")
    parameters = _parameters(part, complaints)
    types = {parameter.name: parameter.type for parameter in parameters}
    topology = _applies_to(part, complaints)
    outer = Outer(slug, topology, types, library)
    groups = _groups(part, outer, complaints)
    found = opened(groups)
    if len(found) > MAX_STEPS:
        complaints.add(part.line, f"with the runbooks it holds it has {len(found)} steps; {MAX_STEPS} at most")
    _check_needs(groups, found, complaints)
    holds = tuple(group.inclusion for group in groups if group.inclusion)
    return RunbookDefinition(slug, part.text("title"), part.text("help"), topology, parameters, found, digest, holds)


def _applies_to(part: Part, complaints: Complaints) -> Topology | None:
    if "applies_to" not in part.spots:
        return None
    inner = Part(part.spots["applies_to"], "applies_to", ("topology",), complaints)
    found = inner.text("topology")
    if found in {*Topology}:
        return Topology(found)
    inner.complain(f"topology must be one of {', '.join(Topology)}; found {found!r}", "topology")
    return None


def _parameters(part: Part, complaints: Complaints) -> tuple[Parameter, ...]:
    spot = part.spots.get("parameters", Spot({}, part.line))
    if not isinstance(spot.value, dict):
        complaints.add(spot.line, "parameters must be a mapping (name: {type: …})")
        return ()
    return tuple(_parameter(name, child, complaints) for name, child in spot.value.items())


def _parameter(name: str, spot: Spot, complaints: Complaints) -> Parameter:
    part = Part(spot, f"parameter {name}", ("type", "title", "help"), complaints)
    if not NAME.fullmatch(name):
        part.complain("its name must be a small word such as failed or mirror_topics")
    found = part.text("type")
    if found not in PARAMETER_TYPES:
        part.complain(f"type {found!r} is not known{nearest(found, PARAMETER_TYPES)}", "type")
    kind = PARAMETER_TYPES.get(found, TEXT)
    return Parameter(name, kind, part.text("title", name.replace("_", " ").capitalize()), part.text("help"))


def _groups(part: Part, outer: Outer, complaints: Complaints) -> tuple[Group, ...]:
    """The entries in order: a step by itself, or all the steps of another runbook."""
    spot = part.spots.get("steps", Spot(None, part.line))
    if not isinstance(spot.value, list) or not spot.value or len(spot.value) > MAX_STEPS:
        complaints.add(spot.line, f"steps must be a list of at least one and at most {MAX_STEPS} steps")
        return ()
    found: list[Group] = []
    for child in spot.value:
        before = found[-1].key if found else ""
        if is_entry(child):
            found.append(held_by(child, before, outer, _alone, complaints))
        else:
            step = _step(child, before, outer.types, complaints)
            found.append(Group(step.key, (step,)))
    return tuple(found)


def _alone(spot: Spot, digest: str, complaints: Complaints) -> RunbookDefinition:
    return runbook(spot, digest, complaints, None)


def _step(spot: Spot, before: str, types: Mapping[str, ValueType], complaints: Complaints) -> StepDefinition:
    key = plain(spot).get("key") if isinstance(spot.value, dict) else None
    part = Part(spot, f"step {key}" if isinstance(key, str) else "a step", STEP, complaints)
    kind = _kind(part)
    confirm = _confirm(part, complaints)
    if kind and kind.is_irreversible and not confirm.is_typed:
        part.complain(
            f"{kind.kind} cannot be undone: confirm must be typed (cluster, topic or record-count)", "confirm"
        )
    return StepDefinition(
        key=part.word("key", SLUG, "stop-groups"),
        kind=kind.kind if kind else "",
        with_=read_fields(kind, f"{part.what}: with", part.spots.get("with", Spot({}, part.line)), types, complaints)
        if kind
        else {},
        needs=part.take("needs", names, (before,) if before else ()),
        confirm=confirm,
        approvals=part.take("approvals", _approvals, 0),
        guards=read_guards(kind, part.what, part.spots.get("guards"), complaints) if kind else (),
        title=part.text("title", _title(kind)),
        help=part.text("help"),
        undo=part.text("undo"),
        timeout=part.take("timeout", _timeout, TIMEOUT),
        is_optional=part.take("optional", _flag, default=False),
        line=part.line,
    )


def _kind(part: Part) -> type[StepKind] | None:
    name = part.text("kind")
    if name in steps:
        found: type[StepKind] = steps.get(name)
        return found
    part.complain(f"there is no step kind {name!r}{nearest(name, tuple(steps))}" if name else "kind is missing", "kind")
    return None


def _title(kind: type[StepKind] | None) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0].rstrip(".") if kind else ""


def _confirm(part: Part, complaints: Complaints) -> Confirm:
    spot = part.spots.get("confirm", Spot(Confirm.CLICK, part.line))
    if spot.value == Confirm.CLICK:
        return Confirm.CLICK
    typed = [word for word in Confirm if word.is_typed]
    if isinstance(spot.value, dict):
        found = Part(spot, f"{part.what}: confirm", ("typed",), complaints).text("typed")
        if found in typed:
            return Confirm(found)
    complaints.add(spot.line, f"{part.what}: confirm must be click, or {{typed: {' | '.join(typed)}}}")
    return Confirm.CLICK


def _approvals(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_APPROVALS:
        raise BadValue(f"must be a whole number from 0 to {MAX_APPROVALS}; found {value!r}")
    return value


def _timeout(value: object) -> timedelta:
    found = duration(value)
    if not timedelta(0) < found <= LONGEST:
        raise BadValue("must be more than nothing and at most 7d")
    return found


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadValue(f"must be true or false; found {value!r}")
    return value


def _check_needs(groups: Sequence[Group], found: Sequence[StepDefinition], complaints: Complaints) -> None:
    by_key: dict[str, StepDefinition] = {}
    for group in groups:
        if group.inclusion and any(step.key == group.key for step in found):
            complaints.add(group.steps[0].line, f"a step has the key {group.key!r} too")
    for step in found:
        if step.key and step.key in by_key:
            complaints.add(
                step.line, f"two steps have the key {step.key!r}; the first is in line {by_key[step.key].line}"
            )
        by_key.setdefault(step.key, step)
    for step in found:
        for need in step.needs:
            if need and need not in by_key:
                complaints.add(step.line, f"step {step.key}: needs {need!r}, which is no step{nearest(need, by_key)}")
    _check_cycles(by_key, complaints)


def _check_cycles(by_key: Mapping[str, StepDefinition], complaints: Complaints) -> None:
    """What is left when steps whose needs are met are taken away again and again stands in a circle."""
    left = dict(by_key)
    while free := [key for key, step in left.items() if not any(need in left for need in step.needs)]:
        for key in free:
            del left[key]
    for step in left.values():
        complaints.add(step.line, f"step {step.key}: its needs run in a circle ({', '.join(sorted(left))})")
