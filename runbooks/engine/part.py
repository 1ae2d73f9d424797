"""One mapping of a runbook's text, read key by key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from runbooks.engine.complaint import Complaints, nearest
from runbooks.engine.text import Spot
from runbooks.engine.values import TEXT, BadValue, fit, plain

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,20}")
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


def names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadValue("must be a list of step keys")
    return tuple(value)
