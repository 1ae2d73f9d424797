"""Reads the parts of a runbook's text, collecting what is wrong instead of stopping at the first thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from clusters.facts import Topology
from runbooks.engine.added import read_guards
from runbooks.engine.complaint import Complaints, nearest
from runbooks.engine.fields import read_fields
from runbooks.engine.kinds import StepKind, steps
from runbooks.engine.text import Spot
from runbooks.engine.values import PARAMETER_TYPES, TEXT, BadValue, ValueType, duration, fit, plain
from runbooks.engine.written import Confirm, Parameter, RunbookDefinition, StepDefinition

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,20}")
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
NOTHING = Spot(None, 1)
T = TypeVar("T")


class Part:
    """One mapping of the text: its known keys, each asked for with what it should be."""

    def __init__(self, spot: Spot, what: str, known: Iterable[str], complaints: Complaints) -> None:
        self.what, self.line, self.complaints = what, spot.line, complaints
        self.spots = spot.value if isinstance(spot.value, dict) else {}
        if not isinstance(spot.value, dict):
            complaints.add(spot.line, f"{what} must be a mapping (name: value)")
        for key, child in self.spots.items():
            if key not in known:
                complaints.add(child.line, f"{what} has no key {key!r}{nearest(key, tuple(known))}")

    def complain(self, text: str, key: str = "") -> None:
        self.complaints.add(self.spots.get(key, Spot(None, self.line)).line, f"{self.what}: {text}")

    def take(self, key: str, reads: Callable[[Any], T], default: T) -> T:
        """The value of `key` as `reads` makes it; the default where it is absent or, with a complaint, wrong."""
        if key not in self.spots:
            return default
        try:
            return reads(plain(self.spots[key]))
        except BadValue as bad:
            self.complain(f"{key} {bad}", key)
            return default

    def text(self, key: str, default: str = "") -> str:
        return self.take(key, lambda value: str(fit(TEXT, value)).strip(), default)

    def word(self, key: str, pattern: re.Pattern[str], like: str) -> str:
        if key not in self.spots:
            self.complain(f"{key} is missing")
        found = self.text(key)
        if found and not pattern.fullmatch(found):
            self.complain(f"{key} {found!r} must be written like {like}", key)
        return found


def runbook(spot: Spot, digest: str, complaints: Complaints) -> RunbookDefinition:
    part = Part(spot, "the runbook", RUNBOOK, complaints)
    slug = part.word("runbook", SLUG, "unplanned-outage-active-active")
    if "title" not in part.spots:
        part.complain("title is missing")
    parameters = _parameters(part, complaints)
    types = {parameter.name: parameter.type for parameter in parameters}
    found = _steps(part, types, complaints)
    _check_needs(found, complaints)
    topology = _applies_to(part, complaints)
    return RunbookDefinition(slug, part.text("title"), part.text("help"), topology, parameters, found, digest)


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


def _steps(part: Part, types: Mapping[str, ValueType], complaints: Complaints) -> tuple[StepDefinition, ...]:
    spot = part.spots.get("steps", Spot(None, part.line))
    if not isinstance(spot.value, list) or not spot.value or len(spot.value) > MAX_STEPS:
        complaints.add(spot.line, f"steps must be a list of at least one and at most {MAX_STEPS} steps")
        return ()
    found: list[StepDefinition] = []
    for child in spot.value:
        before = found[-1].key if found else ""
        found.append(_step(child, before, types, complaints))
    return tuple(found)


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
        needs=part.take("needs", _names, (before,) if before else ()),
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


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadValue("must be a list of step keys")
    return tuple(value)


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


def _check_needs(found: tuple[StepDefinition, ...], complaints: Complaints) -> None:
    by_key: dict[str, StepDefinition] = {}
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
