"""How far the record is anchored at this moment: for the audit page, from the rows that the anchor process wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from audit.models import HEAD, Acknowledgement, Checkpoint, Event, Head, Refusal

# Heads come each minute where anything was appended and each ten minutes where nothing was (audit/anchor.py).
LATE = timedelta(minutes=2, seconds=30)
SILENT = timedelta(minutes=15)


@dataclass(frozen=True)
class AnchorState:
    """One anchor: the last head that it took, how many wait for it, since when, and why."""

    name: str
    taken: Acknowledgement | None
    waiting: int
    since: datetime | None
    error: str

    @property
    def is_late(self) -> bool:
        return self.since is not None and timezone.now() - self.since > LATE


@dataclass(frozen=True)
class Anchoring:
    """What is signed and what is not; `alarm` says what is wrong, or nothing."""

    checkpoint: Checkpoint | None
    uncovered: int
    uncovered_since: datetime | None
    refusal: Refusal | None
    anchors: Sequence[AnchorState]

    @property
    def alarm(self) -> str:
        if self.checkpoint is None and self.refusal is None:
            return ""
        if self.refusal:
            return f"The anchor process refuses to sign: {self.refusal.said}"
        return self.silence or next((self._behind(anchor) for anchor in self.anchors if anchor.is_late), "")

    @property
    def silence(self) -> str:
        """The anchor process itself has stopped, or cannot reach the database."""
        at, now = self.checkpoint.at if self.checkpoint else None, timezone.now()
        if self.uncovered_since and now - self.uncovered_since > LATE:
            return f"No head was signed for {self.uncovered} of the newest events: the anchor process has stopped"
        if at and now - at > SILENT:
            return "No head was signed for more than a quarter of an hour: the anchor process has stopped"
        return ""

    @staticmethod
    def _behind(anchor: AnchorState) -> str:
        why = anchor.error or "it was not asked yet"
        return f"{anchor.name} has not taken {anchor.waiting} of the newest heads: {why}"


def now() -> Anchoring:
    newest = Checkpoint.objects.order_by("-pk").first()
    size, head = newest.size if newest else 0, Head.objects.filter(pk=HEAD).first()
    oldest = Event.objects.filter(seq=size + 1).values_list("at", flat=True).first() if newest else None
    refusals = Refusal.objects.filter(at__gt=newest.at) if newest else Refusal.objects.all()
    return Anchoring(
        newest, max(0, (head.seq if head else 0) - size), oldest, refusals.order_by("-pk").first(),
        [_state(name, newest) for name in newest.anchors] if newest else [],
    )  # fmt: skip


def _state(name: str, newest: Checkpoint) -> AnchorState:
    of_it = Acknowledgement.objects.filter(anchor=name).select_related("checkpoint").order_by("-pk")
    taken, last = of_it.filter(error="").first(), of_it.first()
    behind = Checkpoint.objects.filter(pk__gt=taken.checkpoint_id if taken else 0, pk__lte=newest.pk)
    since = behind.order_by("pk").values_list("at", flat=True).first()
    return AnchorState(name, taken, behind.count(), since, last.error if last else "")
