"""YAML text → its events, measured while they stream in, so that no text can grow or slow down what reads it.

YAML 1.2 without what a reviewed file never needs: anchors, aliases, tags, directives and second documents are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

MAX_OPEN = 48


class Unreadable(Exception):
    """`line` is counted from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}")
        self.line, self.text = line, text


@dataclass(frozen=True)
class Limits:
    """`what` is how complaints call the text."""

    what: str
    kib: int
    levels: int
    values: int


def checked_events(text: str, limits: Limits) -> Iterator[Event]:
    """Every event of the one document of `text`; Unreadable at the first thing that is refused."""
    if len(text.encode("utf-8", "surrogatepass")) > limits.kib * 1024:
        raise Unreadable(1, f"{limits.what} is larger than {limits.kib} KiB")
    _check_brackets(text)
    depth = values = documents = 0
    with reading():
        for event in YAML(typ="safe", pure=True).parse(text):
            depth += isinstance(event, MappingStartEvent | SequenceStartEvent)
            depth -= isinstance(event, MappingEndEvent | SequenceEndEvent)
            values += isinstance(event, NodeEvent)
            documents += isinstance(event, DocumentStartEvent)
            if depth > limits.levels or values > limits.values:
                raise Unreadable(_line(event), f"more than {limits.levels} levels or {limits.values} values: too much")
            if problem := "a second document begins here; one is read" if documents > 1 else _refused(event):
                raise Unreadable(_line(event), problem)
            yield event


@contextmanager
def reading() -> Iterator[None]:
    """What the YAML library finds wrong, as Unreadable."""
    try:
        yield
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(mark.line + 1 if mark else 1, f"this is not readable as YAML: {error.problem}") from None
    except (YAMLError, ValueError) as error:
        raise Unreadable(1, f"this is not readable as YAML: {str(error).splitlines()[0]}") from None


def _check_brackets(text: str) -> None:
    """The scanner looks a thousand characters ahead for a key, at a cost that grows with each bracket left open."""
    still_open = 0
    for found in re.finditer(r"[\[\]{}]", text):
        still_open = max(0, still_open + (1 if found[0] in "[{" else -1))
        if still_open > MAX_OPEN:
            raise Unreadable(text.count("\n", 0, found.start()) + 1, f"more than {MAX_OPEN} brackets are open here")


def _refused(event: Event) -> str:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        return "anchors (&) and aliases (*) are not read here; write the value out, or quote it"
    if isinstance(event, DocumentStartEvent):
        return "directives (%) are not read here" if event.version or event.tags else ""
    return "tags (!) are not read here; write the value out, or quote it" if getattr(event, "tag", None) else ""


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
