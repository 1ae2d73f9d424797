"""Time in the sandbox: stamps are real, durations are divided by a scale."""

from __future__ import annotations

import time


class Clock:
    """Wall-clock stamps that never jump back; `short` turns a real-world duration into a sandbox one."""

    def __init__(self, scale: float = 60.0) -> None:
        if scale <= 0:
            raise ValueError(f"the scale is {scale}; it must be above 0")
        self.scale = scale
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since 1970. Monotonic, so a corrected host clock cannot undo what already happened here."""
        return self._offset + time.monotonic()

    def short(self, seconds: float) -> float:
        return seconds / self.scale


class ManualClock(Clock):
    """A clock that stands still until a test moves it."""

    def __init__(self, scale: float = 60.0, start: float = 1_800_000_000.0) -> None:
        super().__init__(scale)
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds
