"""YAML text → a tree of plain values with line numbers, refusing what a reviewed file never needs.

Scalars stay the text that was written: `8.1` never becomes a number and `no` never becomes a boolean; the reader of a
field decides what it wants. Anchors, aliases, tags and second documents are refused, so nothing can grow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

MAX_BYTES = 512 * 1024
MAX_DEPTH = 16
MAX_NODES = 20_000
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
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise DocumentError((1, f"the file is larger than {MAX_BYTES // 1024} KiB"))
    events = _checked(_events(text))
    first = next(events, None)
    if first is None:
        raise DocumentError((1, "the file is empty"))
    tree = _node(first, events)
    next(events, None)  # a second document is refused by _checked
    return tree


def _events(text: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DocumentError(((mark.line + 1) if mark else 1, f"not readable as YAML: {error.problem}")) from None
    except (YAMLError, ValueError) as error:
        raise DocumentError((1, f"not readable as YAML: {str(error).splitlines()[0]}")) from None


def _checked(events: Iterator[Event]) -> Iterator[Event]:
    """Only the events that carry content, counted and measured while they stream."""
    depth = nodes = documents = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise DocumentError((line, "a second document starts here; only one is read"))
        if not isinstance(event, NodeEvent | SequenceEndEvent | MappingEndEvent):
            continue
        nodes += 1
        depth += _step(event)
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise DocumentError((line, "the file is nested too deeply or has too many values"))
        if problem := _refused(event):
            raise DocumentError((line, problem))
        yield event


def _step(event: Event) -> int:
    if isinstance(event, SequenceStartEvent | MappingStartEvent):
        return 1
    return -1 if isinstance(event, SequenceEndEvent | MappingEndEvent) else 0


def _refused(event: Event) -> str:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        return "anchors and aliases are not read here; write the value out"
    return "tags are not read here" if getattr(event, "tag", None) else ""


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
