"""Reading an event's bytes back, which somebody may have changed since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from audit.models import Event

ACTOR = {"id": str, "person": str, "name": str, "session": str, "auth": str, "source": str}
NUMBER = (int, type(None))
FIELDS: dict[str, type | tuple[type, ...]] = {
    "v": int, "seq": int, "ts": str, "actor": dict, "kind": str, "object": str, "run": NUMBER, "step": NUMBER,
    "attempt": NUMBER, "fence": NUMBER, "before": str, "after": str, "digest": str, "guards": list, "facts": dict,
    "reason": str, "request": str, "installation": str,
}  # fmt: skip


COLUMN_LENGTHS = {"object": 200, "source": 100}


def read(stored: bytes | memoryview[int]) -> dict[str, Any] | None:
    """The event, with every field of the format; None if these bytes are no event."""
    try:
        body = json.loads(bytes(stored))
    except (ValueError, RecursionError):
        return None
    return body if _fits(body, FIELDS) and _fits(body["actor"], ACTOR) else None


def stand_in(event: Event) -> dict[str, Any]:
    """What the columns say, for showing an event whose bytes cannot be read."""
    return {
        **{name: "" if kind is str else None for name, kind in FIELDS.items()},
        "seq": event.seq, "ts": event.at.isoformat(), "kind": event.kind, "object": event.object, "run": event.run,
        "step": event.step, "guards": [], "facts": {"bytes": "cannot be read: this event was changed"},
        "actor": {**dict.fromkeys(ACTOR, ""), "person": event.person, "source": event.source},
    }  # fmt: skip


def columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that repeat the body for lists; `verify` compares the two."""
    return {
        "seq": body["seq"], "kind": body["kind"], "run": body["run"], "step": body["step"],
        "object": body["object"][: COLUMN_LENGTHS["object"]], "person": body["actor"]["person"],
        "source": body["actor"]["source"][: COLUMN_LENGTHS["source"]],
    }  # fmt: skip


def side_digests(body: Mapping[str, Any]) -> Iterator[str]:
    """The digests of the texts that stand beside an event: its actor's name and its reason."""
    yield from filter(None, (body["actor"]["name"], body["reason"]))


def _fits(value: object, fields: Mapping[str, type | tuple[type, ...]]) -> bool:
    if not isinstance(value, dict) or value.keys() != fields.keys():
        return False
    return all(isinstance(value[name], kind) for name, kind in fields.items())
