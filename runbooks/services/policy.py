"""The executor's numbers, in one place. A sandbox pair counts seconds where a real one counts minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from clusters.declared import PairEntry

LEASE = timedelta(seconds=30)  # of a claim; longer than the slowest slice
READ_S = 4.0  # both sides of a pair
WRITE_S = 10.0  # one call, from the first byte to the last
SEND_WITHIN_S = 16.0  # from the claim to the first byte; leaves the call its time, and the lease some
LOOKS = (1.0, 2.0, 4.0, 8.0, 10.0)  # seconds between looks; the last repeats
PREFLIGHT_EVERY = timedelta(seconds=10)
PICK_LAPSES = timedelta(seconds=30)  # a look or a preflight whose worker died is free again
REPUBLISH_AFTER = timedelta(seconds=3)
TAKE_OVER_AFTER = timedelta(seconds=6)
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
SANDBOX = Patience(looks=3, over=timedelta(seconds=6), rarest=timedelta(seconds=2))


def patience(entry: PairEntry | None) -> Patience:
    return SANDBOX if entry is not None and entry.sandbox is not None else REAL


def next_look(looks: int, entry: PairEntry | None) -> timedelta:
    """How long to wait after the look number `looks`, counted from 0."""
    return min(timedelta(seconds=LOOKS[min(looks, len(LOOKS) - 1)]), patience(entry).rarest)
