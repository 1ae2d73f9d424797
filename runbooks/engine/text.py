"""YAML text → plain values that remember their lines."""

from __future__ import annotations

from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from clusters.yaml_text import Limits, Unreadable, checked_events, reading
from runbooks.engine.complaint import Complaint, Complaints, DefinitionError

LIMITS = Limits("the text", kib=64, levels=12, values=4_000)
PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null")}

Value = str | int | float | bool | list["Spot"] | dict[str, "Spot"] | None


@dataclass(frozen=True)
class Spot:
    """A value and its line; the line of its key where it has one."""

    value: Value
    line: int


def read(text: str) -> Spot:
    """The one document of `text`. DefinitionError where it cannot be read as YAML, or holds what is refused here."""
    try:
        for _ in checked_events(text, LIMITS):
            pass  # measured whole before anything is built
        with reading():
            node = YAML(typ="safe", pure=True).compose(text)
    except Unreadable as error:
        raise DefinitionError(Complaint(error.line, error.text)) from None
    if node is None:
        raise DefinitionError(Complaint(1, "the text is empty"))
    complaints = Complaints()
    tree = _spot(node, node.start_mark.line + 1, complaints)
    complaints.raise_any()
    return tree


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
