"""The executor's numbers, in one place. A sandbox pair counts seconds where a real one counts minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from clusters.declared import PairEntry
from runbooks import trial

PACE = trial.pace()


def _limit(seconds: float, least: float) -> float:
    """A trial's pace shortens it, though not below what work takes on a busy machine."""
    return max(seconds * PACE, least)


LEASE = timedelta(seconds=30) * PACE  # of a claim; longer than the slowest slice
READ_S = 4.0  # both sides of a pair
LOST_S = _limit(1.5, least=0.5)  # of these, for a side that the poller lately waited for in vain
WRITE_S = _limit(10.0, least=1.0)  # one call, from the first byte to the last
SEND_WITHIN_S = _limit(16.0, least=3.0)  # from the claim to the first byte; leaves the call its time, the lease some
ANSWER_LATE = timedelta(seconds=_limit(5.0, least=1.0))  # to write down an answer that came in time
LOOKS = (1.0, 2.0, 4.0, 8.0, 10.0)  # seconds between looks; the last repeats
PREFLIGHT_EVERY = timedelta(seconds=_limit(10.0, least=1.0))
PICK_LAPSES = timedelta(seconds=_limit(30.0, least=3.0))  # a look or a preflight whose worker died is free again
REPUBLISH_AFTER = timedelta(seconds=_limit(3.0, least=0.5))
TAKE_OVER_AFTER = timedelta(seconds=_limit(6.0, least=1.0))
SWEEP_S = _limit(1.0, least=0.5)
PUT_RIGHT_S = 1.0
KEEP_OUTBOX = timedelta(hours=6)


@dataclass(frozen=True)
class Patience:
    """What proves that a command was not applied: so many looks in a row over so long, after the request's deadline.

    `rarest` is the longest that is ever waited between two looks.
    """

    looks: int
    over: timedelta
    rarest: timedelta


REAL = Patience(looks=3, over=timedelta(seconds=60), rarest=timedelta(seconds=10))
SANDBOX = Patience(looks=3, over=timedelta(seconds=6) * PACE, rarest=timedelta(seconds=_limit(2.0, least=0.4)))


def patience(entry: PairEntry | None) -> Patience:
    return SANDBOX if entry is not None and entry.sandbox is not None else REAL


def next_look(looks: int, entry: PairEntry | None) -> timedelta:
    """How long to wait after the look number `looks`, counted from 0."""
    return min(timedelta(seconds=LOOKS[min(looks, len(LOOKS) - 1)]), patience(entry).rarest)
