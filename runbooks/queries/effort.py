"""Machine time and human wait, told apart by the record: what a run's steps were at each moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.models import Event as Recorded
from runbooks.engine.states import MOVES, Event, StepState

# Every event of the table leads to one state only, so the kind of an event tells the state after it.
AFTER: dict[str, StepState] = {event: state for moves in MOVES.values() for event, state in moves.items()}
MACHINES = frozenset({StepState.QUEUED, StepState.CLAIMED, StepState.SENT, StepState.OBSERVING, StepState.UNKNOWN})


@dataclass(frozen=True)
class Move:
    at: datetime
    step: int
    state: StepState


@dataclass(frozen=True)
class Effort:
    """Of a stretch of time: while a step was with the machines, and the rest, which waited for people."""

    machines: timedelta
    people: timedelta

    @property
    def total(self) -> timedelta:
        return self.machines + self.people


def moves_of(run_ids: Iterable[int]) -> list[Move]:
    recorded = Recorded.objects.filter(run__in=list(run_ids), kind__startswith="step.").order_by("seq")
    rows = ((at, step, kind.removeprefix("step.")) for at, step, kind in recorded.values_list("at", "step", "kind"))
    return [Move(at, step, AFTER[Event(event)]) for at, step, event in rows if step is not None and event in AFTER]


def effort(moves: Iterable[Move], begin: datetime, end: datetime) -> Effort:
    """Split `begin` to `end`."""
    machines, since = timedelta(), begin
    states: dict[int, StepState] = {}
    for move in moves:
        at = min(max(move.at, begin), end)
        if MACHINES & set(states.values()):
            machines += at - since
        since, states[move.step] = at, move.state
    if MACHINES & set(states.values()):
        machines += end - since
    return Effort(machines, max(end - begin, timedelta()) - machines)
