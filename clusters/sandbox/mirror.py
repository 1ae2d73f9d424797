"""A mirror topic as its own cluster sees it: status, last known lag, what is going on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cluster import Topic
    from .transitions import Transition

NEVER_FETCHED = -1
REVISIONS = itertools.count(1)


class Status(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    LINK_PAUSED = "LINK_PAUSED"
    LINK_FAILED = "LINK_FAILED"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    FAILED = "FAILED"
    PENDING_STOPPED = "PENDING_STOPPED"
    STOPPED = "STOPPED"
    PENDING_SYNCHRONIZE = "PENDING_SYNCHRONIZE"
    PENDING_MIRROR = "PENDING_MIRROR"
    PENDING_SETUP_FOR_RESTORE = "PENDING_SETUP_FOR_RESTORE"
    PENDING_RESTORE = "PENDING_RESTORE"


FETCHING = {Status.ACTIVE, Status.PENDING_SYNCHRONIZE}
OFFSETS_SYNCED = {Status.ACTIVE, Status.PAUSED, Status.PENDING_SYNCHRONIZE, Status.PENDING_STOPPED}


@dataclass(frozen=True)
class Lag:
    partition: int
    lag: int
    last_source_fetch_offset: int


@dataclass
class Mirror:
    topic: Topic
    source_name: str
    status: Status = Status.ACTIVE
    since: float = 0.0
    error: str = "NO_ERROR"
    known_end: list[int] = field(default_factory=list)  # source end at the last fetch; NEVER_FETCHED after a restart
    forgets_as_negative: bool = False
    final_lags: list[Lag] | None = None  # what the last fetch left behind once mirroring stopped
    transition: Transition | None = None
    transition_errors: list[tuple[str, str]] = field(default_factory=list)
    revision: int = 0  # of all mirrors ever: a number that was seen once never comes again with other content

    @property
    def name(self) -> str:
        return self.topic.name

    @property
    def is_stopped(self) -> bool:
        return self.status is Status.STOPPED

    @property
    def fetches(self) -> bool:
        return self.status in FETCHING or (self.transition is not None and self.transition.drains)

    @property
    def syncs_offsets(self) -> bool:
        return self.status in OFFSETS_SYNCED

    def become(self, status: Status, now: float) -> None:
        if status is Status.STOPPED:
            self.final_lags = self.lags()
            self.topic.epoch += 1
        elif self.status is Status.STOPPED:
            self.final_lags = None
        self.status, self.since = status, now
        self.touch()

    def touch(self) -> None:
        self.revision = next(REVISIONS)

    def fail_transition(self, *errors: tuple[str, str]) -> None:
        if self.transition_errors != list(errors):
            self.transition_errors = list(errors)
            self.touch()

    def lags(self) -> list[Lag]:
        """Last known lag per partition: as of the last fetch, so it is frozen while nothing is fetched."""
        if self.final_lags is not None:
            return self.final_lags
        return [self._lag(partition, known) for partition, known in enumerate(self.known_end)]

    def forget_fetches(self, *, negative: bool) -> None:
        """What a restarted fetcher knows: nothing. REST then says lag 0 and -1, the tool a negative lag."""
        self.known_end = [NEVER_FETCHED] * len(self.topic.logs)
        self.forgets_as_negative = negative
        self.touch()

    def _lag(self, partition: int, known: int) -> Lag:
        end = self.topic.logs[partition].end
        if known == NEVER_FETCHED:
            return Lag(partition, NEVER_FETCHED - end if self.forgets_as_negative else 0, NEVER_FETCHED)
        return Lag(partition, known - end, end)
