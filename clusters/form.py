"""Reads the fields of one mapping and collects what is wrong with them, by line, without stopping at the first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from clusters.document import Complaint, Fields, Items, Node, Scalar
from clusters.secrets import REFERENCE, SecretReference

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}\Z")
PRINCIPAL = re.compile(r"[A-Za-z]{1,20}:[^\s*][^\x00-\x1f\x7f]{0,248}\Z")
UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
E = TypeVar("E", bound=StrEnum)


def duration(text: str) -> timedelta | None:
    """`500ms`, `6s`, `5m`, `2h`, `1d`."""
    found = re.fullmatch(r"(\d{1,6})(ms|s|m|h|d)", text)
    return timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None


def url_problem(text: str) -> str:
    """Why an address may not stand in the inventory; empty when it may."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return "is not an address"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must be an http:// or https:// address"
    if "@" in parts.netloc:
        return "must not hold a user or password"
    if "?" in text or "#" in text or re.search(r"[\s\\\x00-\x1f\x7f]", text):
        return "must not hold a query, a fragment or blanks"
    return ""


class Form:
    """Every field asked for is remembered, so that `done()` can name the ones nobody knows."""

    def __init__(self, node: Node, complaints: list[Complaint], what: str) -> None:
        self.what = what
        self.line = node.line
        self._complaints = complaints
        self._asked: set[str] = set()
        self._fields = node if isinstance(node, Fields) else Fields(node.line, {}, {})
        self.is_readable = isinstance(node, Fields)
        if not self.is_readable:
            self.complain(f"{what} must be a mapping (key: value)")

    def complain(self, text: str, key: str | None = None) -> None:
        self._complaints.append((self._fields.lines.get(key or "", self.line), text))

    def line_of(self, key: str) -> int:
        return self._fields.lines.get(key, self.line)

    def node(self, key: str) -> Node | None:
        self._asked.add(key)
        found = self._fields.nodes.get(key)
        return None if isinstance(found, Scalar) and found.is_empty else found

    def __contains__(self, key: str) -> bool:
        return self.node(key) is not None

    def says(self, key: str) -> str | None:
        """The text of a field that may also be a mapping; None where it is not a single value."""
        node = self.node(key)
        return node.text if isinstance(node, Scalar) else None

    def optional(self, key: str) -> str | None:
        node = self.node(key)
        if node is not None and not isinstance(node, Scalar):
            self.complain(f"{self.what}: {key} must be a single value", key)
            return None
        return node.text if node else None

    def text(self, key: str, default: str | None = None) -> str:
        found = self.optional(key)
        if found is None and default is None and self.is_readable and self.node(key) is None:
            self.complain(f"{self.what}: {key} is missing")
        return found if found is not None else default or ""

    def word(self, key: str) -> str:
        """A name that also stands in addresses and file names."""
        found = self.text(key)
        if found and not WORD.match(found):
            self.complain(f"{self.what}: {key} {found!r} may hold letters, digits, dot, dash and underscore only", key)
        return found

    def flag(self, key: str, *, default: bool) -> bool:
        found = self.optional(key)
        if found in {None, "true", "false"}:
            return default if found is None else found == "true"
        self.complain(f"{self.what}: {key} must be true or false", key)
        return False

    def number(self, key: str) -> int | None:
        """A whole number from 1 on."""
        found = self.optional(key)
        if found is None or (found.isascii() and found.isdecimal() and 0 < int(found) < 1000):
            return None if found is None else int(found)
        self.complain(f"{self.what}: {key} must be a whole number from 1 to 999", key)
        return None

    def choice(self, key: str, kind: type[E]) -> E | None:
        found = self.text(key)
        if not found:
            return None
        if found in {*kind}:
            return kind(found)
        self.complain(f"{self.what}: {key} {found!r} is not one of {', '.join(kind)}", key)
        return None

    def principal(self, key: str) -> str | None:
        found = self.optional(key)
        if found and not PRINCIPAL.match(found):
            self.complain(f"{self.what}: {key} {found!r} is not a principal such as User:checkout", key)
            return None
        return found

    def duration(self, key: str, default: timedelta) -> timedelta:
        found = self.optional(key)
        if found is None:
            return default
        parsed = duration(found)
        if not parsed:
            self.complain(f"{self.what}: {key} {found!r} is not a duration such as 500ms, 6s or 5m", key)
        return parsed or default

    def day(self, key: str) -> date | None:
        found = self.optional(key)
        try:
            return date.fromisoformat(found) if found else None
        except ValueError:
            self.complain(f"{self.what}: {key} {found!r} is not a date such as 2026-11-20", key)
            return None

    def url(self, key: str) -> str:
        found = self.text(key).rstrip("/")
        if found and (problem := url_problem(found)):
            self.complain(f"{self.what}: {key} {problem}", key)  # the value is not repeated: it may hold a password
            return ""
        return found

    def secret(self, key: str) -> SecretReference:
        found = self.text(key)
        if found and not REFERENCE.match(found):
            self.complain(
                f"{self.what}: {key} must name where the secret lies (env:NAME or file:/path), not be it", key
            )
        return SecretReference(found if REFERENCE.match(found) else "env:_")

    def topics(self, key: str) -> tuple[str, ...]:
        found = tuple(self.texts(key))
        for topic in found:
            if not TOPIC.match(topic):
                self.complain(f"{self.what}: {topic!r} is not a topic name; patterns are not allowed", key)
        return found

    def texts(self, key: str) -> Iterator[str]:
        for node in self._items(key):
            if isinstance(node, Scalar):
                yield node.text
            else:
                self.complain(f"{self.what}: {key} must be a list of single values", key)

    def forms(self, key: str, what: str) -> list[Form]:
        return [self._form(node, what) for node in self._items(key)]

    def form(self, key: str, what: str) -> Form | None:
        node = self.node(key)
        return self._form(node, what) if node is not None else None

    def __iter__(self) -> Iterator[str]:
        """The keys that stand there."""
        return iter(self._fields.nodes)

    def __bool__(self) -> bool:
        return True

    def done(self) -> None:
        for key in self._fields.nodes:
            if key not in self._asked:
                self.complain(f"{self.what}: nobody knows {key!r} here; known: {', '.join(sorted(self._asked))}", key)

    def _form(self, node: Node, what: str) -> Form:
        return Form(node, self._complaints, what)

    def _items(self, key: str) -> tuple[Node, ...]:
        node = self.node(key)
        if isinstance(node, Items):
            return node.nodes
        if node is not None:
            self.complain(f"{self.what}: {key} must be a list", key)
        return ()
