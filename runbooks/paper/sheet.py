"""One sheet: a runbook for a pair and the side it is about, with every name, command, box and expected value."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from clusters.by_hand import PairSpelt
from clusters.declared import PairEntry, SideEntry
from clusters.facts import PairFacts
from clusters.gateway import Command
from clusters.reading import pair_facts, unread_side
from dashboard import history
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case
from runbooks.engine.definition import build
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Guard
from runbooks.engine.outcome import Level
from runbooks.engine.parameters import suggested
from runbooks.engine.states import Mode
from runbooks.engine.values import SIDE, BadValue
from runbooks.engine.written import RunbookDefinition, StepDefinition
from runbooks.models import DefinitionVersion
from runbooks.paper.folding import folded
from runbooks.queries.plan import PlanLine, plan

NOT_READ = "not read for this sheet"


@dataclass(frozen=True)
class GuardLine:
    code: str
    title: str
    help: str
    is_absolute: bool


@dataclass(frozen=True)
class SheetStep:
    """`challenge` is the question, `hand` how people do it; `problem` says why it is not filled in, if it is not."""

    line: PlanLine
    step: StepDefinition
    challenge: str
    hand: ByHand
    guards: Sequence[GuardLine]
    problem: str = ""


@dataclass(frozen=True)
class SheetSide:
    entry: SideEntry
    versions: str
    secrets: Sequence[str]


@dataclass(frozen=True)
class Sheet:
    entry: PairEntry
    version: DefinitionVersion
    runbook: RunbookDefinition
    side: str
    values: Sequence[tuple[str, str]]
    sides: Sequence[SheetSide]
    steps: Sequence[SheetStep]
    inventory_digest: str
    made_at: datetime
    read_at: datetime | None

    @property
    def file(self) -> str:
        """Names of pairs and sides are words: no path can be made of them."""
        return f"{self.entry.name}--{self.runbook.slug}--{self.side}.html"


def sides_of(entry: PairEntry, runbook: RunbookDefinition) -> list[str]:
    """The sides a runbook may be about: the home, and each that is the home of clients; the home where it asks none."""
    if not any(parameter.type == SIDE for parameter in runbook.parameters):
        return [entry.home.name]
    homes = {client.home for client in entry.clients} | {entry.home.name}
    return [side.name for side in entry.sides if side.name in homes]


def sheet(
    entry: PairEntry,
    version: DefinitionVersion,
    runbook: RunbookDefinition,
    side: str,
    inventory_digest: str,
    now: datetime,
) -> Sheet:
    read = history.latest(entry.name)
    facts = read or _unread(entry)
    values = suggested(runbook, side, facts)
    case, tools = Case(facts, now, Mode.LIVE), PairSpelt(entry)
    return Sheet(
        entry,
        version,
        runbook,
        side,
        [(parameter.title, _said(values.get(parameter.name))) for parameter in runbook.parameters],
        [_side(each) for each in entry.sides],
        [_step(line, step, values, case, tools) for line, step in zip(plan(runbook), runbook.steps, strict=True)],
        inventory_digest,
        now,
        min((each.read_at for each in read.sides.values()), default=None) if read else None,
    )


def _unread(entry: PairEntry) -> PairFacts:
    """What the inventory alone tells."""
    return pair_facts(entry, {side.name: unread_side(entry, side.name, NOT_READ) for side in entry.sides})


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")


def _step(line: PlanLine, step: StepDefinition, values: Mapping[str, Any], case: Case, tools: PairSpelt) -> SheetStep:
    guards = [*_guards((*step.kind_class.guards, *step.guards))]
    try:
        kind = build(step, values)
        return SheetStep(line, step, kind.challenge(case), _folded(kind.by_hand(case, tools)), guards)
    except (BadValue, MissingFact, LookupError) as error:
        hand = ByHand(
            does=(" ".join((inspect.getdoc(step.kind_class) or "").split()),), notes=("What was done and seen",)
        )
        return SheetStep(line, step, f"{step.title}?", hand, guards, f"Not filled in: {error}.")


def _folded(hand: ByHand) -> ByHand:
    looks, sends = ([Command(each.what, folded(each.text)) for each in some] for some in (hand.looks, hand.sends))
    return replace(hand, looks=tuple(looks), sends=tuple(sends))


def _guards(guards: Sequence[Guard]) -> Iterator[GuardLine]:
    for guard in guards:
        said = (inspect.getdoc(guard) or "").partition("\n\n")[0]
        yield GuardLine(guard.code, guard.title, " ".join(said.split()), guard.level is Level.ABSOLUTE)


def _side(entry: SideEntry) -> SheetSide:
    versions = ", ".join(f"{broker}: {each.said}" for broker, each in sorted(entry.versions.items()))
    return SheetSide(entry, versions, sorted(set(_references(entry.ways))))


def _references(value: object) -> Iterator[str]:
    """Where secrets lie, wherever in the settings of a way in: their names, never what they hold."""
    if reference := getattr(value, "reference", None):
        yield str(reference)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _references(each)
    elif hasattr(value, "__dataclass_fields__"):
        yield from _references({name: getattr(value, name) for name in value.__dataclass_fields__})
