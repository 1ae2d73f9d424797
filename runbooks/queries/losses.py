"""What an outage cost in records: the receipt's bounds, and what the reconciliation found once the side was back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from clusters.health import Severity
from dashboard import inventory
from runbooks.engine.guards.reconciled import FAILED, IN_PART, RECONCILED
from runbooks.models import Evidence, Incident
from runbooks.services.evidence import RECEIPT

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
