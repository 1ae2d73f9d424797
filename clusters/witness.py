"""Asks the witnesses (small probes in other hosts or networks) what they see of each side."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from clusters import clock
from clusters.connections import Connections
from clusters.errors import ClusterError
from clusters.facts import Vantage
from clusters.lanes import Stuck, wait
from clusters.outbound import Outbound, printable

# A witness that stopped looking keeps answering with what it saw last.
TOO_OLD_S = 60.0


def read_witnesses(connections: Connections, *, deadline: float) -> tuple[Vantage, ...]:
    """One row per witness and side; a witness that cannot be asked has no opinion."""
    sides = [side.name for side in connections.entry.sides]
    asked = {
        name: connections.witness_lanes[name].start(partial(_ask, out, sides, deadline), deadline)
        for name, out in connections.witnesses.items()
    }
    rows: list[Vantage] = []
    for name, future in asked.items():
        try:
            rows += wait(future, deadline)
        except (Stuck, ClusterError) as error:
            said = getattr(error, "said", str(error))
            rows += _silent(name, sides, f"the witness could not be asked: {said}")
    return tuple(rows)


def _silent(name: str, sides: Iterable[str], why: str) -> list[Vantage]:
    return [Vantage(name, "witness", side, None, None, why, None) for side in sides]


def _ask(out: Outbound, sides: list[str], deadline: float) -> list[Vantage]:
    answer = out.read("", deadline=deadline)
    if answer.status != 200:
        return _silent(out.where, sides, answer.said)
    try:
        found = json.loads(answer.body)
        at = _instant(found["at"])
        sees = dict(found["sees"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return _silent(out.where, sides, f"the witness's answer cannot be read: {answer.said}")
    if at is None or abs((clock.now() - at).total_seconds()) > TOO_OLD_S:
        return _silent(out.where, sides, "the witness's answer is old or carries no time: it may have stopped looking")
    return [_row(out.where, side, sees.get(side), at) for side in sides]


def _row(name: str, side: str, found: object, at: datetime) -> Vantage:
    if not isinstance(found, dict) or not isinstance(found.get("reachable"), bool):
        return Vantage(name, "witness", side, None, None, "the witness does not watch this side", at)
    said = printable(str(found.get("error") or "")) or ("reachable" if found["reachable"] else "not reachable")
    return Vantage(name, "witness", side, found["reachable"], _instant(found.get("since")), said, at)


def _instant(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
