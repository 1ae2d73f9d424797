"""The states of a step and a run, and the one table of legal moves (a database trigger backs it)."""

from __future__ import annotations

from enum import StrEnum


class IllegalMove(Exception):
    """The table does not allow this event in this state; nothing was changed."""


class StepState(StrEnum):
    LOCKED = "locked"
    READY = "ready"
    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    OBSERVING = "observing"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What happened to a step. The audit kind of a move is `step.` + this."""

    UNLOCKED = "unlocked"
    REQUESTED = "requested"  # confirmed, waits for other persons
    CONFIRMED = "confirmed"  # confirmed, no approvals needed
    APPROVED = "approved"  # the last approval
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VOIDED = "voided"
    CLAIMED = "claimed"
    RELEASED = "released"  # the lease lapsed before anything was sent
    REFUSED = "refused"  # a guard refused; nothing was sent
    SENT = "sent"
    BATCH_SENT = "batch-sent"
    STARTED = "started"  # kinds without apply
    ANSWERED = "answered"
    NOT_SENT = "not-sent"  # provably nothing applied
    LOST = "lost"  # no provable answer
    LOOKED = "looked"
    SUCCEEDED = "succeeded"
    PARTLY = "partly"
    FAILED = "failed"
    LOOK_AGAIN = "look-again"
    REARMED = "rearmed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


S, E = StepState, Event
MOVES: dict[StepState, dict[Event, StepState]] = {
    S.LOCKED: {E.UNLOCKED: S.READY, E.SKIPPED: S.SKIPPED, E.CANCELLED: S.CANCELLED},
    S.READY: {
        E.REQUESTED: S.AWAITING_APPROVAL,
        E.CONFIRMED: S.QUEUED,
        E.SKIPPED: S.SKIPPED,
        E.CANCELLED: S.CANCELLED,
    },
    S.AWAITING_APPROVAL: {
        E.APPROVED: S.QUEUED,
        E.DECLINED: S.READY,
        E.WITHDRAWN: S.READY,
        E.EXPIRED: S.READY,
        E.VOIDED: S.READY,
        E.CANCELLED: S.CANCELLED,
    },
    S.QUEUED: {E.CLAIMED: S.CLAIMED, E.WITHDRAWN: S.READY, E.CANCELLED: S.CANCELLED},
    S.CLAIMED: {E.RELEASED: S.QUEUED, E.REFUSED: S.BLOCKED, E.SENT: S.SENT, E.STARTED: S.OBSERVING},
    S.SENT: {E.BATCH_SENT: S.SENT, E.ANSWERED: S.OBSERVING, E.NOT_SENT: S.FAILED, E.LOST: S.UNKNOWN},
    S.OBSERVING: {E.SUCCEEDED: S.SUCCEEDED, E.PARTLY: S.PARTIAL, E.FAILED: S.FAILED},
    S.UNKNOWN: {
        E.LOOKED: S.OBSERVING,
        E.SUCCEEDED: S.SUCCEEDED,
        E.PARTLY: S.PARTIAL,
        E.FAILED: S.FAILED,
        E.REARMED: S.READY,
    },
    S.BLOCKED: {
        E.LOOK_AGAIN: S.QUEUED,
        E.VOIDED: S.READY,
        E.EXPIRED: S.READY,
        E.SKIPPED: S.SKIPPED,
        E.CANCELLED: S.CANCELLED,
    },
    S.PARTIAL: {E.REARMED: S.READY, E.SKIPPED: S.SKIPPED, E.CANCELLED: S.CANCELLED},
    S.FAILED: {E.REARMED: S.READY, E.SKIPPED: S.SKIPPED, E.CANCELLED: S.CANCELLED},
    S.SUCCEEDED: {},
    S.SKIPPED: {},
    S.CANCELLED: {},
}

TERMINAL = frozenset(state for state, moves in MOVES.items() if not moves)
IN_FLIGHT = frozenset({S.CLAIMED, S.SENT, S.OBSERVING, S.UNKNOWN})


def after(state: StepState, event: Event) -> StepState:
    """The state an event leads to; IllegalMove where the table has no such row."""
    try:
        return MOVES[StepState(state)][event]
    except KeyError:
        raise IllegalMove(f"a step that is {state} cannot be {event}") from None


class RunState(StrEnum):
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    ABORTING = "aborting"
    ABORTED = "aborted"
    COMPLETED = "completed"
    COMPLETED_WITH_EXCEPTIONS = "completed_with_exceptions"


R = RunState
RUN_MOVES: dict[RunState, frozenset[RunState]] = {
    R.RUNNING: frozenset({R.PAUSING, R.ABORTING, R.COMPLETED, R.COMPLETED_WITH_EXCEPTIONS}),
    R.PAUSING: frozenset({R.PAUSED, R.ABORTING}),
    R.PAUSED: frozenset({R.RUNNING, R.ABORTING}),
    R.ABORTING: frozenset({R.ABORTED}),
    R.ABORTED: frozenset(),
    R.COMPLETED: frozenset(),
    R.COMPLETED_WITH_EXCEPTIONS: frozenset(),
}
RUN_OVER = frozenset(state for state, nexts in RUN_MOVES.items() if not nexts)


class Mode(StrEnum):
    LIVE = "live"
    DRILL = "drill"
    REHEARSAL = "rehearsal"
