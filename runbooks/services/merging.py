"""Putting what later looks and batches found beside what earlier ones did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """`now` over `before`, mappings inside one another likewise."""
    found = dict(before)
    for key, value in now.items():
        old = found.get(key)
        found[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return found
