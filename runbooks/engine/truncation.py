"""What truncate-and-restore will destroy, from what the incident saved; and whether the cluster says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clusters.gateway import MirrorReply
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact

CUT, TAIL = "cut.save", "loss.accept"


@dataclass(frozen=True)
class Tail:
    """One partition of the old home: records at `cut` and above exist only there, up to `end`."""

    partition: int
    cut: int
    end: int

    @property
    def records(self) -> int:
        return self.end - self.cut


Tails = Mapping[str, tuple[Tail, ...]]


def saved_cut(case: Case, survivor: str, topic: str) -> tuple[int, ...]:
    """The cut per partition that this incident saved. MissingFact (R38's case) where there is none that can be used."""
    recorded = case.evidence.get(CUT, {})
    found: Mapping[str, Any] | None = recorded.get("topics", {}).get(topic)
    if recorded.get("survivor") != survivor or found is None:
        raise MissingFact(f"the cut offsets of {topic} on {survivor}", waits_for=CUT)
    ends = [part["end"] for part in sorted(found["partitions"], key=lambda part: part["partition"])]
    if not ends or None in ends:
        raise MissingFact(f"the cut offsets of {topic} on {survivor}: No usable cut offset (-1 / never fetched)")
    return tuple(ends)


def declared_tails(case: Case, side: str, topics: tuple[str, ...], purpose: str = "tail") -> Tails:
    """What was declared worthless or exported in this incident, per partition."""
    recorded = case.evidence.get(TAIL, {})
    known = recorded.get("topics", {}) if (recorded.get("side"), recorded.get("purpose")) == (side, purpose) else {}
    missing = [topic for topic in topics if topic not in known]
    if missing:
        raise MissingFact(f"what may be destroyed of {missing[0]} on {side}", waits_for=TAIL)
    return {topic: tuple(Tail(**row) for row in known[topic]["tails"]) for topic in topics}


def records(tails: Tails) -> int:
    return sum(tail.records for parts in tails.values() for tail in parts)


def contradiction(tails: tuple[Tail, ...], reply: MirrorReply) -> str:
    """Where the cluster's own figures differ from what is expected, in the words of R36; empty where they agree."""
    said = {row.partition: row for row in reply.truncations}
    for tail in tails:
        row = said.pop(tail.partition, None)
        if row is None and tail.records:
            return _r36(reply.topic, tail, "nothing" if reply.truncations else "nothing it would tell")
        if row and (row.offset_truncated_to, row.messages_truncated) != (tail.cut, tail.records):
            return _r36(reply.topic, tail, f"{row.offset_truncated_to} ({row.messages_truncated} records)")
    extra = next((row for row in said.values() if row.messages_truncated), None)
    if extra:
        where = f"partition {extra.partition} of {reply.topic}, which nobody saved"
        return f"Restore would truncate {where}. Stop: someone wrote on the old home, or the cut is wrong."
    total = sum(tail.records for tail in tails)
    if reply.messages_truncated not in {None, -1, total}:
        found = f"{reply.messages_truncated} records of {reply.topic}, expected {total}"
        return f"Restore would truncate {found}. Stop: someone wrote on the old home, or the cut is wrong."
    return ""


def _r36(topic: str, tail: Tail, found: str) -> str:
    return (
        f"Restore would truncate {topic}-{tail.partition} to {found}, expected {tail.cut} ({tail.records} records). "
        f"Stop: someone wrote on the old home, or the cut is wrong."
    )
