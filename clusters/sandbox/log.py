"""One partition: where it starts and ends, who wrote which offsets, and when."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from .records import Content

T = TypeVar("T")

STAMPS_KEPT = 600


class Log:
    """Offsets, mostly without payloads: `contents` has those that were produced over the Kafka protocol.

    `spans` hold (first offset, writer): enough to see where two copies diverge. `stamps` hold (first offset, time)
    of the latest writes: enough to answer when a record was written, and where the end was a moment ago. `holes` are
    offsets that hold no record any more, as compaction leaves them.
    """

    __slots__ = ("contents", "end", "holes", "spans", "stamps", "start")

    def __init__(self, end: int = 0, writer: str = "") -> None:
        self.start = 0
        self.end = end
        self.spans: list[tuple[int, str]] = [(0, writer)] if end else []
        self.stamps: list[tuple[int, float]] = []
        self.contents: dict[int, Content] = {}
        self.holes: set[int] = set()

    def put(self, content: Content, writer: str, at: float) -> int:
        """Append one record with a content of its own; its offset."""
        self.contents[self.end] = content
        self.append(1, writer, at)
        return self.end - 1

    def writer_of(self, offset: int) -> str:
        index = bisect_right(self.spans, offset, key=lambda span: span[0]) - 1
        return self.spans[index][1] if index >= 0 else ""

    def append(self, count: int, writer: str, at: float) -> None:
        if count <= 0:
            return
        self._extend_spans([(self.end, writer)])
        self._extend_stamps([(self.end, at)])
        self.end += count

    def copy_from(self, source: Log, upto: int) -> None:
        """Mirror the offsets [own end, upto) with their writers and time stamps, as a mirror topic does."""
        if upto <= self.end:
            return
        self._extend_spans(_between(source.spans, self.end, upto))
        self._extend_stamps(_between(source.stamps, self.end, upto))
        arriving = range(self.end, upto)
        self.contents |= {at: found for at, found in source.contents.items() if at in arriving}
        self.holes |= {at for at in source.holes if at in arriving}
        self.end = upto

    def truncate(self, offset: int) -> None:
        self.end = min(self.end, offset)
        self.spans = [span for span in self.spans if span[0] < self.end]
        self.stamps = [stamp for stamp in self.stamps if stamp[0] < self.end]
        self.contents = {at: found for at, found in self.contents.items() if at < self.end}
        self.holes = {at for at in self.holes if at < self.end}

    def diverges_from(self, other: Log) -> int:
        """The first offset the two logs do not share: at most the shorter end."""
        shared = min(self.end, other.end)
        mine, theirs = _between(self.spans, 0, shared), _between(other.spans, 0, shared)
        for one, two in zip(mine, theirs, strict=False):
            if one != two:
                return min(one[0], two[0])
        rest = mine[len(theirs) :] or theirs[len(mine) :]
        return rest[0][0] if rest else shared

    def written_at(self, offset: int) -> float | None:
        """When the record at this offset was written; None when it is older than what is remembered."""
        index = bisect_right(self.stamps, (offset, float("inf"))) - 1
        return self.stamps[index][1] if index >= 0 and offset < self.end else None

    def end_at(self, moment: float) -> int:
        """The end offset as it was at a recent moment."""
        index = bisect_right(self.stamps, moment, key=_at)
        return self.stamps[index][0] if index < len(self.stamps) else self.end

    def first_written_since(self, moment: float) -> int | None:
        index = bisect_left(self.stamps, moment, key=_at)
        return self.stamps[index][0] if index < len(self.stamps) else None

    def _extend_spans(self, spans: list[tuple[int, str]]) -> None:
        for begin, writer in spans:
            if not self.spans or self.spans[-1][1] != writer:
                self.spans.append((begin, writer))

    def _extend_stamps(self, stamps: list[tuple[int, float]]) -> None:
        self.stamps.extend(stamps)
        if len(self.stamps) > STAMPS_KEPT:
            del self.stamps[: STAMPS_KEPT // 2]


def _at(stamp: tuple[int, float]) -> float:
    return stamp[1]


def _between(marks: list[tuple[int, T]], begin: int, end: int) -> list[tuple[int, T]]:
    """The marks that cover [begin, end), the first one clipped to begin."""
    first = max(0, bisect_left(marks, begin + 1, key=lambda mark: mark[0]) - 1)
    return [(max(at, begin), what) for at, what in marks[first:] if at < end]
