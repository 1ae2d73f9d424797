"""What happened in a run, newest first, as its page tells it: the record has every event, this leaves out machinery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit.entries import Entry, entries
from audit.models import Event
from runbooks.engine.written import RunbookDefinition
from runbooks.models import Run

MOST = 20
MACHINERY = ("step.unlocked", "step.claimed", "step.started", "step.looked", "items.seen", "evidence.kept")


@dataclass(frozen=True)
class TimelineLine:
    """`said` names a step by its title; `quoted` is the reason somebody gave."""

    at: datetime
    mark: str
    said: str
    quoted: str
    seq: int


def timeline(run: Run, definition: RunbookDefinition) -> list[TimelineLine]:
    newest = Event.objects.filter(run=run.pk).exclude(kind__in=MACHINERY).order_by("-seq")[:MOST]
    titles = {f"{run}/{step.key}": f"“{step.title}”" for step in definition.steps}
    return [_line(entry, titles.get(entry.body["object"], "")) for entry in entries(newest)]


def _line(entry: Entry, title: str) -> TimelineLine:
    said = entry.said.replace(str(entry.body["object"]), title, 1) if title else entry.said
    return TimelineLine(entry.event.at, entry.mark, said, entry.quoted, entry.event.seq)
