"""What changed between two inventories, in sentences a person can judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from clusters.declared import Declared, Inventory
from clusters.secrets import SecretReference

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

WORDS = {"is_home": "home", "may_change": "may_change", "cluster_id": "cluster id", "ways": "way in"}


@dataclass(frozen=True)
class Change:
    """`pair` is the pair it concerns; the text reads as one sentence."""

    pair: str
    text: str

    def __str__(self) -> str:
        return self.text


def semantic_diff(old: Inventory, new: Inventory) -> tuple[Change, ...]:
    """Sentences, pair by pair; empty when both say the same."""
    found: list[Change] = []
    for pair in sorted(old.pairs.keys() | new.pairs.keys()):
        before, after = old.pairs.get(pair), new.pairs.get(pair)
        found += [Change(pair, text) for text in _whole(pair, before, after)]
    return tuple(found)


def _whole(path: str, before: DataclassInstance | None, after: DataclassInstance | None) -> Iterator[str]:
    if before is None:
        yield f"{path}: added"
    elif after is None:
        yield f"{path}: removed"
    elif before != after:
        yield from _inside(path, before, after)


def _inside(path: str, before: DataclassInstance, after: DataclassInstance) -> Iterator[str]:
    for item in fields(before):
        yield from _field(path, item.name, getattr(before, item.name), getattr(after, item.name))


def _field(path: str, name: str, before: object, after: object) -> Iterator[str]:
    word = WORDS.get(name, name)
    if before == after:
        return
    if isinstance(before, Declared) and isinstance(after, Declared):
        yield from _declared(path, f"declared {word}", before, after)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _mapping(path, name, before, after)
    elif isinstance(before, tuple) and isinstance(after, tuple) and _are_named(before + after):
        yield from _named(path, name, before, after)
    elif _is_entry(before) or _is_entry(after):
        yield from _nested(f"{path}, {word}", before, after)
    else:
        yield f"{path}: {word} changed from {_said(before)} to {_said(after)}"


def _are_named(entries: tuple[object, ...]) -> bool:
    return all(hasattr(entry, "name") for entry in entries)


def _is_entry(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, SecretReference)


def _nested(path: str, before: Any, after: Any) -> Iterator[str]:  # noqa: ANN401 - entries of any kind
    """Two entries of one kind are compared field by field; one of another kind takes the other's place."""
    if before is None or after is None or type(before) is type(after):
        yield from _whole(path, before, after)
    else:
        yield f"{path}: changed from {_kind(before)} to {_kind(after)}"


def _kind(entry: object) -> str:
    return type(entry).__name__.lower()


def _declared(path: str, what: str, before: Declared[Any], after: Declared[Any]) -> Iterator[str]:
    if before.said != after.said:
        yield f"{path}: {what} changed from {_said(before.said)} to {_said(after.said)}"
    for item in ("how", "by", "on", "expires"):
        if getattr(before, item) != getattr(after, item):
            was, now = _said(getattr(before, item)), _said(getattr(after, item))
            yield f"{path}: {what}: {item!r} changed from {was} to {now}"


def _mapping(path: str, name: str, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if name == "versions":
            yield from _declared(path, f"declared version of broker {key}", was or Declared(), now or Declared())
        elif _is_entry(was) or _is_entry(now):
            yield from _nested(f"{path} / {key}", was, now)
        elif was != now:
            yield f"{path}: {name} {key} changed from {_said(was)} to {_said(now)}"


def _named(path: str, name: str, before: tuple[Any, ...], after: tuple[Any, ...]) -> Iterator[str]:
    """Entries are matched by name; a change of order alone is said as such, since the first side is shown first."""
    was, now = {entry.name: entry for entry in before}, {entry.name: entry for entry in after}
    label = "" if name == "sides" else f"{name.removesuffix('s')} "
    found = [
        text
        for key in [*was, *(now.keys() - was.keys())]
        for text in _whole(f"{path} / {label}{key}", was.get(key), now.get(key))
    ]
    yield from found or [f"{path}: order of {name} changed"]


def _said(value: object) -> str:
    if value is None or value == "" or value == ():
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if isinstance(value, SecretReference):
        return value.reference
    return ", ".join(map(_said, value)) if isinstance(value, tuple) else str(value)
