"""What a mirror command sets going: each takes time, needs something, and can hang."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from . import durations
from .mirror import Mirror, Status

if TYPE_CHECKING:
    from .link import LinkHalf
    from .model import Pair

UNREACHABLE = ("UNKNOWN", "The remote cluster of the link cannot be reached")


class Transition(Protocol):
    drains: ClassVar[bool]  # goes on fetching meanwhile

    def step(self, pair: Pair, half: LinkHalf, mirror: Mirror, now: float) -> None: ...


def start(half: LinkHalf, mirror: Mirror, status: Status, transition: Transition, now: float) -> None:
    mirror.transition = transition
    mirror.transition_errors = []
    mirror.become(status, now)
    half.moving.add(mirror.name)
    half.behind.add(mirror.name)


def step_all(pair: Pair, half: LinkHalf, now: float) -> None:
    for name in list(half.moving):
        mirror = half.mirrors.get(name)
        if mirror is None or mirror.transition is None:
            half.moving.discard(name)
        elif not pair.faults.holds_transitions(half.local.name, name):
            mirror.transition.step(pair, half, mirror, now)
        else:
            mirror.fail_transition(("INTERNAL_ERROR", "The link coordinator does not answer"))


def _finish(mirror: Mirror, status: Status, now: float) -> None:
    mirror.transition = None
    mirror.transition_errors = []
    mirror.become(status, now)


def _stop(half: LinkHalf, mirror: Mirror, now: float) -> None:
    _finish(mirror, Status.STOPPED, now)
    half.local.clamp(mirror.name)


def _groups_in_use(half: LinkHalf, mirror: Mirror) -> list[tuple[str, str]]:
    return [
        ("CONSUMER_GROUP_IN_USE_ERROR", f"Consumer group {group} is active on topic {mirror.name}")
        for group in half.local.active_groups_on(mirror.name)
    ]


@dataclass
class Failover:
    """Stop now, with what is here; the source is not asked."""

    due: float
    drains: ClassVar[bool] = False

    def step(self, pair: Pair, half: LinkHalf, mirror: Mirror, now: float) -> None:
        if now >= self.due:
            _stop(half, mirror, now)


@dataclass
class Promote:
    """Stop once everything has arrived. An active group on the mirror, or a lost source, holds it."""

    due: float
    drains: ClassVar[bool] = True

    def step(self, pair: Pair, half: LinkHalf, mirror: Mirror, now: float) -> None:
        if not pair.reachable(half):
            return mirror.fail_transition(UNREACHABLE)
        mirror.fail_transition(*_groups_in_use(half, mirror))
        if now >= self.due and not mirror.transition_errors and half.caught_up(mirror):
            _stop(half, mirror, now)


@dataclass
class Reverse:
    """Final catch-up with both sides read-only; then the roles swap."""

    due: float
    then: Status  # ACTIVE, or PAUSED for reverse-and-pause
    drains: ClassVar[bool] = True

    def step(self, pair: Pair, half: LinkHalf, mirror: Mirror, now: float) -> None:
        if not pair.reachable(half):
            return mirror.fail_transition(UNREACHABLE)
        mirror.fail_transition(*_groups_in_use(half, mirror))
        if now < self.due or mirror.transition_errors or not half.caught_up(mirror):
            return
        _stop(half, mirror, now)
        theirs = half.other.mirrors[mirror.source_name] if half.other else None
        if half.other and theirs:
            theirs.transition = BecomeMirror(now + pair.clock.short(durations.REVERSE_MIRROR), self.then)
            half.other.moving.add(theirs.name)


@dataclass
class BecomeMirror:
    """The receiving side of a reverse."""

    due: float
    then: Status
    drains: ClassVar[bool] = False

    def step(self, pair: Pair, half: LinkHalf, mirror: Mirror, now: float) -> None:
        if not pair.reachable(half):
            return mirror.fail_transition(UNREACHABLE)
        if now >= self.due:
            begin_mirroring(half, mirror, self.then, now)


@dataclass
class Restore:
    """Truncate-and-restore on the old home: check, drop the divergent tail, mirror the other side."""

    setup_due: float
    due: float
    drains: ClassVar[bool] = False

    def step(self, pair: Pair, half: LinkHalf, mirror: Mirror, now: float) -> None:
        if not pair.reachable(half):
            return mirror.fail_transition(UNREACHABLE)
        mirror.fail_transition(*_groups_in_use(half, mirror))
        if mirror.transition_errors:
            return
        if mirror.status is Status.PENDING_SETUP_FOR_RESTORE and now >= self.setup_due:
            mirror.become(Status.PENDING_RESTORE, now)
        if mirror.status is Status.PENDING_RESTORE and now >= self.due:
            for log, cut in zip(mirror.topic.logs, cuts(half, mirror.name, mirror.source_name), strict=True):
                log.truncate(cut)
            half.local.clamp(mirror.name)
            begin_mirroring(half, mirror, Status.ACTIVE, now)


def begin_mirroring(half: LinkHalf, mirror: Mirror, status: Status, now: float) -> None:
    _finish(mirror, status, now)
    source = half.source_of(mirror)
    mirror.known_end = [log.end for log in source.logs] if source else []
    half.behind.add(mirror.name)


def cuts(half: LinkHalf, local_topic: str, remote_topic: str) -> list[int]:
    """Per partition the first offset the two clusters do not share: where a restore truncates to."""
    mine, theirs = half.local.topics[local_topic], half.remote.topics[remote_topic]
    return [log.diverges_from(other) for log, other in zip(mine.logs, theirs.logs, strict=True)]
