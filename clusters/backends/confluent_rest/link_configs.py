"""Settings of one half of a link: read, and altered in one batch or, where that is not served, one after another.

The batch is a PUT for links (it is a POST for topics and brokers), and not every release serves it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clusters.backends.confluent_rest import translate, wire
from clusters.backends.confluent_rest.calls import Calls, part
from clusters.errors import NotSent, NotServed, Rejected
from clusters.gateway import LinkConfigsAnswer
from clusters.outbound import LARGE

Changes = Mapping[str, str | None]
SWITCH = ".enable"


def read(calls: Calls, link: str, *, deadline: float) -> dict[str, str | None]:
    rows = calls.every(wire.decode_as(wire.Configs), f"/links/{part(link)}/configs", deadline=deadline, cap=LARGE)
    return {row.name: translate.value(row) for row in rows}


def request(calls: Calls, link: str, changes: Changes) -> dict[str, Any]:
    if not changes:
        raise ValueError("a change of link settings always names its settings")
    path = f"{calls.home}/links/{part(link)}/configs"
    return {
        "method": "PUT",
        "path": f"{path}:alter",
        "params": {},
        "body": {"data": [_row(name, value) for name, value in ordered(changes).items()]},
        "where_not_served": [_single(path, name, value) for name, value in ordered(changes).items()],
    }


def alter(calls: Calls, link: str, changes: Changes, *, validate_only: bool, deadline: float) -> LinkConfigsAnswer:
    asked = request(calls, link, changes)
    params = {"validate_only": str(validate_only).lower()}
    content = json.dumps(asked["body"]).encode()
    try:
        calls.order("PUT", asked["path"], deadline=deadline, params=params, content=content)
    except NotServed:  # provably nothing was applied by it
        if validate_only:
            raise
        return _one_by_one(calls, ordered(changes), asked["where_not_served"], deadline)
    return LinkConfigsAnswer(dict.fromkeys(changes, ""), f"{len(changes)} settings accepted")


def ordered(changes: Changes) -> dict[str, str | None]:
    """Switches last: what is done by half leaves a task off, never on with its filters missing."""
    return dict(sorted(changes.items(), key=lambda change: (change[0].endswith(SWITCH), change[0])))


def _one_by_one(calls: Calls, changes: Changes, requests: list[dict[str, Any]], deadline: float) -> LinkConfigsAnswer:
    """Up to the first that is refused. One without a provable answer raises, and the whole is unknown."""
    errors: dict[str, str] = {}
    for name, single in zip(changes, requests, strict=True):
        content = json.dumps(single["body"]).encode() if single["body"] is not None else b""
        try:
            calls.order(single["method"], single["path"], deadline=deadline, content=content)
        except (NotSent, Rejected) as error:
            if not errors:
                raise
            return LinkConfigsAnswer({**errors, name: error.said}, f"{name}: {error.said}")
        errors[name] = ""
    return LinkConfigsAnswer(errors, f"{len(errors)} settings accepted, one after another")


def _row(name: str, value: str | None) -> dict[str, str]:
    return {"name": name, "operation": "DELETE"} if value is None else {"name": name, "value": value}


def _single(path: str, name: str, value: str | None) -> dict[str, Any]:
    method, body = ("DELETE", None) if value is None else ("PUT", {"value": value})
    return {"method": method, "path": f"{path}/{part(name)}", "body": body}
