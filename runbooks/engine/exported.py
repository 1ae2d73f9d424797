"""Records that were exported, as lines of a file: written one way, read back the same, and checked by their hash."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.gateway import KeepsExports, Record
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact

EXPORT, DECIDE = "records.export", "records.decide"
SOURCE_HEADER = "breakwater-source"


@dataclass(frozen=True)
class Chunk:
    """Some records of one partition, as they stand in the file: what one call of a replay takes."""

    topic: str  # as the cut was saved
    source: str  # what the side they come from calls it
    file: str
    partition: int
    first: int
    last: int
    records: int
    start: int
    end: int
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.source}-{self.partition}@{self.first}-{self.last}"


def line_of(record: Record) -> bytes:
    row = {
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.at_ms,
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": [[name, _text(value)] for name, value in record.headers],
    }
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def lines(records: Sequence[Record]) -> bytes:
    return b"".join(map(line_of, records))


def taken(exports: KeepsExports, chunk: Chunk) -> tuple[Record, ...]:
    """The records of a chunk. MissingFact where the file does not hold what was exported."""
    found = exports.take(chunk.file, chunk.start, chunk.end)
    if hashlib.sha256(found).hexdigest() != chunk.sha256:
        raise MissingFact(f"what was exported of {chunk.name}: the file {chunk.file} has been changed since")
    return tuple(_record(json.loads(row)) for row in found.splitlines())


def _record(row: Mapping[str, Any]) -> Record:
    headers = tuple((name, _bytes(value)) for name, value in row["headers"])
    return Record(row["partition"], row["offset"], row["timestamp"], _bytes(row["key"]), _bytes(row["value"]), headers)


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value)


def exported(case: Case, side: str) -> Mapping[str, Mapping[str, Any]]:
    """What this incident exported from a side, by topic."""
    recorded = case.evidence.get(EXPORT, {})
    if recorded.get("side") != side:
        raise MissingFact(f"what was exported from {side}", waits_for=EXPORT)
    found: Mapping[str, Mapping[str, Any]] = recorded["topics"]
    return found


def chunks(case: Case, side: str, topic: str) -> Iterator[Chunk]:
    found = exported(case, side).get(topic)
    if found is None:
        raise MissingFact(f"what was exported of {topic} from {side}", waits_for=EXPORT)
    yield from (Chunk(topic, found["source"], found["file"], **row) for row in found["chunks"])


def decided(case: Case, side: str) -> Mapping[str, str]:
    """topic → what a person has decided of it."""
    recorded = case.evidence.get(DECIDE, {})
    if recorded.get("side") != side:
        raise MissingFact(f"what is to become of the records of {side}", waits_for=DECIDE)
    return {topic: row["decision"] for topic, row in recorded["topics"].items()}
