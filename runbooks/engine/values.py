"""What a field of a step, or a parameter of a runbook, may hold.

A field's annotation decides: `Side`, `Groups` and their like below, `str`, `int`, `timedelta`, or a StrEnum (a choice).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, get_args, get_origin

from runbooks.engine.text import Spot

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
MAX_NAMES = 20_000
MAX_TEXT = 2_000

Plain = Any  # a value without its lines, or as its type keeps it: text, number, duration, tuple of names


class BadValue(Exception):
    """Why a value does not fit, as the end of a sentence that begins with the field's name."""


@dataclass(frozen=True)
class ValueType:
    """`name` is the word in a definition's `parameters`; `help` tells a writer what to put there."""

    name: str
    help: str
    is_list: bool = False
    choices: tuple[str, ...] = ()


SIDE = ValueType("side", "the name of one side of the pair, as in the inventory")
TOPICS = ValueType("topics", "topic names, one by one", is_list=True)
GROUPS = ValueType("consumer-groups", "consumer group names, one by one", is_list=True)
CLIENTS = ValueType("clients", "names of clients declared in the inventory", is_list=True)
ENDPOINT = ValueType("endpoint", "the name of an endpoint declared in the inventory")
SUBJECT_NAMES = ValueType("subject-names", "names of subjects of a Schema Registry, one by one", is_list=True)
TEXT = ValueType("text", "a sentence")
NUMBER = ValueType("number", "a whole number, 0 or more")
DURATION = ValueType("duration", "a time such as 500ms, 30s, 5m or 1h")
PARAMETER_TYPES: Mapping[str, ValueType] = {
    kind.name: kind for kind in (SIDE, TOPICS, GROUPS, CLIENTS, ENDPOINT, TEXT, NUMBER)
}

Side = Annotated[str, SIDE]
Topics = Annotated[tuple[str, ...], TOPICS]
Groups = Annotated[tuple[str, ...], GROUPS]
Clients = Annotated[tuple[str, ...], CLIENTS]
SubjectNames = Annotated[tuple[str, ...], SUBJECT_NAMES]
Endpoint = Annotated[str, ENDPOINT]
PLAIN: Mapping[object, ValueType] = {str: TEXT, int: NUMBER, timedelta: DURATION}


def type_of(annotation: object) -> ValueType:
    """The value type behind a dataclass annotation; `X | None` counts as X."""
    if get_origin(annotation) is Annotated:
        return next(extra for extra in get_args(annotation)[1:] if isinstance(extra, ValueType))
    inner = [part for part in get_args(annotation) if part is not type(None)]
    if len(inner) == 1:
        return type_of(inner[0])
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ValueType("choice", f"one of {', '.join(annotation)}", choices=tuple(annotation))
    return PLAIN[annotation]


def plain(spot: Spot) -> Plain:
    """The value without its lines."""
    if isinstance(spot.value, dict):
        return {key: plain(child) for key, child in spot.value.items()}
    return [plain(child) for child in spot.value] if isinstance(spot.value, list) else spot.value


def fit(kind: ValueType, value: object) -> Plain:
    """`value`, as a form or a definition gives it, as the type keeps it. BadValue where it does not fit."""
    if kind.is_list:
        return _names(kind, value)
    if kind is NUMBER:
        return _number(value)
    if not isinstance(value, str) or not value.strip():
        raise BadValue(f"must be {kind.help}; found {_shown(value)}")
    if kind is DURATION:
        return duration(value)
    if kind.choices and value not in kind.choices:
        raise BadValue(f"must be {kind.help}; found {_shown(value)}")
    if kind in (SIDE, ENDPOINT) and not WORD.fullmatch(value):
        raise BadValue(f"must be {kind.help}; {_shown(value)} is not a name")
    if len(value) > MAX_TEXT:
        raise BadValue(f"is longer than {MAX_TEXT} characters")
    return value


def duration(value: object) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})(ms|s|m|h|d)", value) if isinstance(value, str) else None
    if not found:
        raise BadValue(f"must be {DURATION.help}; found {_shown(value)}")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _number(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadValue(f"must be {NUMBER.help}; found {_shown(value)}")
    return value


def _names(kind: ValueType, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise BadValue(f"must be a list: {kind.help}; found {_shown(value)}")
    if not value or len(value) > MAX_NAMES:
        raise BadValue(f"must name at least one and at most {MAX_NAMES}")
    if len(set(value)) != len(value):
        raise BadValue("names something twice")
    for name in value:
        if problem := _name_problem(kind, name):
            raise BadValue(problem)
    return tuple(value)


def _name_problem(kind: ValueType, name: str) -> str:
    if kind is TOPICS and not TOPIC.fullmatch(name):
        return f"must name topics one by one; {_shown(name)} is not a topic name (R18: no wildcards)"
    if kind is CLIENTS and not WORD.fullmatch(name):
        return f"{_shown(name)} is not a name of the inventory"
    if not name.strip() or len(name) > 255 or not name.isprintable():
        return f"{_shown(name)} is not a usable name"
    return ""


def _shown(value: object) -> str:
    text = (
        repr(value)
        if isinstance(value, str)
        else f"{type(value).__name__} {value!r}"
        if value is not None
        else "nothing"
    )
    return text if len(text) <= 60 else f"{text[:57]}…"
