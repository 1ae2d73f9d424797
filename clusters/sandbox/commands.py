"""Mirror commands: judged topic by topic, so one call may be accepted for one topic and refused for the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import durations
from .mirror import Lag, Status
from .transitions import Failover, Promote, Restore, Reverse, cuts, start

if TYPE_CHECKING:
    from .link import LinkHalf
    from .model import Pair

NOT_APPLICABLE = -1
CAN_FAIL_OVER = {
    Status.ACTIVE,
    Status.PAUSED,
    Status.LINK_PAUSED,
    Status.LINK_FAILED,
    Status.SOURCE_UNAVAILABLE,
    Status.FAILED,
}


@dataclass(frozen=True)
class Truncation:
    partition: int
    offset_truncated_to: int
    messages_truncated: int


@dataclass
class Row:
    """The answer for one topic; no error means accepted, not finished."""

    topic: str
    error_code: int | None = None
    error_message: str | None = None
    lags: list[Lag] = field(default_factory=list)
    messages_truncated: int = NOT_APPLICABLE
    truncation: list[Truncation] = field(default_factory=list)


@dataclass(frozen=True)
class Order:
    action: str
    validate_only: bool = False
    partition_data: bool = False


def alter(pair: Pair, half: LinkHalf, order: Order, topics: list[str]) -> list[Row]:
    refused = pair.faults.refuse(half.local.name, order.action, topics)
    return [_alter_one(pair, half, order, topic, refused.get(topic)) for topic in topics]


def _alter_one(pair: Pair, half: LinkHalf, order: Order, topic: str, forced: str | None) -> Row:
    known = half.mirrors.get(topic)
    row = Row(topic, lags=known.lags() if known else [])
    if topic not in half.local.topics:
        row.error_code, row.error_message = 404, f"Topic {topic} does not exist"
        return row
    check, begin = ACTIONS[order.action]
    text = forced or check(pair, half, topic)
    if text is not None:
        row.error_code, row.error_message = 400, text
        return row
    if order.action == RESTORE:
        _count_truncation(half, row, partition_data=order.partition_data)
    if not order.validate_only:
        begin(pair, half, topic)
    return row


def _count_truncation(half: LinkHalf, row: Row, *, partition_data: bool) -> None:
    logs = half.local.topics[row.topic].logs
    found = [
        Truncation(partition, cut, log.end - cut)
        for partition, (log, cut) in enumerate(zip(logs, cuts(half, row.topic, row.topic), strict=True))
        if log.end > cut
    ]
    row.messages_truncated = sum(entry.messages_truncated for entry in found)
    row.truncation = found if partition_data else []


# --- what each action needs; the text is what the topic is refused with -------------------------------------------


def _state(half: LinkHalf, topic: str) -> Status | None:
    mirror = half.mirrors.get(topic)
    return mirror.status if mirror else None


def _needs(half: LinkHalf, topic: str, allowed: set[Status], verb: str) -> str | None:
    state = _state(half, topic)
    if state is None:
        return f"Topic {topic} is not a mirror topic of link {half.name}"
    return None if state in allowed else f"Cannot {verb} mirror topic {topic} in state {state}"


def _check_failover(pair: Pair, half: LinkHalf, topic: str) -> str | None:
    mirror = half.mirrors.get(topic)
    if mirror is not None and isinstance(mirror.transition, Promote):
        return None  # the way out of a promote that cannot finish
    return _needs(half, topic, CAN_FAIL_OVER, "fail over")


def _check_promote(pair: Pair, half: LinkHalf, topic: str) -> str | None:
    if not pair.reachable(half):
        return f"Cannot promote mirror topic {topic}: the source cluster cannot be reached"
    return _needs(half, topic, {Status.ACTIVE, Status.PAUSED}, "promote")


def _check_pause(pair: Pair, half: LinkHalf, topic: str) -> str | None:
    return _needs(half, topic, {Status.ACTIVE, Status.SOURCE_UNAVAILABLE}, "pause")


def _check_resume(pair: Pair, half: LinkHalf, topic: str) -> str | None:
    return _needs(half, topic, {Status.PAUSED}, "resume")


def _check_bidirectional(pair: Pair, half: LinkHalf, verb: str) -> str | None:
    if half.setting("link.mode") != "BIDIRECTIONAL" or half.other is None:
        return f"Cannot {verb}: link {half.name} is not bidirectional on both clusters"
    if (half.prefix or half.other.prefix) and not half.local.settings.reverses_prefixed:
        return f"Cannot {verb}: not supported on link {half.name}, which has a prefix"
    if not pair.reachable(half):
        return f"Cannot {verb}: the remote cluster cannot be reached"
    return None


def _check_reverse(pair: Pair, half: LinkHalf, topic: str) -> str | None:
    return _check_bidirectional(pair, half, "reverse") or _needs(half, topic, {Status.ACTIVE}, "reverse")


def _check_restore(pair: Pair, half: LinkHalf, topic: str) -> str | None:
    if text := _check_bidirectional(pair, half, "truncate and restore"):
        return text
    if _state(half, topic) not in (None, Status.STOPPED):
        return f"Cannot truncate and restore topic {topic}: it is a mirror in state {_state(half, topic)}"
    theirs = half.other.mirrors.get(topic) if half.other else None
    if theirs is None or theirs.status is not Status.STOPPED:
        found = theirs.status if theirs else "no mirror"
        return f"Cannot truncate and restore topic {topic}: the remote topic must be a stopped mirror, it is {found}"
    if groups := half.local.active_groups_on(topic):
        return f"Cannot truncate and restore topic {topic}: consumer group {groups[0]} is active on it"
    return None


# --- what each action sets going ----------------------------------------------------------------------------------


def _failover(pair: Pair, half: LinkHalf, topic: str) -> None:
    due = pair.clock.now() + pair.clock.short(durations.FAILOVER)
    start(half, half.mirrors[topic], Status.PENDING_STOPPED, Failover(due), pair.clock.now())


def _promote(pair: Pair, half: LinkHalf, topic: str) -> None:
    due = pair.clock.now() + pair.clock.short(durations.PROMOTE)
    start(half, half.mirrors[topic], Status.PENDING_STOPPED, Promote(due), pair.clock.now())


def _pause(pair: Pair, half: LinkHalf, topic: str) -> None:
    half.mirrors[topic].become(Status.PAUSED, pair.clock.now())


def _resume(pair: Pair, half: LinkHalf, topic: str) -> None:
    half.mirrors[topic].become(Status.ACTIVE, pair.clock.now())
    half.behind.add(topic)


def _reverse(pair: Pair, half: LinkHalf, topic: str, then: Status) -> None:
    now, mirror = pair.clock.now(), half.mirrors[topic]
    due = now + pair.clock.short(durations.REVERSE_SYNCHRONIZE)
    start(half, mirror, Status.PENDING_SYNCHRONIZE, Reverse(due, then), now)
    source = half.source_of(mirror)
    if half.other and source:
        half.other.add_mirror(source, topic, Status.PENDING_MIRROR, now)


def _reverse_and_start(pair: Pair, half: LinkHalf, topic: str) -> None:
    _reverse(pair, half, topic, Status.ACTIVE)


def _reverse_and_pause(pair: Pair, half: LinkHalf, topic: str) -> None:
    _reverse(pair, half, topic, Status.PAUSED)


def _restore(pair: Pair, half: LinkHalf, topic: str) -> None:
    now = pair.clock.now()
    setup = now + pair.clock.short(durations.RESTORE_SETUP)
    mirror = half.add_mirror(half.local.topics[topic], topic, Status.PENDING_SETUP_FOR_RESTORE, now)
    due = setup + pair.clock.short(durations.RESTORE_TRUNCATE)
    start(half, mirror, Status.PENDING_SETUP_FOR_RESTORE, Restore(setup, due), now)


RESTORE = "truncate-and-restore"
Check = Callable[["Pair", "LinkHalf", str], str | None]
Begin = Callable[["Pair", "LinkHalf", str], None]
# The names are the verbs of the CLI and of kafka-mirrors; over REST the two reverse paths end in "-mirror".
ACTIONS: dict[str, tuple[Check, Begin]] = {
    "failover": (_check_failover, _failover),
    "promote": (_check_promote, _promote),
    "pause": (_check_pause, _pause),
    "resume": (_check_resume, _resume),
    "reverse-and-start": (_check_reverse, _reverse_and_start),
    "reverse-and-pause": (_check_reverse, _reverse_and_pause),
    RESTORE: (_check_restore, _restore),
}
