"""What was measured, and how it is printed: never a ratio whose floor was not measured in the same call."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


class NoFloor(Exception):
    """A ratio was asked for, and its floor was not run in this call."""


@dataclass(frozen=True)
class Samples:
    """Durations in seconds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        return self.percentile(0.95)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.values)
        return ordered[math.ceil(share * len(ordered)) - 1]

    def __str__(self) -> str:
        parts = {"min": min(self.values), "median": self.median, "p95": self.p95}
        if len(self.values) >= 100:
            parts["p99"] = self.percentile(0.99)
        return f"n {len(self.values):<4} " + "  ".join(f"{name} {_ms(value)}" for name, value in parts.items())


def timed(act: Callable[[], object], times: int) -> Samples:
    """Wall time of each call, after one that warms up."""
    act()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append(time.perf_counter() - began)
    return Samples(tuple(found))


class Board:
    """Prints each figure as it comes, with its floor and its goal."""

    def __init__(self, write: Callable[[str], object] = print) -> None:
        self._write = write
        self._floors: dict[str, float] = {}

    def say(self, text: str) -> None:
        self._write(text)

    def floor(self, name: str, samples: Samples) -> None:
        self._floors[name] = samples.median
        self._write(f"  floor: {name:<47} {samples}")

    def floor_rate(self, name: str, rate: float) -> None:
        self._floors[name] = rate
        self._write(f"  floor: {name:<47} {rate:>12,.0f} per s")

    def durations(self, name: str, values: Iterable[float], *, floor: str = "", goal: str = "") -> Samples:
        samples = Samples(tuple(values))
        ratio = f"  {samples.median / self._of(floor):.1f}× floor" if floor else ""
        self._write(f"  {name:<54} {samples}{ratio}{_goal(goal)}")
        return samples

    def rate(self, name: str, rate: float, *, floor: str = "", goal: str = "") -> None:
        ratio = f"  {rate / self._of(floor):.2f}× floor" if floor else ""
        self._write(f"  {name:<54} {rate:>12,.0f} per s{ratio}{_goal(goal)}")

    def bytes(self, name: str, number: int, *, floor: int | None = None, goal: str = "") -> None:
        beside = f"  (floor {floor:,})" if floor is not None else ""
        self._write(f"  {name:<54} {number:>12,} bytes{beside}{_goal(goal)}")

    def _of(self, floor: str) -> float:
        if floor not in self._floors:
            raise NoFloor(f"the floor {floor!r} was not run in this call: no ratio is printed against an old one")
        return self._floors[floor]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:>8.2f} ms"


def _goal(text: str) -> str:
    return f"  goal: {text}" if text else ""
