"""The recovery clock of an incident, or of a planned run: marks, phases, and how long each application was gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard import inventory
from runbooks.models import Incident, Mark, Run
from runbooks.queries.effort import Effort, effort, moves_of

MARKS = {
    "T0": "last success before the failure",
    "T1": "first alert",
    "T2": "outage confirmed",
    "T3": "decision",
    "T4": "data plane ready",
    "T5": "first write acknowledged at the target",
    "T6": "first commit of the group at the target",
    "T7": "group lag back to normal",
    "T8": "applications healthy",
}
PLANNED = MARKS | {"T0": "first order that took clients away"}
PHASES = (("Detection", "T0", "T1"), ("Confirmation", "T1", "T2"), ("Decision", "T2", "T3"), ("Execution", "T3", "T6"))
BACK = {"T5": "producers", "T6": "consumer group"}


@dataclass(frozen=True)
class MarkLine:
    """`uncertainty`: it came by so much earlier at most; T0 by so much later. `after` is counted from T0."""

    name: str
    what: str
    subject: str
    at: datetime
    after: timedelta | None
    uncertainty: timedelta
    source: str
    evidence: int | None


@dataclass(frozen=True)
class Phase:
    """`length` is None where one of the two marks is missing."""

    name: str
    begin: str
    end: str
    length: timedelta | None


@dataclass(frozen=True)
class ApplicationTime:
    """How long one application was gone: `rto` is T5 or T6 less T0, None while it has not come back."""

    application: str
    kind: str
    mark: str
    at: datetime
    rto: timedelta
    is_inside: bool | None


@dataclass(frozen=True)
class RecoveryTimes:
    """`effort` splits T0 until the slowest application was back; `target` is the policy's RTO."""

    t0: datetime | None
    uncertainty: timedelta
    marks: Sequence[MarkLine]
    phases: Sequence[Phase]
    applications: Sequence[ApplicationTime]
    effort: Effort | None
    target: timedelta | None

    @property
    def slowest(self) -> ApplicationTime | None:
        return max(self.applications, key=lambda each: each.rto, default=None)

    @property
    def rto(self) -> timedelta | None:
        """Of the slowest application that came back."""
        return self.slowest.rto if self.slowest else None

    @property
    def is_inside(self) -> bool | None:
        return None if self.slowest is None else self.slowest.is_inside


def recovery_times(of: Incident | Run, now: datetime) -> RecoveryTimes:
    """Of a run of an incident it is the incident's clock."""
    on = (of.incident or of) if isinstance(of, Run) else of
    found = list(Mark.objects.filter(**({"incident": on} if isinstance(on, Incident) else {"run": on})))
    at = _first(found)
    t0 = next((mark for mark in found if mark.name == "T0"), None)
    entry = inventory.pair_entry(on.pair)
    target = entry.policy.rto if entry else None
    applications = list(_applications(found, t0.at, target)) if t0 else []
    words = MARKS if isinstance(on, Incident) else PLANNED
    return RecoveryTimes(
        t0.at if t0 else None,
        timedelta(milliseconds=t0.uncertainty_ms) if t0 else timedelta(),
        [_line(mark, words, t0) for mark in found],
        [_phase(name, begin, end, at) for name, begin, end in PHASES],
        applications,
        _effort(on, t0.at, max((each.at for each in applications), default=now)) if t0 else None,
        target,
    )


def _first(found: Iterable[Mark]) -> Mapping[str, datetime]:
    """T5 to T7 are reached with their last application, all others once."""
    at: dict[str, datetime] = {}
    for mark in found:
        at[mark.name] = max(at.get(mark.name, mark.at), mark.at)
    return at


def _line(mark: Mark, words: Mapping[str, str], t0: Mark | None) -> MarkLine:
    return MarkLine(
        mark.name,
        words[mark.name],
        mark.subject,
        mark.at,
        mark.at - t0.at if t0 else None,
        timedelta(milliseconds=mark.uncertainty_ms),
        mark.source,
        mark.evidence_id,
    )


def _phase(name: str, begin: str, end: str, at: Mapping[str, datetime]) -> Phase:
    """A decision taken before what it rests on was confirmed took no time, not less than none."""
    length = max(at[end] - at[begin], timedelta()) if begin in at and end in at else None
    return Phase(name, begin, end, length)


def _applications(found: Iterable[Mark], t0: datetime, target: timedelta | None) -> Iterator[ApplicationTime]:
    for mark in found:
        if mark.name in BACK and mark.subject:
            rto = mark.at - t0
            yield ApplicationTime(
                mark.subject, BACK[mark.name], mark.name, mark.at, rto, rto <= target if target else None
            )


def _effort(on: Incident | Run, t0: datetime, end: datetime) -> Effort:
    runs = list(Run.objects.filter(incident=on).values_list("pk", flat=True)) if isinstance(on, Incident) else [on.pk]
    return effort(moves_of(runs), t0, end)
