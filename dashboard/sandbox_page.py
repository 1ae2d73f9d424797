"""The page of sandbox controls: what is switched on, where clients run, and the truth beside what is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.models import GroupNow, MirrorNow
from dashboard.sandbox import Active, Command, Controls, Fault, SandboxError, Target, active
from dashboard.standing import PairStanding, standing

COMMANDS = 20


@dataclass(frozen=True)
class Switch:
    """One fault on one side, or on both where `side` is empty. `key` names it on the page."""

    side: str
    on: Active | None
    key: str


@dataclass(frozen=True)
class FaultCard:
    fault: Fault
    switches: tuple[Switch, ...]

    @property
    def is_on(self) -> bool:
        return any(switch.on for switch in self.switches)


@dataclass(frozen=True)
class Compared:
    """One thing: how it really is, and what the console believes. `differs`: a fault, or a poll that is not in yet."""

    what: str
    truth: str
    believed: str
    is_unknown: bool

    @property
    def differs(self) -> bool:
        return not self.is_unknown and self.truth != self.believed


@dataclass(frozen=True)
class SandboxPage:
    pair: str
    sides: tuple[str, ...]
    faults: tuple[FaultCard, ...] = ()
    targets: tuple[Target, ...] = ()
    commands: tuple[Command, ...] = ()
    compared: tuple[Compared, ...] = ()
    problem: str = ""

    @property
    def on(self) -> tuple[FaultCard, ...]:
        return tuple(card for card in self.faults if card.is_on)


def sandbox_page(controls: Controls) -> SandboxPage:
    entry = controls.entry
    sides = tuple(side.name for side in entry.sides)
    try:
        truth = controls.truth()
        return SandboxPage(
            pair=entry.name,
            sides=sides,
            faults=tuple(_cards(controls.faults(), active(truth), sides)),
            targets=controls.targets(),
            commands=controls.journal()[:COMMANDS],
            compared=tuple(_compared(truth, standing(entry.name))),
        )
    except SandboxError as error:
        return SandboxPage(entry.name, sides, problem=str(error))


def _cards(faults: tuple[Fault, ...], on: tuple[Active, ...], sides: tuple[str, ...]) -> Iterator[FaultCard]:
    running = {(each.name, each.side): each for each in on}
    for fault in faults:
        where = sides if fault.has_sides else ("",)
        yield FaultCard(
            fault, tuple(Switch(side, running.get((fault.name, side)), f"{fault.name}-{side}") for side in where)
        )


def _compared(truth: Mapping[str, Any], pair: PairStanding | None) -> Iterator[Compared]:
    if pair is None:
        return
    for side in pair.sides:
        found = truth["sides"].get(side.name, {})
        believed = "up" if side.is_fresh and not side.is_silent else "down"
        yield Compared(side.name, "up" if found.get("up") else "down", believed, not side.is_fresh)
    yield from _mirrors(truth, pair)
    yield from _groups(truth, pair)


def _mirrors(truth: Mapping[str, Any], pair: PairStanding) -> Iterator[Compared]:
    known = {(row.side, row.topic): row.status for row in MirrorNow.objects.filter(pair=pair.entry.name)[:200]}
    for side in pair.sides:
        for topic, found in truth["sides"].get(side.name, {}).get("topics", {}).items():
            if (status := found.get("mirror_status")) is not None and len(known) < 200:
                believed = known.get((side.name, topic), "not read")
                yield Compared(f"{topic} on {side.name}", status, believed, not side.has_fresh_mirrors)


def _groups(truth: Mapping[str, Any], pair: PairStanding) -> Iterator[Compared]:
    rows = {(row.side, row.group): row for row in GroupNow.objects.filter(pair=pair.entry.name)[:200]}
    for side in pair.sides:
        for group, found in truth["sides"].get(side.name, {}).get("groups", {}).items():
            row = rows.get((side.name, group))
            believed = f"{row.state}, {row.members}" if row else "not read"
            is_unknown = not side.is_fresh or side.is_silent
            yield Compared(
                f"group {group} on {side.name}", f"{found['state']}, {found['members']}".upper(), believed, is_unknown
            )
