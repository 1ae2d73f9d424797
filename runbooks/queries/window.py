"""The time between the failure and the end of the RTO, as a drawing: where now is, and how much is left to wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from runbooks.queries.words import clock, length

WIDE, TALL = 1178.0, 398.0


@dataclass(frozen=True)
class Window:
    """`spent` is the share of the RTO that is over, from 0 to 1."""

    failure: str
    now: str
    ends: str
    left: str
    is_over: bool
    spent: float

    @property
    def wide(self) -> dict[str, str]:
        return _drawn(self.spent, WIDE)

    @property
    def tall(self) -> dict[str, str]:
        return _drawn(self.spent, TALL)


def _drawn(spent: float, width: float) -> dict[str, str]:
    x = 1 + width * spent
    # The label of "now" turns to the left before it would run out of the drawing.
    turns = spent > 0.7
    return {
        "full": f"{width * spent:.1f}",
        "x": f"{x:.1f}",
        "rest": f"{width * (1 - spent):.1f}",
        "label": f"{x - 6 if turns else x + 6:.1f}",
        "anchor": "end" if turns else "start",
        "middle": f"{x + width * (1 - spent) / 2:.1f}",
    }


def window(t0: datetime, rto: timedelta, now: datetime) -> Window:
    left = t0 + rto - now
    return Window(
        clock(t0),
        clock(now),
        clock(t0 + rto),
        length(abs(left)),
        left <= timedelta(),
        min(max((now - t0) / rto, 0.0), 1.0),
    )
