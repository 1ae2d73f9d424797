"""The anchor process: it alone signs heads of the record, and hands them to places that the database cannot reach.

It trusts its own file, never the database: a head is signed only if the new events follow the last one that it signed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from audit.anchor_log import AnchorLog
from audit.anchors import Anchor, AnchorDown
from audit.heads import SignedHead
from audit.key_events import ring_of_record
from audit.keys import KINDS, Unvouched
from audit.ledger import NOTHING_BEFORE, chain_hash
from audit.models import HEAD, Acknowledgement, Event, Head, Refusal
from audit.models import Checkpoint as Kept
from audit.notes import Checkpoint
from audit.signing import SigningKey
from audit.tree import leaf_hash

log = logging.getLogger(__name__)
AT_LEAST = timedelta(seconds=60)  # when anything was appended
HEARTBEAT = timedelta(minutes=10)
STRETCH = 10_000  # events of one head, so that its leaves fit into one message
LONGEST_PAUSE = timedelta(minutes=1)  # before an anchor that is down is asked again
# A head is signed at once when one of these was recorded.
MATTERS = (
    *KINDS,
    *(f"step.{past}" for past in (
        "requested", "confirmed", "agreed", "approved", "sent", "batch-sent", "started", "answered", "not-sent", "lost",
        "succeeded", "partly", "failed", "rearmed",
    )),
    "call.answered", "call.answered-late", "guard.overridden",
)  # fmt: skip


class Refused(Exception):
    """The record does not go on from what was signed; nothing is signed until a person has looked."""


def now() -> datetime:
    """This host's clock: that of the database is in the hands of its owner."""
    return datetime.now(UTC)


@dataclass
class Pause:
    """An anchor that is down is asked again after 1 s, 2 s, 4 s … up to a minute."""

    until: datetime
    length: timedelta = timedelta(0)
    error: str = ""


class AnchorProcess:
    """`look` once a second."""

    def __init__(
        self, key: SigningKey, kept: AnchorLog, anchors: Sequence[Anchor], *, clock: Callable[[], datetime] = now,
        begins_again: bool = False,
    ) -> None:  # fmt: skip
        self._key, self._log, self._anchors, self._clock = key, kept, anchors, clock
        self._begins_again = begins_again
        self._pauses = {anchor.name: Pause(clock()) for anchor in anchors}
        self._refused = ""
        self._key_is_checked = False

    def look(self) -> None:
        """Sign what is due, and offer each anchor what it has not got yet."""
        try:
            while self._sign_if_due():
                pass
        except Refused as refusal:
            self._say(str(refusal))
        for anchor in self._anchors:
            self._hand_over(anchor)

    def sign_now(self) -> None:
        """Cover everything up to now; Refused where the record does not go on from what was signed."""
        while self._signed(self._head()):
            pass

    def _sign_if_due(self) -> bool:
        head = self._head()
        return self._is_due(head) and self._signed(head)

    def _head(self) -> Head:
        head = Head.objects.filter(pk=HEAD).first()
        if head is None:
            raise Refused("the record is empty; the first event is written when the console is first used")
        return head

    def _is_due(self, head: Head) -> bool:
        last = self._log.last
        if last is None:
            return True
        since = self._clock() - last.checkpoint.at
        if head.seq == last.size:
            return since >= HEARTBEAT or self._refused != ""
        return since >= AT_LEAST or head.seq < last.size or self._matters(last.size)

    def _matters(self, size: int) -> bool:
        return Event.objects.filter(kind__in=MATTERS, seq__gt=size).exists()

    def _signed(self, head: Head) -> bool:
        """Sign the next head; whether more is left to cover."""
        self._check_start()
        leaves, newest = self._continued(head)
        self._check_key()
        checkpoint = self._checkpoint(leaves, newest)
        signed = SignedHead(self._key.sign(checkpoint.text), checkpoint, leaves)
        self._log.append(signed)
        self._record(signed)
        self._refused = ""
        return checkpoint.size < head.seq

    def _check_start(self) -> None:
        """Rows that a crash left out are added; a file of ours that is gone is not passed over."""
        newest = Kept.objects.order_by("-pk").values_list("note", flat=True).first()
        last = self._log.last
        if last is None and newest and not self._begins_again:
            raise Refused(
                "heads were signed before, and the file that says which is not here; bring it back from a back-up, or "
                "begin again from what the database holds now: run_anchor --begin-again"
            )
        if last and newest != str(last.note) and not Kept.objects.filter(size=last.size, note=str(last.note)).exists():
            self._record(last)

    def _continued(self, head: Head) -> tuple[list[bytes], str]:
        """The leaves of the events that follow, and the hash of the last of them."""
        last = self._log.last
        done, newest = (last.size, last.checkpoint.head) if last else (0, NOTHING_BEFORE)
        if head.seq < done:
            raise Refused(f"the record ends at {head.seq}, and a head of {done} events was signed: its end was cut off")
        if done and Event.objects.filter(seq=done).values_list("hash", flat=True).first() != newest:
            raise Refused(f"event {done} is not the one that was signed: the record was rewritten")
        leaves = []
        # A head smaller than one that an anchor holds would look like an old one put in place of it.
        until = head.seq if self._begins_again and last is None else min(head.seq, done + STRETCH)
        for seq, prev, found, body in self._after(done, until):
            if prev != newest or chain_hash(prev, body) != found:
                raise Refused(f"event {seq} does not follow the one before it: run `audit verify`")
            newest = found
            leaves.append(leaf_hash(body))
        return leaves, newest

    @staticmethod
    def _after(done: int, last: int) -> Iterator[tuple[int, str, str, bytes | memoryview[int]]]:
        rows = Event.objects.filter(seq__gt=done, seq__lte=last).order_by("seq")
        for row in rows.values_list("seq", "prev", "hash", "body").iterator(chunk_size=2000):
            if row[0] != done + 1:
                raise Refused(f"event {done + 1} is missing: run `audit verify`")
            done = row[0]
            yield row
        if done != last:
            raise Refused(f"event {done + 1} is missing: run `audit verify`")

    def _check_key(self) -> None:
        """Asked each time: a key that somebody else announced must not be covered by ours."""
        try:
            ring = ring_of_record()
        except Unvouched as error:
            raise Refused(f"the record announces a key that nobody vouches for: {error}") from error
        if ring.in_force != self._key.verifier:
            raise Refused(
                f"the key file holds {self._key.verifier}, and the record says that {ring.in_force or 'no key'} signs; "
                "announce it: manage.py anchor_key create"
            )

    def _checkpoint(self, leaves: Sequence[bytes], newest: str) -> Checkpoint:
        tree, last = self._log.tree.copy(), self._log.last
        tree.extend(leaves)
        at = max(self._clock(), last.checkpoint.at) if last else self._clock()
        return Checkpoint(self._key.name, tree.size, tree.root(), at, newest)

    def _record(self, head: SignedHead) -> None:
        Kept.objects.create(
            size=head.size, note=str(head.note), key=str(self._key.verifier), at=head.checkpoint.at,
            anchors=[anchor.name for anchor in self._anchors],
        )  # fmt: skip

    def _say(self, said: str) -> None:
        """Loudly, and once for each thing that is wrong."""
        if said == self._refused:
            return
        log.critical("no head is signed: %s", said)
        Refusal.objects.create(at=self._clock(), said=said)
        self._refused = said

    def _hand_over(self, anchor: Anchor) -> None:
        """Everything that waits, in order; an anchor that is down is left alone for a while."""
        pause = self._pauses[anchor.name]
        if self._clock() < pause.until:
            return
        with suppress(AnchorDown):
            while waiting := self._log.waiting(anchor.name):
                head, until = waiting
                self._offer(anchor, head, pause)
                self._log.delivered(anchor.name, until)
            pause.length, pause.error = timedelta(0), ""

    def _offer(self, anchor: Anchor, head: SignedHead, pause: Pause) -> None:
        try:
            anchor.send(head)
        except AnchorDown as error:
            pause.length = min(max(timedelta(seconds=1), pause.length * 2), LONGEST_PAUSE)
            pause.until = self._clock() + pause.length
            if str(error) != pause.error:
                pause.error = str(error)
                log.error("%s did not take the head of %s events: %s", anchor.name, head.size, error)
                self._acknowledge(anchor, head, str(error))
            raise
        self._acknowledge(anchor, head)

    def _acknowledge(self, anchor: Anchor, head: SignedHead, error: str = "") -> None:
        row = Kept.objects.filter(size=head.size, note=str(head.note)).order_by("pk").first()
        if row:
            Acknowledgement.objects.create(checkpoint=row, anchor=anchor.name, at=self._clock(), error=error)
