"""How long something usually takes, from how long it took before: lengths that happened, never an average of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from runbooks.engine.vantage import span

FEWEST = 3  # below that nothing is usual


@dataclass(frozen=True)
class Pace:
    """`usual` is the median, `most` the length that 95 of 100 stay within; `times` is how many were looked at."""

    usual: timedelta
    most: timedelta
    times: int

    def is_slow(self, spent: timedelta) -> bool:
        return spent > self.most

    def __str__(self) -> str:
        return f"usually {span(self.usual)}, 95 % under {span(_up(self.most))}"


def pace(lengths: Iterable[timedelta]) -> Pace | None:
    """None where it was not done often enough to say anything."""
    ordered = sorted(length for length in lengths if length >= timedelta())
    if len(ordered) < FEWEST:
        return None
    return Pace(_rank(ordered, 50), _rank(ordered, 95), len(ordered))


def _rank(ordered: Sequence[timedelta], percent: int) -> timedelta:
    return ordered[ceil(len(ordered) * percent / 100) - 1]


def _up(length: timedelta) -> timedelta:
    """To the next whole second, so that what is called its bound is one."""
    return timedelta(seconds=int(length.total_seconds()) + 1)
