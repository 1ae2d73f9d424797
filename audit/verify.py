"""Is the record still what was written? Checks every event against its hash, its neighbour, its columns and side texts.

What a chain alone cannot show is said with every result: events cut off at the end together with the head row, and a
record rewritten as a whole. Both need a head that was noted elsewhere (`expected`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction
from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

from audit import canonical
from audit.body import COLUMN_LENGTHS, read, side_digests
from audit.coverage import Coverage
from audit.finding import Finding
from audit.ledger import NOTHING_BEFORE, chain_hash, side_digest
from audit.models import HEAD, Event, Head, SideText

CHUNK = 2000
Texts = dict[str, SideText]
LIMITS = (
    "Not shown by this: events cut off at the end together with the head, or a record rewritten as a whole. "
    "To see those, compare with a head that was noted elsewhere."
)


@dataclass(frozen=True)
class Result:
    """What was looked at, and the first finding in it, if any."""

    first: int
    last: int
    hash: str
    finding: Finding | None = None
    anchored: str = ""  # how far it is anchored, where that was asked
    limits: str = ""

    def __str__(self) -> str:
        if self.finding:
            return str(self.finding)
        said = f"consistent from {self.first} to {self.last}{self.anchored}"
        return said if self.last else "nothing has been recorded yet"


def verify(
    first: int = 1,
    last: int | None = None,
    *,
    expected: tuple[int, str] | None = None,
    coverage: Coverage | None = None,
) -> Result:
    """Check the events from `first` to `last` (default: all). `expected`: a seq and hash noted elsewhere.

    `coverage`, opened before, judges them against signed heads too; that begins with the first event.
    """
    head = Head.objects.filter(pk=HEAD).first() or Head(seq=0, hash=NOTHING_BEFORE)
    end = head.seq if last is None else last
    walk = Walk(first, coverage)
    finding = walk.through(end) or (_beyond_head(head) if end == head.seq else None)
    if finding is None and coverage:
        finding = coverage.end(is_whole=end == head.seq)
    if finding is None and expected is not None:
        finding = _against(*expected)
    said = (coverage.said, coverage.limits) if coverage else ("", LIMITS)
    return Result(first, end, walk.hash, finding, *said)


def _against(seq: int, noted: str) -> Finding | None:
    found = Event.objects.filter(seq=seq).values_list("hash", flat=True).first()
    if found is None:
        return Finding(seq, "truncation", "this event was noted elsewhere as the newest, and is not here")
    if found != noted:
        return Finding(seq, "fork", f"its hash was noted elsewhere as {noted}, and is {found} here")
    return None


def _beyond_head(head: Head) -> Finding | None:
    """The head was read first, so events appended meanwhile are expected; one that claims its place is not."""
    newest = Event.objects.filter(seq=head.seq).values_list("hash", flat=True).first() or NOTHING_BEFORE
    if newest != head.hash:
        return Finding(head.seq, "edit", "the head row does not name this event's hash")
    return None


class Row(NamedTuple):
    """An event's columns, without the price of a model instance."""

    seq: int
    prev: str
    hash: str
    body: bytes | memoryview[int]
    at: datetime
    kind: str
    source: str
    person: str
    object: str
    run: int | None
    step: int | None


READ = f"SELECT {', '.join(Row._fields)} FROM {Event._meta.db_table} WHERE seq > %s AND seq <= %s ORDER BY seq"  # noqa: S608


class Stored:
    """The events as the database holds them."""

    def hash_of(self, seq: int) -> str | None:
        return Event.objects.filter(seq=seq).values_list("hash", flat=True).first()

    def opening(self) -> bytes | memoryview[int] | None:
        return Event.objects.order_by("seq").values_list("body", flat=True).first()

    def pieces(self, after: int, last: int) -> Generator[Sequence[Row], None, None]:
        """The events beyond `after`, in order. One cursor for all: a query for each piece sorts the rest each time
        where the server has no statistics yet."""
        if connection.vendor == "postgresql":
            yield from _from_postgresql(after, last)
            return
        events = Event.objects.filter(seq__gt=after, seq__lte=last).order_by("seq")
        rows = events.values_list(*Row._fields).iterator(chunk_size=CHUNK)
        while piece := [Row._make(row) for row in islice(rows, CHUNK)]:
            yield piece


def _from_postgresql(after: int, last: int) -> Iterator[Sequence[Row]]:
    """Past the ORM, in the binary format: six times as fast, and verifying is mostly reading."""
    with transaction.atomic(), connection.connection.cursor("audit_verify", binary=True) as cursor:
        cursor.execute(READ, [after, last])
        while piece := [Row._make(row) for row in cursor.fetchmany(CHUNK)]:
            yield piece


class Walk:
    """One pass over the chain, in pieces, so that memory stays flat."""

    def __init__(self, first: int, coverage: Coverage | None = None, source: Stored | None = None) -> None:
        self.seq, self._coverage, self._source = first - 1, coverage, source or Stored()
        before = self._source.hash_of(self.seq)
        self.hash = before or NOTHING_BEFORE
        self.lost_before = before is None and self.seq > 0
        opening = self._source.opening()
        self.installation = (read(opening) or {}).get("installation") if opening else None
        self._instant: tuple[datetime | None, str] = (None, "")

    def through(self, last: int) -> Finding | None:
        if self.lost_before:
            return Finding(self.seq, "gap", "it is missing, so the event after it hangs on nothing")
        with closing(self._source.pieces(self.seq, last)) as pieces:
            for rows in pieces:
                if finding := self._judged(rows):
                    return finding
        if self.seq < last:
            return Finding(self.seq + 1, "gap", "it is missing, and so is everything after it")
        return None

    def _judged(self, rows: Sequence[Row]) -> Finding | None:
        """What a signed head says of an event comes first: it is about one that passed, so an earlier one."""
        finding = self._piece(rows)
        if self._coverage is None:
            return finding
        return self._coverage.take([row for row in rows if row.seq <= self.seq], self.installation or "") or finding

    def _piece(self, rows: Sequence[Row]) -> Finding | None:
        bodies = [_said(row.body) for row in rows]
        beside = _Beside(body for body in bodies if body)
        for row, body in zip(rows, bodies, strict=True):
            if finding := self._in_chain(row) or self._in_itself(row, body) or beside.finding(row.seq, body):
                return finding
            self.seq, self.hash = row.seq, row.hash
        return None

    def _in_chain(self, row: Row) -> Finding | None:
        if row.seq != self.seq + 1:
            return Finding(self.seq + 1, "gap", f"it is missing; the next event that is here is {row.seq}")
        if chain_hash(row.prev, row.body) != row.hash:
            return Finding(row.seq, "edit", "its bytes do not give its hash")
        if row.prev != self.hash:
            return Finding(row.seq, "fork", "it follows another event than the one before it")
        return None

    def _in_itself(self, row: Row, body: Said | None) -> Finding | None:
        if body is None:
            return Finding(row.seq, "edit", "its bytes are no event")
        if self._instant[0] != row.at:  # the events of one transaction share it
            self._instant = row.at, canonical.instant(row.at)
        said, kept = body.columns(), (self._instant[1], *row[0:1], *row[5:])
        if said != kept:
            differing = next(name for name, one, other in zip(COLUMNS, said, kept, strict=True) if one != other)
            return Finding(row.seq, "edit", f"its column {differing} says something else than its bytes")
        if body.installation != self.installation:
            return Finding(row.seq, "fork", "it belongs to another installation than the first event")
        return None


COLUMNS = ("at", "seq", "kind", "source", "person", "object", "run", "step")


class Who(Struct):
    person: str
    name: str
    source: str


class Said(Struct):
    """The fields of an event that are compared with something; the others are under the hash alone."""

    seq: int
    ts: str
    actor: Who
    kind: str
    object: str
    run: int | None
    step: int | None
    reason: str
    installation: str

    def columns(self) -> tuple[Any, ...]:
        """As `Row` has them."""
        source, longest = self.actor.source[: COLUMN_LENGTHS["source"]], COLUMN_LENGTHS["object"]
        return (
            self.ts, self.seq, self.kind, source, self.actor.person, self.object[:longest], self.run, self.step,
        )  # fmt: skip

    def beside(self) -> Iterator[str]:
        """The digests of the texts that stand beside it."""
        return filter(None, (self.actor.name, self.reason))


_decoder = Decoder(Said)


def _said(stored: bytes | memoryview[int]) -> Said | None:
    """Unlike `body.read`, without looking at every field. None for bytes that are no event."""
    try:
        return _decoder.decode(stored)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return None


class _Beside:
    """The side texts of one piece, each read and hashed once."""

    def __init__(self, bodies: Iterable[Said]) -> None:
        self._texts = _in_bulk({digest for body in bodies for digest in body.beside()})
        self._changed = {digest for digest, text in self._texts.items() if side_digest(text.salt, text.text) != digest}

    def finding(self, seq: int, body: Said | None) -> Finding | None:
        for digest in body.beside() if body else ():
            if digest not in self._texts:
                return Finding(seq, "side text missing", "a name or reason that belongs to it has been removed")
            if digest in self._changed:
                what = self._texts[digest].what
                return Finding(seq, "side text changed", f"the {what} that belongs to it is not the one recorded")
        return None


def side_texts(bodies: Iterable[dict[str, Any]]) -> Texts:
    """The texts that stand beside these events, by digest; fewer where some were removed."""
    return _in_bulk({digest for body in bodies for digest in side_digests(body)})


def _in_bulk(digests: set[str]) -> Texts:
    wanted, found = sorted(digests), Texts()
    for start in range(0, len(wanted), 500):
        found |= SideText.objects.in_bulk(wanted[start : start + 500])
    return found
