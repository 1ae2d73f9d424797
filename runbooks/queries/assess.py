"""Is it an outage, and if so: wait or act? All that the Assess page shows, from what was stored last."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clusters.declared import PairEntry
from clusters.facts import PairFacts, Topology, Vantage
from dashboard import history
from dashboard.history import Canary
from runbooks.engine.loss import Source
from runbooks.engine.vantage import Assessment, Outage, assess
from runbooks.engine.written import RunbookDefinition
from runbooks.models import DefinitionVersion, Incident, VersionState
from runbooks.queries.cases import Argument, Figures, arguments, figures
from runbooks.queries.drills import Practice, practice_on
from runbooks.queries.groups import GroupOnSides, groups_on_sides
from runbooks.queries.not_needed import Reason, reasons
from runbooks.queries.viewer import Viewer
from runbooks.queries.window import Window, window
from runbooks.queries.words import Chip, length
from runbooks.services.definitions import parsed
from runbooks.services.receipt import source_of

KINDS = {"console": "this console", "link": "the other cluster", "witness": "a network of its own"}
CLASSES = (
    (Outage.DOWN, "(a)", "{side} is down for everybody"),
    (Outage.LINK_ONLY, "(b)", "Only the link is broken"),
    (Outage.CLIENTS_CUT, "(c)", "Only clients are cut off"),
    (Outage.OTHER_SIDE, "(d)", "{other} is the sick one"),
)


@dataclass(frozen=True)
class WitnessRow:
    name: str
    stands_in: str
    chip: Chip
    said: str
    since: datetime | None
    at: datetime | None


@dataclass(frozen=True)
class ClassRow:
    letter: str
    title: str
    is_it: bool


@dataclass(frozen=True)
class Match:
    """A runbook for this pair, in the version that would run. `is_planned`: nothing has to be broken for it;
    `is_trial`: it goes the way of a failover, and can be gone back.
    """

    version: DefinitionVersion
    title: str
    help: str
    steps: int
    is_planned: bool
    is_trial: bool


@dataclass(frozen=True)
class AssessPage:
    entry: PairEntry
    side: str
    other: str
    found: Assessment
    answer: str
    witnesses: Sequence[WitnessRow]
    classes: Sequence[ClassRow]
    figures: Figures
    canary: Canary | None
    cases: tuple[Argument, Argument]
    not_needed: Sequence[Reason]
    groups: Sequence[GroupOnSides]
    read_at: datetime
    runbooks: Sequence[Match]
    incident: Incident | None
    window: Window | None
    topology: Topology
    viewer: Viewer
    now: datetime
    practice: Practice | None  # while nobody sees the side failing

    @property
    def down(self) -> int:
        return sum(row.chip.word == "down" for row in self.witnesses)

    @property
    def up(self) -> int:
        return sum(row.chip.word == "up" for row in self.witnesses)

    @property
    def silent(self) -> int:
        return len(self.witnesses) - self.down - self.up

    @property
    def for_outages(self) -> list[Match]:
        return [match for match in self.runbooks if not match.is_planned]

    @property
    def for_quiet_days(self) -> list[Match]:
        return [match for match in self.runbooks if match.is_planned]

    @property
    def tag(self) -> str:
        """Of everything but the ages."""
        newest = max((row.at for row in self.witnesses if row.at), default=None)
        found, incident = self.found, self.incident and self.incident.pk
        said = repr((self.answer, found.outage, found.is_confirmed, newest, incident, self.figures.read_at))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def assess_page(entry: PairEntry, side: str, viewer: Viewer, now: datetime) -> AssessPage | None:
    """None before both sides were read once."""
    facts = history.latest(entry.name)
    if facts is None:
        return None
    found = assess(facts, side, now)
    incident = Incident.objects.filter(pair=entry.name, closed_at=None).select_related("declared_by").first()
    t0 = _t0(entry.name, side, incident)
    numbers = figures(facts, side, history.rates(entry.name, side), _source(facts, side, incident, now), t0, now)
    other = facts.other(side).side
    return AssessPage(
        entry,
        side,
        other,
        found,
        _answer(facts, found, numbers, entry),
        [_witness(row, other, entry) for row in sorted(facts.seen_from(side), key=lambda row: (row.kind, row.name))],
        [
            ClassRow(letter, title.format(side=side, other=other), found.outage is outage)
            for outage, letter, title in CLASSES
        ],
        numbers,
        history.canary(entry.name, side),
        arguments(facts, side, numbers),
        reasons(facts, found),
        groups_on_sides(facts),
        min(each.read_at for each in facts.sides.values()),
        matches(facts.topology),
        incident,
        window(t0, facts.policy.rto, now) if t0 else None,
        facts.topology,
        viewer,
        now,
        practice_on(entry, side) if incident is None and found.outage is Outage.NONE else None,
    )


def _t0(pair: str, side: str, incident: Incident | None) -> datetime | None:
    if incident is not None and incident.side == side:
        return incident.t0
    failure = history.first_failure(pair, side)
    return failure.at if failure else None


def _source(facts: PairFacts, side: str, incident: Incident | None, now: datetime) -> Source:
    """As it was read before it was lost; or, while it answers, as it would be if it were lost before the next poll."""
    if incident is not None and incident.side == side:
        return source_of(facts, side, incident.t0, timedelta(milliseconds=incident.t0_uncertainty_ms))
    at, uncertainty = history.first_failure(facts.pair, side) or (now, facts.policy.poll)
    return source_of(facts, side, at, uncertainty)


def _answer(facts: PairFacts, found: Assessment, numbers: Figures, entry: PairEntry) -> str:
    side, other = found.side, facts.other(found.side).side
    if found.outage is Outage.DOWN and not found.is_confirmed:
        left = length(found.needed_for - found.proven_for)
        return f"{side} does not answer anybody. In {left} it counts as an outage, if nothing changes."
    if found.outage is Outage.DOWN and facts.topology is Topology.ACTIVE_ACTIVE:
        return f"{side} is down for everybody. {entry.title} needs no mirror command: move its clients to {other}."
    if found.outage is Outage.DOWN:
        if numbers.left is not None and numbers.left > timedelta():
            return f"{side} is down for everybody. Of the RTO of {entry.title}, {length(numbers.left)} is left."
        return f"{side} is down for everybody, and the RTO of {entry.title} is over."
    words = f"{found.says[:1].upper()}{found.says[1:]}."
    return f"{words} Do nothing here." if found.outage in HOLD else words


HOLD = frozenset({Outage.LINK_ONLY, Outage.CLIENTS_CUT, Outage.OTHER_SIDE, Outage.NONE})


def _witness(row: Vantage, other: str, entry: PairEntry) -> WitnessRow:
    regions = {witness.name: witness.region for witness in entry.witnesses}
    stands_in = regions.get(row.name) or (other if row.kind == "link" else KINDS.get(row.kind, row.kind))
    chips = {True: Chip("ok", "up"), False: Chip("blocked", "down", "critical"), None: Chip("unknown", "cannot tell")}
    said = row.said or {True: "answers", False: "no answer", None: "nothing said"}[row.sees]
    return WitnessRow(row.name, stands_in, chips[row.sees], said, row.since, row.at)


def matches(topology: Topology) -> list[Match]:
    """Approved runbooks for pairs of this topology; those that confirm an outage come before the ways back."""
    approved = DefinitionVersion.objects.filter(state=VersionState.APPROVED, definition__retired=False)
    found = [(version, parsed(version.text)) for version in approved.select_related("definition")]
    found.sort(key=lambda row: (row[1].is_planned, row[1].steps[0].kind != "outage.confirm", row[1].title))
    return [
        Match(version, text.title, text.help, len(text.steps), text.is_planned, _is_trial(text))
        for version, text in found
        if text.applies_to in {None, topology}
    ]


def _is_trial(runbook: RunbookDefinition) -> bool:
    kinds = {step.kind for step in runbook.steps}
    return runbook.is_planned and "clients.route" in kinds and "mirrors.promote" not in kinds
