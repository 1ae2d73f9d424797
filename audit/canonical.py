"""One value, one sequence of bytes: what is hashed must never depend on who wrote it down."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Plain = str | int | bool | None | list["Plain"] | dict[str, "Plain"]


def encode(value: object) -> bytes:
    """Sorted keys, no white space, UTF-8 in NFC, instants in UTC with microseconds; TypeError for anything else."""
    return written(plain(value))


def written(value: Plain) -> bytes:
    """The same for what `plain` or `mapping` gave: it is not looked through a second time."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def mapping(value: Mapping[str, object]) -> dict[str, Plain]:
    """A copy that holds only what the record can hold, with every text cleaned."""
    return {key: plain(item, key) for key, item in _keyed(value, "")}


def plain(value: object, where: str = "") -> Plain:
    match value:
        case None | bool():
            return value
        case str():
            return clean(value)
        case int():
            return int(value)
        case datetime():
            return instant(value)
        case Mapping():
            return {key: plain(item, f"{where}.{key}".lstrip(".")) for key, item in _keyed(value, where)}
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return [plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    advice = "write it as text"
    if isinstance(value, float):
        advice += ", or as a whole number of a smaller unit"
    raise TypeError(
        f"{where or 'the value'} is {value!r} ({type(value).__name__}); the record cannot hold it: {advice}"
    )


def clean(text: str) -> str:
    """NFC. Halves of surrogate pairs and NUL, which UTF-8 or PostgreSQL refuse, become U+FFFD."""
    text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text  # there is nothing in it to compose or to replace
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", whole)


def instant(at: datetime) -> str:
    if at.tzinfo is None:
        raise TypeError(f"{at!r} has no time zone; the record holds instants in UTC")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _keyed(value: Mapping[Any, object], where: str) -> list[tuple[str, object]]:
    if wrong := [key for key in value if not isinstance(key, str)]:
        raise TypeError(f"{where or 'the value'} has the key {wrong[0]!r}; keys are text")
    pairs = [(clean(str(key)), item) for key, item in value.items()]
    if len({key for key, _ in pairs}) < len(pairs):
        raise TypeError(f"{where or 'the value'} has two keys that read the same")
    return pairs
