"""YAML text → plain values that remember their lines.

YAML 1.2 without anything a runbook never needs: anchors, aliases, tags, directives and second documents are refused
while the text streams in, so that no text can grow or slow down what reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runbooks.engine.complaint import Complaint, Complaints, DefinitionError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12
MAX_NODES = 4_000
MAX_OPEN = 48
PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null")}

Value = str | int | float | bool | list["Spot"] | dict[str, "Spot"] | None


@dataclass(frozen=True)
class Spot:
    """A value and its line; the line of its key where it has one."""

    value: Value
    line: int


def read(text: str) -> Spot:
    """The one document of `text`. DefinitionError where it cannot be read as YAML, or holds what is refused here."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _refuse(1, f"the text is larger than {MAX_BYTES // 1024} KiB")
    _check_brackets(text)
    try:
        _check(YAML(typ="safe", pure=True).parse(text))
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refuse(mark.line + 1 if mark else 1, f"this is not readable as YAML: {error.problem}") from None
    except (YAMLError, ValueError) as error:
        raise _refuse(1, f"this is not readable as YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        raise _refuse(1, "the text is empty")
    complaints = Complaints()
    tree = _spot(node, node.start_mark.line + 1, complaints)
    complaints.raise_any()
    return tree


def _refuse(line: int, text: str) -> DefinitionError:
    return DefinitionError(Complaint(line, text))


def _check_brackets(text: str) -> None:
    """The scanner looks a thousand characters ahead for a key, at a cost that grows with each bracket left open."""
    still_open = 0
    for found in re.finditer(r"[\[\]{}]", text):
        still_open = max(0, still_open + (1 if found[0] in "[{" else -1))
        if still_open > MAX_OPEN:
            raise _refuse(text.count("\n", 0, found.start()) + 1, f"more than {MAX_OPEN} brackets are open here")


def _check(events: Iterable[Event]) -> None:
    """Measured while it streams, before anything is built."""
    depth = nodes = documents = 0
    for event in events:
        line = event.start_mark.line + 1
        depth += isinstance(event, MappingStartEvent | SequenceStartEvent)
        depth -= isinstance(event, MappingEndEvent | SequenceEndEvent)
        nodes += isinstance(event, NodeEvent)
        documents += isinstance(event, DocumentStartEvent)
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise _refuse(line, f"more than {MAX_DEPTH} levels or {MAX_NODES} values: too much for a runbook")
        if documents > 1:
            raise _refuse(line, "a second document begins here; a text holds one runbook")
        if problem := _refused(event):
            raise _refuse(line, problem)


def _refused(event: Event) -> str:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        return "anchors (&) and aliases (*) are not read here; write the value out, or quote it"
    if isinstance(event, DocumentStartEvent):
        return "directives (%) are not read here" if event.version or event.tags else ""
    return "tags (!) are not read here; write the value out, or quote it" if getattr(event, "tag", None) else ""


def _spot(node: Node, line: int, complaints: Complaints) -> Spot:
    if isinstance(node, MappingNode):
        return Spot(_mapping(node, complaints), line)
    if isinstance(node, SequenceNode):
        return Spot([_spot(child, child.start_mark.line + 1, complaints) for child in node.value], line)
    if isinstance(node, ScalarNode):
        return Spot(_scalar(node, line, complaints), line)
    raise TypeError(f"a YAML node of an unknown kind: {type(node).__name__}")


def _mapping(node: MappingNode, complaints: Complaints) -> dict[str, Spot]:
    found: dict[str, Spot] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            complaints.add(line, "a key must be a single word")
        elif key.value in found:
            complaints.add(line, f"{key.value!r} stands here twice; the first is in line {found[key.value].line}")
        else:
            found[key.value] = _spot(value, line, complaints)
    return found


def _scalar(node: ScalarNode, line: int, complaints: Complaints) -> Value:
    if str(node.tag) not in PLAIN:
        return str(node.value)
    try:
        found: Value = YAML(typ="safe", pure=True).constructor.construct_object(node)
    except (YAMLError, ValueError):
        complaints.add(line, f"{node.value[:40]!r} is not a usable number")
        return None
    return found
