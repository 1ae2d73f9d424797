"""The fields of a step kind or a guard, read off its dataclass: they are its schema in a definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_type_hints

from clusters.once import worked_out_once
from runbooks.engine.complaint import Complaints, nearest
from runbooks.engine.text import Spot
from runbooks.engine.values import BadValue, Plain, ValueType, fit, plain, type_of

T = TypeVar("T")


@dataclass(frozen=True)
class Field:
    """`help` is the `about` of the dataclass field's metadata."""

    name: str
    type: ValueType
    is_required: bool
    default: Any
    help: str


@dataclass(frozen=True)
class Reference:
    """`${name}` as a whole value: the parameter to take when a run begins."""

    name: str

    def __str__(self) -> str:
        return f"${{{self.name}}}"


@worked_out_once(maxsize=1024)
def _hints(owner: type) -> Mapping[str, Any]:
    """A kind is built anew for each look at its step, and reading annotations was a good part of that."""
    return get_type_hints(owner, include_extras=True)


@worked_out_once(maxsize=1024)
def fields_of(owner: type) -> tuple[Field, ...]:
    hints = _hints(owner)
    return tuple(
        Field(
            field.name,
            type_of(hints[field.name]),
            field.default is MISSING,
            None if field.default is MISSING else field.default,
            field.metadata.get("about", ""),
        )
        for field in fields(owner)
    )


def make(owner: type[T], values: Mapping[str, Any]) -> T:
    """An instance, choices as their StrEnum. BadValue, naming the field, where a value does not fit."""
    hints = _hints(owner)
    made: dict[str, Any] = {}
    for field in fields_of(owner):
        if field.name not in values:
            continue
        try:
            value = fit(field.type, values[field.name])
        except BadValue as bad:
            raise BadValue(f"{field.name} {bad}") from None
        made[field.name] = _choice(hints[field.name])(value) if field.type.choices else value
    return owner(**made)


def _choice(annotation: object) -> type[StrEnum]:
    """The StrEnum of a field; the first of `X | None`."""
    parts = (annotation, *get_args(annotation))
    return next(part for part in parts if isinstance(part, type) and issubclass(part, StrEnum))


def read_fields(
    owner: type, what: str, spot: Spot, parameters: Mapping[str, ValueType], complaints: Complaints
) -> dict[str, Any]:
    """The values a definition gives `owner`, checked against its fields; `${…}` becomes a Reference."""
    if not isinstance(spot.value, dict):
        complaints.add(spot.line, f"{what} must be a mapping (name: value)")
        return {}
    known = {field.name: field for field in fields_of(owner)}
    for name, child in spot.value.items():
        if name not in known:
            complaints.add(child.line, f"{what} has no field {name!r}{nearest(name, known)}")
    for field in known.values():
        if field.is_required and field.name not in spot.value:
            complaints.add(spot.line, f"{what} needs {field.name}: {field.type.help}")
    one_of = getattr(owner, "one_of", ())
    if one_of and sum(name in spot.value for name in one_of) != 1:
        complaints.add(spot.line, f"{what} needs exactly one of {' and '.join(one_of)}")
    given = {name: child for name, child in spot.value.items() if name in known}
    return {name: read_value(known[name], what, child, parameters, complaints) for name, child in given.items()}


def read_value(
    field: Field, what: str, spot: Spot, parameters: Mapping[str, ValueType], complaints: Complaints
) -> Plain:
    """A value of a definition, fitted to its field; `${…}` becomes a Reference."""
    value = plain(spot)
    if "${" not in str(value):
        try:
            return _kept(value, fit(field.type, value))
        except BadValue as bad:
            complaints.add(spot.line, f"{what}: {field.name} {bad}")
            return None
    name = value[2:-1] if isinstance(value, str) and value.startswith("${") and value.endswith("}") else ""
    if not name.replace("_", "").replace("-", "").isalnum():
        complaints.add(spot.line, f"{what}: ${{…}} must be the whole value and name one parameter; no expressions")
    elif name not in parameters:
        complaints.add(spot.line, f"{what}: there is no parameter {name!r}{nearest(name, parameters)}")
    elif parameters[name].name != field.type.name:
        complaints.add(
            spot.line,
            f"{what}: {field.name} wants {field.type.name}, but parameter {name} is of type {parameters[name].name}",
        )
    return Reference(name)


def _kept(written: Plain, fitted: Plain) -> Plain:
    """As a definition keeps it: names as a tuple, anything else as it was written."""
    return fitted if isinstance(fitted, tuple) else written
