"""Reading the record, for the audit pages and for the pages of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from audit.entries import Entry, entries
from audit.models import Event
from audit.verify import Result, verify

PAGE = 50
CHECKED = 2000  # how many events a page checks before it answers


@dataclass(frozen=True)
class Page:
    """A stretch of the events that fit a filter, in the order asked for."""

    entries: Sequence[Entry]
    count: int
    next: int | None  # the seq to go on beyond
    is_first: bool


def events_of_run(run_id: int, *, limit: int = 1000) -> list[Entry]:
    """The newest events of a run, oldest first."""
    newest = Event.objects.filter(run=run_id).order_by("-seq")[:limit]
    return entries(reversed(newest))


def events_of_person(person: str, *, account: str, since: datetime, until: datetime, limit: int = 500) -> list[Entry]:
    """What a person did with one account in a period, oldest first."""
    rows = Event.objects.filter(person=person, at__gte=since, at__lte=until).order_by("seq")[:limit]
    return [entry for entry in entries(rows) if entry.body["actor"]["id"] == account]


def page(events: QuerySet[Event], *, beyond: int | None = None, oldest_first: bool = False) -> Page:
    """One page: `beyond` is the seq that the page before it ended with."""
    ordered = events.order_by("seq" if oldest_first else "-seq")
    if beyond is not None:
        ordered = ordered.filter(seq__gt=beyond) if oldest_first else ordered.filter(seq__lt=beyond)
    rows = list(ordered[: PAGE + 1])
    following = rows[PAGE - 1].seq if len(rows) > PAGE else None
    return Page(entries(rows[:PAGE]), events.count(), following, beyond is None)


def consistency(shown: Sequence[Entry]) -> Result | None:
    """Whether the record is as it was written, over the stretch that is shown, or the newest of it where it is long."""
    if not shown:
        return None
    seqs = [entry.event.seq for entry in shown]
    return verify(max(min(seqs), max(seqs) - CHECKED + 1), max(seqs))
