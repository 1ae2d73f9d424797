"""How far a cluster's clock is from this console's, told by the Date header of its answers.

The header counts whole seconds, so that one answer leaves a second open. Answers come at every part of a second: what
they say together narrows it to about the time that one answer takes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from clusters.facts import ClockSkew

WHOLE = timedelta(seconds=1)
DRIFT = 1e-4  # what good clocks drift apart in a second, at most; older answers tell less by it


def seen(date: str, sent: datetime, answered: datetime) -> ClockSkew | None:
    """The clock stood between `date` and a second later, at some moment between sending and answering."""
    try:
        said = parsedate_to_datetime(date)
    except ValueError:
        return None
    if said.tzinfo is None:
        said = said.replace(tzinfo=UTC)
    return ClockSkew(_floor_ms(said - answered), -_floor_ms(sent - said - WHOLE), answered)


def narrowed(known: ClockSkew | None, now: ClockSkew) -> ClockSkew:
    """What both allow. Where they contradict each other a clock was set, or other hosts answer: the newer stands."""
    if known is None:
        return now
    drift = round(DRIFT * 1000 * abs((now.at - known.at).total_seconds()))
    least, most = max(known.least_ms - drift, now.least_ms), min(known.most_ms + drift, now.most_ms)
    return ClockSkew(least, most, now.at) if least <= most else now


def _floor_ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
