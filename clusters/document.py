"""YAML text → a tree of plain values with line numbers, refusing what a reviewed file never needs.

Scalars stay the text that was written: `8.1` never becomes a number and `no` never becomes a boolean; the reader of a
field decides what it wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ruamel.yaml.events import (
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from clusters.yaml_text import Limits, Unreadable, checked_events

LIMITS = Limits("the file", kib=512, levels=16, values=20_000)
EMPTY = {"", "~", "null", "Null", "NULL"}

Complaint = tuple[int, str]


class DocumentError(Exception):
    """The text cannot be read at all; `complaints` are (line, text), lines counted from 1."""

    def __init__(self, *complaints: Complaint) -> None:
        super().__init__("; ".join(f"line {line}: {text}" for line, text in complaints))
        self.complaints = list(complaints)


@dataclass(frozen=True)
class Scalar:
    line: int
    text: str
    is_quoted: bool

    @property
    def is_empty(self) -> bool:
        return not self.is_quoted and self.text in EMPTY


@dataclass(frozen=True)
class Items:
    line: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Fields:
    line: int
    nodes: Mapping[str, Node]
    lines: Mapping[str, int]


Node = Scalar | Items | Fields


def read_document(text: str) -> Node:
    """The one document of `text`; raises DocumentError naming the line."""
    content = NodeEvent | SequenceEndEvent | MappingEndEvent
    events = (event for event in checked_events(text, LIMITS) if isinstance(event, content))
    try:
        first = next(events, None)
        if first is None:
            raise DocumentError((1, "the file is empty"))
        tree = _node(first, events)
        next(events, None)  # a second document is refused by checked_events
    except Unreadable as error:
        raise DocumentError((error.line, error.text)) from None
    return tree


def _node(event: Event, events: Iterator[Event]) -> Node:
    line = event.start_mark.line + 1
    if isinstance(event, ScalarEvent):
        return Scalar(line, event.value, is_quoted=event.style not in {None, ""})
    if isinstance(event, SequenceStartEvent):
        return Items(line, tuple(_sequence(events)))
    return _mapping(line, events)


def _sequence(events: Iterator[Event]) -> Iterator[Node]:
    while not isinstance(event := next(events), SequenceEndEvent):
        yield _node(event, events)


def _mapping(line: int, events: Iterator[Event]) -> Fields:
    nodes: dict[str, Node] = {}
    lines: dict[str, int] = {}
    while not isinstance(event := next(events), MappingEndEvent):
        at = event.start_mark.line + 1
        if not isinstance(event, ScalarEvent):
            raise DocumentError((at, "a key must be a plain word"))
        if event.value in nodes:
            raise DocumentError((at, f"{event.value!r} stands here twice (first in line {lines[event.value]})"))
        nodes[event.value], lines[event.value] = _node(next(events), events), at
    return Fields(line, nodes, lines)
