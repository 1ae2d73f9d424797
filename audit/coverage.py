"""The record against the heads that were signed over it: what a chain alone cannot show.

Fed with the events in order, it keeps a frontier of the tree and asks at each signed head: is it signed by the key in
force, and is its root ours? An anchor that keeps leaves names the exact event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils import timezone

from audit.finding import Finding
from audit.head_order import Found, Heads
from audit.heads import SignedHead, in_file, in_table
from audit.keys import KINDS, KeyRing, Unvouched
from audit.notes import VerifierKey
from audit.tree import Frontier, leaf_hash

WITHIN = timedelta(minutes=15)
UNANCHORED = (
    "Not shown by this: events cut off at the end together with the head, or a record rewritten as a whole. "
    "To see those, compare with a head that was noted elsewhere, or have heads signed (docs/audit.md)."
)
DATABASE_ONLY = (
    "Not shown by this: what somebody did who changed the record and removed the signed heads with it, or "
    "brought an old database back. To see that, compare with what an anchor kept: --anchor FILE."
)
ELSEWHERE = (
    "Not shown by this: what was done after the last head, and what somebody did who held the signing key and the "
    "anchor too. Is the key the one you noted?"
)


class Covered(Protocol):
    """What is asked of an event."""

    @property
    def seq(self) -> int: ...
    @property
    def hash(self) -> str: ...
    @property
    def body(self) -> bytes | memoryview[int]: ...
    @property
    def at(self) -> datetime: ...
    @property
    def kind(self) -> str: ...


class Coverage:
    """One pass. `take` the events piece by piece, then `end`; afterwards `anchored` and `key` say how far."""

    def __init__(
        self, table: Iterable[SignedHead], anchor: Iterable[SignedHead] = (), *, keys: Iterable[VerifierKey] = (),
        within: timedelta = WITHIN, now: datetime,
    ) -> None:  # fmt: skip
        self.anchored, self.key = 0, ""
        self._table_of, self._anchor_of = table, anchor
        self._has_anchor = bool(anchor)
        self._keys, self._within, self._now = KeyRing(keys), within, now
        self._tree, self._record_start = Frontier(), Frontier()
        self._genesis = ""
        self._since: tuple[int, datetime] | None = None
        self._late: Finding | None = None
        self._opened: tuple[Heads, Heads] | None = None

    def take(self, rows: Sequence[Covered], installation: str) -> Finding | None:
        """Judge the next events; each is already known to be what its own row says."""
        try:
            self._take(rows, installation)
        except Found as found:
            return found.finding
        return None

    def end(self, *, is_whole: bool) -> Finding | None:
        """After the last event. `is_whole`: it is the newest, so no head may reach beyond it."""
        try:
            if is_whole:
                self._beyond()
                self._tail()
            self._vouched()
        except Found as found:
            return found.finding
        return self._late

    @property
    def said(self) -> str:
        return f", anchored to {self.anchored}, by key {self.key}" if self.anchored else ", not anchored"

    @property
    def limits(self) -> str:
        """What this did not show."""
        if not self.anchored:
            return UNANCHORED
        return ELSEWHERE if self._has_anchor else DATABASE_ONLY

    @property
    def _sources(self) -> tuple[Heads, Heads]:
        if self._opened is None:
            self._opened = Heads("the database", self._table_of), Heads("the anchor", self._anchor_of)
        return self._opened

    def _take(self, rows: Sequence[Covered], installation: str) -> None:
        self._genesis = self._genesis or (rows[0].hash if rows else "")
        leaves = [leaf_hash(row.body) for row in rows]
        base, done = self._tree.size, 0
        while done < len(rows):
            until = min([len(rows), *(size - base for size in self._next_sizes())])
            self._compare(leaves[done:until])
            self._announced(rows[done:until], installation)
            self._tree.extend(leaves[done:until])
            if self._since is None and self.anchored and until > done:
                self._since = rows[done].seq, rows[done].at
            done = until
            self._judge()

    def _next_sizes(self) -> Iterator[int]:
        for source in self._sources:
            if source.next and source.next.size > self._tree.size:
                yield source.next.size

    def _compare(self, leaves: Sequence[bytes]) -> None:
        """With the leaves that the anchor keeps: they name the very event."""
        anchor, first = self._sources[1], self._tree.size + 1
        kept = anchor.leaves(first, first + len(leaves) - 1)
        if not kept or list(kept) == list(leaves):
            return
        self._own_leaves(anchor)
        place = next((at for at, pair in enumerate(zip(leaves, kept, strict=False)) if pair[0] != pair[1]), len(kept))
        raise Found(first + place, "rewrite", "its hashes are good, and it is not the event that was anchored here")

    def _own_leaves(self, anchor: Heads) -> None:
        """Whether the anchor's record is what was signed; else it was changed, and not the event."""
        head = anchor.next
        if head is None or self._record_start.size != head.size - len(head.leaves):
            return
        tree = self._record_start.copy()
        tree.extend(head.leaves)
        if (tree.size, tree.root()) != (head.size, head.checkpoint.root):
            raise Found(head.size, "bad signature", "the anchor's record of this head does not give the root it names")

    def _announced(self, rows: Sequence[Covered], installation: str) -> None:
        for row in rows:
            if row.kind in KINDS:
                try:
                    self._keys.take(row.kind, row.body, installation, self._genesis)
                except Unvouched as error:
                    raise Found(row.seq, "bad signature", str(error)) from error
                self._since = self._since or (row.seq, row.at)

    def _judge(self) -> None:
        """Every head of exactly the events taken so far."""
        for source in self._sources:
            while source.next and source.next.size <= self._tree.size:
                self._judge_one(source, source.next)
                source.pop()
        if self._record_start.size < self._sources[1].start:
            self._record_start = self._tree.copy()

    def _judge_one(self, source: Heads, head: SignedHead) -> None:
        if head.size < self._tree.size:
            raise Found(head.size + 1, "replay", f"{source.name} begins with a head out of its order")
        self._signed(source, head)
        if head.checkpoint.root != self._tree.root():
            self._another_root(head)
        if self._since and self.anchored and head.checkpoint.at - self._since[1] > self._within:
            self._note_late(f"until {head.checkpoint.at:%Y-%m-%d %H:%M:%S} UTC")
        self.anchored, self.key, self._since = head.size, str(self._keys.in_force), None

    def _signed(self, source: Heads, head: SignedHead) -> None:
        key = self._keys.in_force
        if key is None or head.checkpoint.origin != key.name or not key.has_signed(head.note):
            by = f"the key in force, {key}" if key else "any key that the record announces"
            raise Found(
                head.size, "bad signature", f"{source.name} holds a head of {head.size} events not signed by {by}"
            )

    def _another_root(self, head: SignedHead) -> None:
        if self.anchored == head.size:
            raise Found(head.size, "fork", f"two heads of {head.size} events are signed, and they differ")
        stretch = f"somewhere from {self.anchored + 1} to {head.size}"
        said = f"their hashes are good, and they are not the events that were signed ({stretch})"
        raise Found(self.anchored + 1, "rewrite", said)

    def _beyond(self) -> None:
        """Heads of more events than there are."""
        beyond = [source for source in reversed(self._sources) if source.next]
        for source in beyond:
            head, key = source.next, self._keys.in_force
            if head is None:
                continue
            if key and not key.has_signed(head.note) and not self._follows(head):
                self._signed(source, head)
            is_old = source.name == "the anchor" and beyond == [source] and 0 < self.anchored == self._tree.size
            said = f"{source.name} holds a signed head of {head.size} events"
            if is_old:
                raise Found(self._tree.size + 1, "replay", f"{said}; the head shown here is an old one")
            raise Found(self._tree.size + 1, "truncation", f"it is missing, and all after it: {said}")

    def _follows(self, head: SignedHead) -> bool:
        """A key that was handed on in an event that is gone can still be one that was noted."""
        return any(key.has_signed(head.note) for key in self._keys.given)

    def _tail(self) -> None:
        if self._since and self._now - self._since[1] > self._within:
            self._note_late("up to now")

    def _note_late(self, until: str) -> None:
        if self._since and self._late is None:
            seq, at = self._since
            said = f"written {at:%Y-%m-%d %H:%M:%S} UTC, and no head covered it {until}"
            self._late = Finding(seq, "uncovered period", said)

    def _vouched(self) -> None:
        if not self._keys.is_vouched:
            named = ", ".join(sorted(map(str, self._keys.given)))
            raise Found(1, "bad signature", f"no head is signed by the key that was named ({named})")


def coverage_asked(
    first: int = 1, *, anchor: Path | None = None, keys: Sequence[VerifierKey] = (), within: int = 900
) -> Coverage | None:
    """What `audit verify` was asked to judge by; None for a stretch that does not begin with the first event.

    Raises ValueError for an anchor that cannot be used, OSError for a file that cannot be read.
    """
    if first > 1:
        if anchor or keys:
            raise ValueError("signed heads cover the record from its first event on: leave out --from")
        return None
    kept = list(islice(in_file(anchor), 1)) if anchor else []
    if anchor and not kept:
        raise ValueError(f"{anchor} holds no signed head; name a file that an anchor wrote")
    elsewhere = in_file(anchor, settings.INSTALLATION) if anchor else ()
    return Coverage(in_table(), elsewhere, keys=keys, within=timedelta(seconds=within), now=timezone.now())
