"""Is it an outage, and of what? Judged from what every vantage point sees of a side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clusters.facts import PairFacts, Vantage

POINTS_NEEDED = 2


class Outage(StrEnum):
    """Only `down` is an outage of the side; the letters are the classes operators know."""

    DOWN = "a"
    LINK_ONLY = "b"
    CLIENTS_CUT = "c"
    OTHER_SIDE = "d"
    UNPROVEN = "unproven"
    NONE = "none"


@dataclass(frozen=True)
class Assessment:
    """`agreeing` see the side gone without a break; `proven_for` is how long at least two of them have."""

    side: str
    outage: Outage
    says: str
    agreeing: tuple[Vantage, ...]
    proven_for: timedelta
    needed_for: timedelta

    @property
    def is_confirmed(self) -> bool:
        return self.outage is Outage.DOWN and self.proven_for >= self.needed_for


def assess(facts: PairFacts, side: str, now: datetime) -> Assessment:
    points = current(facts, side, now)
    gone = tuple(sorted((point for point in points if point.sees is False), key=lambda point: point.since or now))
    outage, says = _classify(facts, side, points, len(gone))
    proven = now - (gone[POINTS_NEEDED - 1].since or now) if len(gone) >= POINTS_NEEDED else timedelta(0)
    return Assessment(side, outage, says, gone, max(proven, timedelta(0)), facts.policy.unreachable_for)


def current(facts: PairFacts, side: str, now: datetime) -> tuple[Vantage, ...]:
    """The vantage points with an opinion that is not older than the policy allows."""
    return tuple(
        point
        for point in facts.seen_from(side)
        if point.sees is not None and point.at is not None and now - point.at <= facts.policy.facts_for
    )


def _classify(facts: PairFacts, side: str, points: tuple[Vantage, ...], gone: int) -> tuple[Outage, str]:
    other = facts.other(side)
    seeing = [point for point in points if point.sees]
    by_console = [point for point in seeing if point.kind == "console"]
    if not points:
        return Outage.UNPROVEN, f"no vantage point has a fresh opinion of {side}"
    if by_console and gone and not other.reachable:
        return Outage.OTHER_SIDE, f"{side} answers this console and {other.side} does not: look at {other.side}"
    if by_console and gone:
        return Outage.LINK_ONLY, f"{side} answers this console; only the way between the two clusters is broken"
    if seeing and gone:
        who = ", ".join(point.name for point in seeing)
        return (
            Outage.CLIENTS_CUT,
            f"{side} is up: {who} still sees it. Only this console and clients outside are cut off",
        )
    if not gone:
        return Outage.NONE, f"nobody sees {side} failing"
    if gone < POINTS_NEEDED:
        return Outage.UNPROVEN, f"only {points[0].name} sees {side} failing; {POINTS_NEEDED} vantage points must agree"
    if not other.reachable:
        return Outage.OTHER_SIDE, f"{other.side} does not answer either: there is no side to move to"
    return Outage.DOWN, f"{side} is down for everybody: {gone} vantage points agree and none sees it"


def span(length: timedelta) -> str:
    """`4 s`, `3:05`, `1:02:03`: as the clocks on the page show it."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
