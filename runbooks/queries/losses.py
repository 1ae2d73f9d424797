"""What an outage cost in records: the receipt's bounds, and what the reconciliation found once the side was back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from clusters.health import Severity
from dashboard import inventory
from runbooks.engine.guards.reconciled import FAILED, IN_PART, RECONCILED
from runbooks.engine.steps.mirrors_promote import PromoteMirrors
from runbooks.engine.steps.mirrors_reverse import ReverseAndStart
from runbooks.models import Evidence, Incident, Run
from runbooks.queries.words import counted
from runbooks.services.evidence import RECEIPT

PLANNED = (ReverseAndStart.kind, PromoteMirrors.kind)
COLUMNS = (
    "topic", "source_topic", "partition", "cut", "source_start", "source_end", "end", "unreplicated", "arrived",
    "missing", "divergent_from", "divergent_to", "expired", "behind",
)  # fmt: skip


@dataclass(frozen=True)
class ReconciledTopic:
    topic: str
    source: str
    figures: Mapping[str, int]
    partitions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Reconciliation:
    """`bounds` are what the receipt said beforehand; `is_within` whether the truth lay between them, None where the
    receipt had no upper bound.
    """

    evidence: Evidence
    severity: Severity
    words: str
    totals: Mapping[str, int]
    bounds: tuple[int, int | None]
    topics: Sequence[ReconciledTopic]

    @property
    def is_within(self) -> bool | None:
        lower, upper = self.bounds
        exact = self.totals["unreplicated"]
        return None if upper is None else lower <= exact <= upper

    @property
    def is_critical(self) -> bool:
        return self.severity is Severity.CRITICAL

    def flat(self) -> dict[str, Any]:
        """For a report: the figures, and in words what they mean."""
        lower, upper = self.bounds
        said = {"at": self.evidence.data["at"], "cut from": self.evidence.data["cut_from"]}
        return {**self.totals, "receipt: at least": lower, "receipt: at most": upper, **said, "that is": self.words}

    def rows(self) -> Iterator[list[str]]:
        """A line for each partition, in the order of COLUMNS."""
        for topic in self.topics:
            for part in topic.partitions:
                known = {**part, "topic": topic.topic, "source_topic": topic.source}
                known["divergent_from"], known["divergent_to"] = part["divergent"]
                yield [str(known[name]) for name in COLUMNS]


@dataclass(frozen=True)
class TimeLost:
    """The RPO in time of an incident: the failure less the newest canary that had arrived, ± the missed poll."""

    rpo: timedelta | None
    uncertainty: timedelta
    target: timedelta | None
    basis: str

    @property
    def is_inside(self) -> bool | None:
        return None if self.rpo is None or self.target is None else self.rpo <= self.target


def time_lost(incident: Incident) -> TimeLost:
    receipt = Evidence.objects.filter(incident=incident, kind=RECEIPT).values_list("data", flat=True).first() or {}
    canary = receipt.get("canary") or {"rpo_s": None, "said": "the receipt knows of no canary"}
    entry = inventory.pair_entry(incident.pair)
    return TimeLost(
        timedelta(seconds=canary["rpo_s"]) if canary["rpo_s"] is not None else None,
        timedelta(milliseconds=incident.t0_uncertainty_ms),
        entry.policy.rpo if entry else None,
        canary["said"],
    )


@dataclass(frozen=True)
class LeftBehind:
    """What the sources held beyond their mirrors when a planned command was sent: the most that it could leave behind.

    `unknown` partitions had no log end on one side.
    """

    at: datetime
    side: str
    topics: int
    partitions: int
    unknown: int
    held: int
    records: int

    def __str__(self) -> str:
        said = f"{self.records:,} of {self.held:,} records in {counted(self.partitions, 'partition')}"
        return f"{said} were not on {self.side} when it was told to take over" + (
            f"; {counted(self.unknown, 'partition')} without a log end" if self.unknown else ""
        )


def left_behind(run: Run) -> LeftBehind | None:
    """Of a run that needs no incident; None before its mirrors were told to swap or to end."""
    found = Evidence.objects.filter(run=run, kind__in=PLANNED).order_by("-at", "-pk").values_list("at", "data")
    sent = next(((at, data) for at, data in found if data.get("ends")), None)
    if sent is None:
        return None
    at, data = sent
    pairs = [pair for ends in data["ends"].values() for pair in zip_longest(ends["mirror"], ends["source"])]
    known = [(mirror, source) for mirror, source in pairs if mirror is not None and source is not None]
    return LeftBehind(
        at, data["side"], len(data["ends"]), len(pairs), len(pairs) - len(known),
        held=sum(source for _, source in known),
        records=sum(max(0, source - mirror) for mirror, source in known),
    )  # fmt: skip


def planned_time_lost(run: Run, left: LeftBehind) -> TimeLost:
    """Nothing where everything had crossed; how old the oldest record is that had not, nobody knows."""
    entry = inventory.pair_entry(run.pair)
    is_none = not left.records and not left.unknown
    rpo = timedelta() if is_none else None
    return TimeLost(rpo, timedelta(), entry.policy.rpo if entry else None, str(left))


def reconciliation(incident_id: int) -> Reconciliation | None:
    """The newest that could compare anything, be it whole, in part, or one that found the lost side behind."""
    of_incident = Evidence.objects.filter(incident=incident_id).order_by("-at", "-pk")
    kept = next((row for row in of_incident.filter(kind__in=[RECONCILED, IN_PART, FAILED]) if row.data["topics"]), None)
    if kept is None:
        return None
    receipt = of_incident.filter(kind=RECEIPT).values_list("data", flat=True).first() or {}
    totals = kept.data["totals"]
    return Reconciliation(
        kept,
        Severity.CRITICAL if totals["behind"] else Severity.OK,
        kept.data["words"],
        totals,
        (receipt.get("lower", 0), receipt.get("upper")),
        [
            ReconciledTopic(name, topic["source"], {key: topic[key] for key in totals}, topic["partitions"])
            for name, topic in kept.data["topics"].items()
        ],
    )
