"""How a text of the engine says when something was, so that no two places say it in their own way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runbooks.engine.vantage import span

DAY = timedelta(days=1)


def moment(at: datetime | str | None, now: datetime) -> str:
    """`07:12:01 UTC, 4:10 ago`, with the day where it was another one. Evidence keeps instants as ISO text."""
    found = _read(at)
    if found is None:
        return "at a time not known"
    found, now = found.astimezone(UTC), now.astimezone(UTC)
    day = "" if found.date() == now.date() else f"{found:%-d %B %Y}, "
    return f"{day}{found:%H:%M:%S} UTC, {_ago(now - found)}"


def _ago(age: timedelta) -> str:
    return f"{span(age)} ago" if age < DAY else f"{age.days} d ago"


def _read(at: datetime | str | None) -> datetime | None:
    """None for what is no instant, or names no zone: such a time would be guessed."""
    try:
        found = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return None
    return found if found and found.tzinfo else None
