"""The form that starts a run: mode, and a value for each parameter of the runbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict

from clusters.declared import PairEntry, SideEntry
from clusters.facts import PairFacts
from dashboard import history
from runbooks.engine.parameters import suggested
from runbooks.engine.states import RUN_OVER, Mode
from runbooks.engine.values import CLIENTS, ENDPOINT, GROUPS, SIDE, TOPICS
from runbooks.engine.vantage import assess
from runbooks.engine.written import Parameter, RunbookDefinition
from runbooks.models import DefinitionVersion, Incident, Run
from runbooks.queries.drills import Practice, practice
from runbooks.queries.pace import paces
from runbooks.queries.plan import PlanLine, plan
from runbooks.queries.words import listed
from runbooks.services.definitions import parsed

FIELD = "parameter-"
MOST_BOXES = 200  # beyond that names are typed, one a line


@dataclass(frozen=True)
class Choice:
    """One box or radio of a parameter, or of the mode; `why_not` says why it cannot be chosen."""

    value: str
    label: str
    is_chosen: bool
    note: str = ""
    why_not: str = ""


@dataclass(frozen=True)
class Asked:
    """`shape` is one of choices (one), boxes (several), lines (several, typed) and text."""

    name: str
    title: str
    help: str
    shape: str
    choices: Sequence[Choice] = field(default_factory=tuple)
    text: str = ""


@dataclass(frozen=True)
class StartPage:
    entry: PairEntry
    version: DefinitionVersion
    runbook: RunbookDefinition
    side: str
    modes: Sequence[Choice]
    asked: Sequence[Asked]
    values: Mapping[str, Any]
    incident: Incident | None
    active: Run | None
    read_at: datetime | None
    steps: Sequence[PlanLine]
    practice: Practice | None  # only while nothing is down: then a drill would meet a refusal

    def incident_for(self, mode: Mode) -> int | None:
        """A live run belongs to the open incident; a drill and a rehearsal to none."""
        return self.incident.pk if self.incident and mode is Mode.LIVE else None


def start_page(
    entry: PairEntry, version: DefinitionVersion, side: str, now: datetime, *, said: QueryDict | None = None
) -> StartPage:
    """Filled in for `side`, or from what a form `said`."""
    runbook, facts = parsed(version.text), history.latest(entry.name)
    incident = Incident.objects.filter(pair=entry.name, closed_at=None).first()
    active = Run.objects.filter(pair=entry.name, mode__in=[Mode.LIVE, Mode.DRILL]).exclude(state__in=RUN_OVER).first()
    side = side if side in {each.name for each in entry.sides} else incident.side if incident else entry.home.name
    if said is not None:
        values = {parameter.name: _said(parameter, said) for parameter in runbook.parameters}
    else:
        values = suggested(runbook, side, facts) if facts else {}
    chosen = str(said.get("mode", "")) if said is not None else ""
    return StartPage(
        entry,
        version,
        runbook,
        side,
        _modes(entry, runbook, incident, active, chosen),
        [_asked(parameter, values.get(parameter.name), entry, facts) for parameter in runbook.parameters],
        {name: value for name, value in values.items() if value},
        incident,
        active,
        min((found.read_at for found in facts.sides.values()), default=None) if facts else None,
        list(plan(runbook, paces(entry.name))),
        practice(entry, runbook, side) if incident is None and not _is_down(facts, side, now) else None,
    )


def _is_down(facts: PairFacts | None, side: str, now: datetime) -> bool:
    return facts is not None and assess(facts, side, now).is_confirmed


def _said(parameter: Parameter, said: QueryDict) -> str | tuple[str, ...]:
    name = f"{FIELD}{parameter.name}"
    if not parameter.type.is_list:
        return str(said.get(name, "")).strip()
    lines = [line.strip() for value in said.getlist(name) for line in str(value).splitlines()]
    return tuple(line for line in lines if line)


def _modes(
    entry: PairEntry, runbook: RunbookDefinition, incident: Incident | None, active: Run | None, chosen: str
) -> list[Choice]:
    locked = (
        "" if entry.may_change else "the inventory says may_change: false for this pair: looking and rehearsing only"
    )
    busy = f"{active} is active on this pair, and only one run can be" if active else ""
    is_free = incident is not None or runbook.is_planned
    live = locked or busy or ("" if is_free else "a live run belongs to an incident: assess and declare it first")
    belongs = "and belong to the open incident" if incident or not is_free else "for planned work, with nothing broken"
    drill = locked or busy or (f"incident {incident.pk} is open: this is no time for a drill" if incident else "")
    first = chosen or ("live" if incident and not live else "rehearsal")
    return [
        Choice("live", "Live", first == "live", f"Commands are real, {belongs}.", live),
        Choice(
            "drill",
            "Drill",
            first == "drill",
            "Commands are real; the run and its report are marked as a drill.",
            drill,
        ),
        Choice(
            "rehearsal",
            "Rehearsal",
            first == "rehearsal",
            "Nothing is sent: guards and vendor dry runs on today's facts.",
        ),
    ]


def _asked(parameter: Parameter, value: object, entry: PairEntry, facts: PairFacts | None) -> Asked:
    known = _known(parameter, entry, facts)
    if known is None:
        shape = "lines" if parameter.type.is_list else "text"
        text = "\n".join(value) if isinstance(value, tuple) else str(value or "")
        return Asked(
            f"{FIELD}{parameter.name}", parameter.title, parameter.help or parameter.type.help, shape, text=text
        )
    given = {str(name) for name in (value if isinstance(value, tuple) else (value,)) if name}
    extra = dict.fromkeys(sorted(given - known.keys()), "")
    choices = [Choice(name, name, name in given, note) for name, note in (known | extra).items()]
    shape = "boxes" if parameter.type.is_list else "choices"
    return Asked(f"{FIELD}{parameter.name}", parameter.title, parameter.help, shape, choices)


def _known(parameter: Parameter, entry: PairEntry, facts: PairFacts | None) -> dict[str, str] | None:
    """The names to choose from, each with a word about it; None where it has to be typed."""
    if parameter.type == SIDE:
        return {side.name: _about(side) for side in entry.sides}
    if parameter.type == CLIENTS:
        fleets = [client for client in entry.clients if client.kind == "producers"]
        return {client.name: f"home {client.home}: {listed(client.topics)}" for client in fleets}
    if parameter.type == GROUPS:
        return {
            client.group: f"home {client.home}: {listed(client.topics)}" for client in entry.clients if client.group
        }
    if parameter.type == ENDPOINT:
        return dict.fromkeys(entry.endpoints, "")
    if parameter.type == TOPICS:
        return _topics(entry, facts)
    return None


def _about(side: SideEntry) -> str:
    said = [side.region if side.region != side.name else "", "home" if side.is_home else ""]
    return ", ".join(word for word in said if word)


def _topics(entry: PairEntry, facts: PairFacts | None) -> dict[str, str] | None:
    mirrors = {
        mirror.topic: f"mirror on {side.side}"
        for side in (facts.sides.values() if facts else ())
        for mirror in side.mirrors or ()
    }
    found = dict.fromkeys((topic for client in entry.clients for topic in client.topics), "") | mirrors
    return found if len(found) <= MOST_BOXES else None
