"""Values of the engine as JSON, and as what the record can hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from audit import canonical
from clusters.facts import Version


def plain(value: object) -> Any:  # noqa: ANN401  (JSON)
    """JSON-able. Sets become sorted lists, instants ISO text, durations seconds as text."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case str():
            return canonical.clean(value)
        case Version():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds():g}s"
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return sorted((plain(item) for item in value), key=str)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{value!r} ({type(value).__name__}) cannot be stored")


def recordable(value: object) -> Any:  # noqa: ANN401
    """The same without floats, which the record refuses: they become text."""
    match plain(value):
        case float() as number:
            return f"{number:g}"
        case dict() as mapping:
            return {key: recordable(item) for key, item in mapping.items()}
        case list() as items:
            return [recordable(item) for item in items]
        case other:
            return other


def digest(value: object) -> str:
    return hashlib.sha256(canonical.encode(recordable(value))).hexdigest()
