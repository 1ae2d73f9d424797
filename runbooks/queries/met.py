"""What a run met on its way, read off the record: refusals by guards, and results that no longer held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.entries import Entry, entries
from audit.models import Event
from runbooks.engine.outcome import Level
from runbooks.models import Run, StepRun

REFUSED = "step.refused"
DRIFT = {
    "step.drifted": "no longer holds",
    "step.restored": "holds again",
    "drift.acknowledged": "may stay as it is",
}
JUDGED = {"code", "title", "saw", "needs", "says", "level", "is_met"}
Titles = Mapping[int, tuple[int, str]]  # position and title by step


@dataclass(frozen=True)
class Refusal:
    """One guard that refused a step. `code` is empty where it could not be judged at all."""

    at: datetime
    number: int
    step: str
    code: str
    title: str
    saw: str
    needs: str
    says: str


@dataclass(frozen=True)
class Drift:
    """What became of a result: it no longer held, it held again, or somebody said by name that it may stay so."""

    at: datetime
    number: int
    step: str
    what: str
    why: str
    who: str
    reason: str


def refusals_met(run: Run, titles: Titles) -> list[Refusal]:
    """Each right before sending, oldest first; in a rehearsal, what would have refused."""
    found = (_refusals(entry, titles) for entry in _of(run, [REFUSED]))
    return [refusal for each in found for refusal in each]


def drift_found(run: Run, titles: Titles) -> list[Drift]:
    return [_drift(entry, titles) for entry in _of(run, list(DRIFT))]


def titles_of(steps: Iterable[StepRun]) -> Titles:
    return {step.pk: (step.position, step.title) for step in steps}


def _of(run: Run, kinds: Sequence[str]) -> list[Entry]:
    return entries(Event.objects.filter(run=run.pk, kind__in=kinds).order_by("seq"))


def _refusals(entry: Entry, titles: Titles) -> Iterator[Refusal]:
    at, (number, step) = entry.event.at, _step(entry, titles)
    said = str(entry.body["facts"].get("summary", ""))
    refusing = [guard for guard in entry.body["guards"] if _refuses(guard, said)]
    for guard in refusing:
        yield Refusal(at, number, step, guard["code"], guard["title"], guard["saw"], guard["needs"], guard["says"])
    if said and not refusing:
        yield Refusal(at, number, step, "", "Could not be sent", "", "", said)


def _refuses(guard: Mapping[str, Any], said: str) -> bool:
    """The summary names those that refused, so that one which was overridden is not counted; a rehearsal has none."""
    if not guard.keys() >= JUDGED or guard["is_met"] or guard["level"] == Level.WARNING:
        return False
    return not said or f"refused by {guard['code']}:" in said


def _drift(entry: Entry, titles: Titles) -> Drift:
    number, step = _step(entry, titles)
    facts = entry.body["facts"]
    why = str(facts.get("why") or facts.get("drift") or "")
    return Drift(entry.event.at, number, step, DRIFT[entry.event.kind], why, entry.who, entry.reason)


def _step(entry: Entry, titles: Titles) -> tuple[int, str]:
    return titles.get(entry.event.step or 0, (0, str(entry.body["object"])))
