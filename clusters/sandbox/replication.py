"""What the link's fetchers do: copy records a moment late, and notice when the other side is gone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .mirror import Mirror, Status

if TYPE_CHECKING:
    from .clock import Clock
    from .cluster import Topic
    from .link import LinkHalf

BANDWIDTH = 400.0  # records per second and partition
DELAY = 0.2  # seconds a record is on its way, give or take as much again


def fetch(half: LinkHalf, now: float, elapsed: float) -> None:
    """Copy what is due for each mirror that may be behind; caught-up mirrors cost nothing."""
    for name in list(half.behind):
        mirror = half.mirrors.get(name)
        source = half.source_of(mirror) if mirror else None
        if mirror is None or mirror.is_stopped:
            half.behind.discard(name)
        elif source is None:
            _fail(mirror, "SOURCE_TOPIC_MAY_BE_DELETED", now)
            half.behind.discard(name)
        elif mirror.fetches and not _fetch_topic(mirror, source, now, elapsed):
            half.behind.discard(name)


def _fetch_topic(mirror: Mirror, source: Topic, now: float, elapsed: float) -> bool:
    """True while something is left to fetch."""
    behind, before = False, [*mirror.known_end]
    if not mirror.known_end:
        mirror.known_end = [log.end for log in source.logs]
    budget = max(1, int(BANDWIDTH * elapsed))
    for partition, (mine, theirs) in enumerate(zip(mirror.topic.logs, source.logs, strict=True)):
        if theirs.end < mine.end:
            _fail(mirror, "UNEXPECTED_TRUNCATION", now)
            return False
        if theirs.end == mine.end:
            if mirror.known_end[partition] != -1:
                mirror.known_end[partition] = theirs.end
            continue
        arrived = theirs.end_at(now - DELAY * (1 + math.sin(now / 3 + partition)))
        mine.copy_from(theirs, min(arrived, mine.end + budget))
        mirror.known_end[partition] = theirs.end
        behind = behind or mine.end < theirs.end
        mirror.touch()
    if mirror.known_end != before:
        mirror.touch()
    return behind


def _fail(mirror: Mirror, error: str, now: float) -> None:
    mirror.error = error
    mirror.become(Status.FAILED, now)


def check_availability(half: LinkHalf, now: float, elapsed: float, clock: Clock, *, reachable: bool) -> None:
    """Say SOURCE_UNAVAILABLE only after the configured number of failed checks, and go back by itself."""
    check = clock.short(int(half.setting("availability.check.ms")) / 1000)
    failures = int(half.setting("availability.check.consecutive.failure.threshold"))
    if reachable:
        half.unreachable_since = None
        half.reachable_since = now - elapsed if half.reachable_since is None else half.reachable_since
        if half.state == "UNAVAILABLE" and now - half.reachable_since >= check:
            _turn(half, Status.SOURCE_UNAVAILABLE, Status.ACTIVE, now)
            half.state, half.error, half.error_message = "ACTIVE", "NO_ERROR", ""
        return
    half.reachable_since = None
    half.unreachable_since = now - elapsed if half.unreachable_since is None else half.unreachable_since
    if half.state == "ACTIVE" and now - half.unreachable_since >= check * failures:
        _turn(half, Status.ACTIVE, Status.SOURCE_UNAVAILABLE, now)
        half.state, half.error = "UNAVAILABLE", "BOOTSTRAP_TCP_CONNECTION_FAILED_ERROR"
        half.error_message = f"Unable to reach cluster {half.remote.id} of link {half.name}"


def follow_pause(half: LinkHalf, now: float) -> None:
    """Carry the link's own pause switch over to its state and mirrors."""
    if half.is_paused and half.state != "PAUSED":
        half.state = "PAUSED"
        _turn(half, Status.ACTIVE, Status.LINK_PAUSED, now)
        _turn(half, Status.SOURCE_UNAVAILABLE, Status.LINK_PAUSED, now)
    elif not half.is_paused and half.state == "PAUSED":
        half.state, half.unreachable_since = "ACTIVE", None
        _turn(half, Status.LINK_PAUSED, Status.ACTIVE, now)


def _turn(half: LinkHalf, seen: Status, then: Status, now: float) -> None:
    for mirror in half.mirrors.values():
        if mirror.status is seen:
            mirror.become(then, now)
            half.behind.add(mirror.name)
