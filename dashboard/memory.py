"""What this process remembers of its last poll of a side, so that the next writes only what changed.

Another process may have polled in between: the number of the stored reading tells, and the rows are read again.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clusters.codec import decode
from clusters.facts import SideFacts
from dashboard.models import GroupNow, MirrorNow, Reading

Row = tuple[object, ...]
MIRROR_KEY = ("pair", "side", "topic")
MIRROR_FIELDS = (
    *MIRROR_KEY, "link", "source_topic", "status", "rank", "severity", "words", "why", "max_lag", "total_lag",
    "said_lag", "fetch_offset", "fetch_partition", "partitions", "since",
)  # fmt: skip
GROUP_KEY = ("pair", "side", "group")
GROUP_FIELDS = (
    *GROUP_KEY, "state", "members", "client_ids", "words", "why", "lag", "within", "committed", "committed_sum",
    "since", "active_at", "moved_at",
)  # fmt: skip


@dataclass
class Memory:
    """`facts` are the last with the side answering; rows are by topic and by group, as stored."""

    number: int = 0
    facts: SideFacts | None = None
    mirrors: Mapping[str, Row] = field(default_factory=dict)
    groups: Mapping[str, Row] = field(default_factory=dict)
    context: object = None  # what the mirrors were judged by, beside their own facts
    drawn: dict[str, datetime] = field(default_factory=dict)  # topic → its newest row in the trend


_kept: dict[tuple[str, str], Memory] = {}


def recall(pair: str, side: str) -> Memory:
    stored = Reading.objects.filter(pair=pair, side=side).values_list("number", flat=True).first()
    kept = _kept.get((pair, side))
    if stored is None:
        return Memory()
    return kept if kept is not None and kept.number == stored else _read(pair, side)


def keep(pair: str, side: str, memory: Memory) -> None:
    _kept[(pair, side)] = memory


def forget() -> None:
    """Between tests, whose databases begin anew."""
    _kept.clear()


def unpacked(raw: bytes | memoryview | None) -> SideFacts | None:
    """None where there is nothing, or a reading of another release's shape: it is read anew in a moment."""
    if raw is None:
        return None
    try:
        return decode(SideFacts, zlib.decompress(raw))
    except (ValueError, zlib.error):
        return None


def _read(pair: str, side: str) -> Memory:
    reading = Reading.objects.filter(pair=pair, side=side).values_list("number", "good_facts").first()
    if reading is None:
        return Memory()
    mirrors = MirrorNow.objects.filter(pair=pair, side=side).values_list(*MIRROR_FIELDS)
    groups = GroupNow.objects.filter(pair=pair, side=side).values_list(*GROUP_FIELDS)
    return Memory(reading[0], unpacked(reading[1]), {row[2]: row for row in mirrors}, {row[2]: row for row in groups})
