"""Where each client of a run stands: moved, moving, missing. One that no step names is missing too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from clusters.declared import PairEntry
from clusters.facts import ClientFacts
from runbooks.engine.outcome import ItemState
from runbooks.models import Item, Run, StepRun
from runbooks.queries.words import Chip
from runbooks.services.script import kind_of

ARRIVES = ("clients.route", "groups.start")
LEAVES = ("clients.stop", "groups.stop")
UNDER_WAY = frozenset({ItemState.SENT, ItemState.WAITING})


class Place(StrEnum):
    """Worst first."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    MOVING = "moving"
    WAITING = "not begun"
    MOVED = "moved"


CHIPS = {
    Place.MISSING: Chip("critical", "missing"),
    Place.UNKNOWN: Chip("unknown", "unknown, looking"),
    Place.MOVING: Chip("machine", "moving"),
    Place.WAITING: Chip("locked", "not begun"),
    Place.MOVED: Chip("ok", "moved"),
}


@dataclass(frozen=True)
class BoardLine:
    """`step` is the number of the step that says so, 0 for a client that no step names."""

    client: str
    driver: str
    to: str
    place: Place
    saw: str
    at: datetime | None = None
    step: int = 0

    @property
    def chip(self) -> Chip:
        return CHIPS[self.place]


@dataclass(frozen=True)
class Board:
    lines: Sequence[BoardLine] = ()

    def __bool__(self) -> bool:
        return bool(self.lines)

    def __str__(self) -> str:
        counts = Counter(line.place for line in self.lines)
        return ", ".join(f"{counts[place]} {place}" for place in reversed(Place) if counts[place])


def board(run: Run, entry: PairEntry | None) -> Board:
    """Empty for a rehearsal, which moves nobody, and for a run that moves no clients."""
    steps = run.steps.filter(kind__in=(*ARRIVES, *LEAVES)).order_by("position").select_related("run__version")
    if entry is None or run.is_rehearsal:
        return Board()
    kinds = [(step, kind_of(step)) for step in steps]
    arriving = [(step, kind) for step, kind in kinds if step.kind in ARRIVES]
    if not arriving:
        return Board()
    newest = {(item.attempt.step_id, item.name): item for item in _items([step for step, _ in kinds])}
    found = [_line(client, kinds, newest, entry) for client in entry.clients if _names(client, arriving)]
    named = {line.client for line in found}
    lines = [*found, *_forgotten(entry, arriving, named)]
    return Board(sorted(lines, key=lambda line: (list(Place).index(line.place), line.client)))


def _items(steps: Sequence[StepRun]) -> Iterator[Item]:
    """Later armings last, so that they count."""
    rows = Item.objects.filter(attempt__step__in=steps).select_related("attempt")
    yield from rows.order_by("attempt__number")


def _line(
    client: ClientFacts, kinds: Sequence[tuple[StepRun, Any]], newest: dict[tuple[int, str], Item], entry: PairEntry
) -> BoardLine:
    """By the newest step that has begun to move it; done is only what arrived."""
    mine = [(step, kind) for step, kind in kinds if _is_of(client, kind)]
    arrival = next((step, kind) for step, kind in reversed(mine) if step.kind in ARRIVES)
    place, saw, at, number = Place.WAITING, "", None, arrival[0].position
    for step, _ in mine:
        item = newest.get((step.pk, f"{client.driver}/{client.name}")) or newest.get((step.pk, client.group or ""))
        if item is not None and item.state != ItemState.PLANNED:
            place, saw, at, number = _place(step, item), item.saw, item.updated_at, step.position
        if step.kind in ARRIVES and step.state in {"skipped", "cancelled"}:
            place, saw, number = Place.MISSING, f"step {step.position} was {step.state}", step.position
    return BoardLine(client.name, client.driver, _to(arrival[1], entry), place, saw, at, number)


def _place(step: StepRun, item: Item) -> Place:
    if item.state == ItemState.UNKNOWN or step.state == "unknown":
        return Place.UNKNOWN
    if item.state == ItemState.DONE:
        return Place.MOVED if step.kind in ARRIVES else Place.MOVING
    return Place.MOVING if item.state in UNDER_WAY else Place.MISSING


def _forgotten(entry: PairEntry, arriving: Sequence[tuple[StepRun, Any]], named: set[str]) -> Iterator[BoardLine]:
    """Declared at the home that others are moved away from, and named by no step."""
    left = {entry.other(_to(kind, entry)).name for _, kind in arriving}
    homes = {client.home for client in entry.clients if client.name in named}
    for client in entry.clients:
        if client.name not in named and client.home in left & homes:
            yield BoardLine(client.name, client.driver, "", Place.MISSING, f"home {client.home}; no step names it")


def _names(client: ClientFacts, kinds: Sequence[tuple[StepRun, Any]]) -> bool:
    return any(_is_of(client, kind) for _, kind in kinds)


def _is_of(client: ClientFacts, kind: Any) -> bool:  # noqa: ANN401  (a step kind of any class)
    return client.name in getattr(kind, "clients", ()) or client.group in getattr(kind, "groups", ())


def _to(kind: Any, entry: PairEntry) -> str:  # noqa: ANN401
    return str(kind.to or entry.other(kind.away_from).name)
