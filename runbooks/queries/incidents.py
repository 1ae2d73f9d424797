"""All that the page of an incident shows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.entries import Entry, entries
from audit.models import Event
from clusters.declared import PairEntry
from clusters.facts import PairFacts, Policy
from dashboard import history, inventory
from runbooks.models import Evidence, Incident, Mark, Run
from runbooks.queries.clocks import WIDTH, Bar, Budget, Clock, uncertain
from runbooks.queries.groups import GroupOnSides, groups_on_sides
from runbooks.queries.losses import Reconciliation, TimeLost, reconciliation, time_lost
from runbooks.queries.run_list import RunLine, run_lines
from runbooks.queries.times import MARKS
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import clock, length
from runbooks.services.incidents import held_open_by

RECEIPT = "receipt"
MOST_MIRRORS = 50


@dataclass(frozen=True)
class ReceiptLine:
    """One mirror at the moment of declaration. `lower` is None where a partition has no usable number."""

    topic: str
    status: str
    lower: int | None
    basis: str
    partitions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class IncidentPage:
    incident: Incident
    entry: PairEntry | None
    answer: str
    clocks: Sequence[Clock]
    runs: Sequence[RunLine]
    receipt: Evidence | None
    exact: Reconciliation | None
    time_lost: TimeLost
    evidence: Sequence[Evidence]
    marks: Sequence[tuple[Mark, str, str]]
    groups: Sequence[GroupOnSides]
    read_at: datetime | None
    held_open: Sequence[str]
    events: Sequence[Entry]
    viewer: Viewer

    @property
    def tag(self) -> str:
        """Of everything that moves by more than the clock."""
        runs = [(line.chip, line.awaits, line.step, line.run.commander_id) for line in self.runs]
        said = repr(
            (self.answer, self.held_open, runs, self.groups, self.read_at, [mark.pk for mark, _, _ in self.marks])
        )
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def mirrors(self) -> list[ReceiptLine]:
        """The receipt, mirror by mirror, those that miss most first; the whole of it is in the download."""
        topics = self.receipt.data.get("topics", {}).values() if self.receipt else ()
        lines = [_receipt_line(topic) for topic in topics]
        return sorted(lines, key=lambda line: (line.lower is not None, -(line.lower or 0), line.topic))[:MOST_MIRRORS]


def incident_page(incident: Incident, viewer: Viewer, now: datetime) -> IncidentPage:
    entry, facts = inventory.pair_entry(incident.pair), history.latest(incident.pair)
    policy = entry.policy if entry else Policy()
    runs = Run.objects.filter(incident=incident).select_related("version__definition", "commander", "incident")
    evidence = list(Evidence.objects.filter(incident=incident))
    marks = list(Mark.objects.filter(incident=incident))
    held = held_open_by(incident, facts) if incident.is_open else []
    return IncidentPage(
        incident,
        entry,
        _answer(incident, held),
        _clocks(incident, policy, marks, now),
        run_lines(list(runs), viewer),
        next((row for row in evidence if row.kind == RECEIPT), None),
        reconciliation(incident.pk),
        time_lost(incident),
        evidence,
        [(mark, MARKS[mark.name], length(mark.at - incident.t0)) for mark in marks],
        groups_on_sides(facts),
        _read_at(facts),
        held,
        entries(Event.objects.filter(object=f"incident {incident.pk}").order_by("-seq")[:40]),
        viewer,
    )


def _receipt_line(topic: Mapping[str, Any]) -> ReceiptLine:
    labels = dict.fromkeys(part["label"] for part in topic["partitions"])
    return ReceiptLine(topic["topic"], topic["status"], topic["lower"], "; ".join(labels), topic["partitions"])


def _answer(incident: Incident, held: Sequence[str]) -> str:
    if not incident.is_open:
        return f"Closed {clock(incident.closed_at)} UTC: {incident.closed_reason}"
    return (
        f"{len(held)} thing{'s hold' if len(held) != 1 else ' holds'} it open."
        if held
        else "Nothing holds it open any more."
    )


def _clocks(incident: Incident, policy: Policy, marks: Sequence[Mark], now: datetime) -> list[Clock]:
    healthy = next((mark.at for mark in marks if mark.name == "T8"), None)
    end = healthy or incident.closed_at
    ends = incident.t0 + policy.rto
    spent = min(max(((end or now) - incident.t0) / policy.rto, 0.0), 1.0)
    budget = Budget(
        f"{length((end or now) - incident.t0)} of {length(policy.rto)} spent",
        [Bar("all", f"{WIDTH:g}"), Bar("spent", f"{WIDTH * spent:.1f}")],
    )
    return [
        Clock(
            "Since failure",
            f"T0 {clock(incident.t0)} UTC{uncertain(incident)}.",
            None if end else incident.t0,
            length=end - incident.t0 if end else None,
        ),
        Clock(
            "Since declared",
            f"{clock(incident.declared_at)} UTC by {incident.declared_by.name}.",
            None if incident.closed_at else incident.declared_at,
            length=incident.closed_at - incident.declared_at if incident.closed_at else None,
        ),
        Clock(
            f"Left of RTO {length(policy.rto)}",
            f"Ends {clock(ends)} UTC.",
            until=None if end else ends,
            length=ends - end if end else None,
            is_over=(end or now) > ends,
            budget=budget,
        ),
    ]


def _read_at(facts: PairFacts | None) -> datetime | None:
    return min((side.read_at for side in facts.sides.values()), default=None) if facts else None
