"""What the records of a log hold, in the batches of the Kafka protocol.

The model keeps offsets and who wrote them. A record without a content of its own gets one made from that: its value
names the cluster and the epoch that wrote it, so that two copies which differ can be told apart.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .log import Log

MAGIC = 2
BASE_OFFSET = struct.Struct(">q")
MOST = 500  # records of one answer and partition
ROOM = 1024 * 1024


class Content(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def content(log: Log, topic: str, partition: int, offset: int) -> Content:
    known = log.contents.get(offset)
    return known or Content(f"{topic}-{partition}-{offset}".encode(), f"{log.writer_of(offset)}:{offset}".encode())


def batch(log: Log, topic: str, partition: int, start: int) -> bytes:
    """The records from `start` on, as many as one answer takes; empty at the end of the log."""
    offsets = [at for at in range(start, min(log.end, start + MOST)) if at not in log.holes]
    if not offsets:
        return b""
    builder = DefaultRecordBatchBuilder(MAGIC, 0, False, -1, -1, -1, ROOM)
    for at in offsets:
        made = content(log, topic, partition, at)
        builder.append(at - offsets[0], int((log.written_at(at) or 0) * 1000), made.key, made.value, [*made.headers])
    encoded = bytes(builder.build())
    return BASE_OFFSET.pack(offsets[0]) + encoded[BASE_OFFSET.size :]


def read(encoded: bytes) -> Iterator[Content]:
    """The records of a producer's batches."""
    while encoded:
        (size,) = struct.unpack_from(">i", encoded, BASE_OFFSET.size)
        whole = BASE_OFFSET.size + 4 + size
        for record in DefaultRecordBatch(encoded[:whole]):
            yield Content(record.key, record.value, tuple(record.headers))
        encoded = encoded[whole:]
