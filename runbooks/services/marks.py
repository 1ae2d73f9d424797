"""The instants T0–T8 of a recovery (failure to applications healthy), each put once and never moved.

The clock is the incident's; a planned run or a drill, which has none, keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime

from clusters.facts import Topology
from dashboard import inventory
from runbooks.models import Attempt, Evidence, Incident, Look, Mark, Run, StepRun

# The step kind whose success is a mark. T0 and T3 come with the declaration, T1 with the first alert, T5 to T7 for each
# application by itself, T8 by a person.
BY_KIND = {
    "outage.confirm": "T2",
    "mirrors.failover": "T4",
    "mirrors.promote": "T4",
    "mirrors.reverse-and-start": "T4",
}
# What is planned begins to be felt with the first order that takes clients away; that is its T0.
INTERRUPTING = frozenset({"clients.stop", "groups.stop", "clients.route"})
NOTHING_TO_CONVERT = "active-active: the other side has writable topics of its own; nothing had to be converted"
AT_ONCE = timedelta()


def clock_of(run: Run) -> Incident | Run:
    return run.incident or run


def put(
    on: Incident | Run,
    name: str,
    at: datetime,
    source: str,
    subject: str = "",
    *,
    uncertainty: timedelta = AT_ONCE,
    evidence: Evidence | None = None,
) -> Mark:
    """The first instant counts: a mark that stands is left as it is."""
    clock: dict[str, Any] = {"incident": on} if isinstance(on, Incident) else {"run": on}
    defaults = {
        "at": at,
        "source": source,
        "uncertainty_ms": max(0, round(uncertainty.total_seconds() * 1000)),
        "evidence": evidence,
    }
    mark, _ = Mark.objects.get_or_create(**clock, name=name, subject=subject, defaults=defaults)
    return mark


def declared(incident: Incident, receipt: Evidence, now: datetime) -> None:
    """T0, T1 and T3; and T4 where nothing has to be converted before clients may move."""
    uncertain = timedelta(milliseconds=incident.t0_uncertainty_ms)
    said = f"last success before the first failure; it failed within {uncertain.total_seconds():.1f} s after it"
    put(incident, "T0", incident.t0, said, uncertainty=uncertain, evidence=receipt)
    put(incident, "T1", min(incident.t0 + uncertain, now), "first failed probe", uncertainty=uncertain)
    put(incident, "T3", now, f"declared by {incident.declared_by.name}", evidence=receipt)
    _put_ready(incident, incident.pair, now)


def of_step(step: StepRun, attempt: Attempt, kept: Evidence, now: datetime, *, is_whole: bool) -> None:
    """What a step that ended is a mark of. What it saw of single applications counts even where others failed."""
    if step.run.is_rehearsal:
        return
    on, source = clock_of(step.run), f"{step.title} ({step.run})"
    if isinstance(on, Run):
        _interrupted(on, step, attempt, kept, now)
    for name, subjects in _seen(kept.data).items():
        for subject, at in subjects.items():
            said = f"{source}: {_of_item(kept.data, subject)}"
            put(on, name, at, said, subject, uncertainty=_since_look(attempt, at), evidence=kept)
    if is_whole and step.kind in BY_KIND:
        put(on, BY_KIND[step.kind], now, source, uncertainty=_since_look(attempt, now), evidence=kept)


def _interrupted(run: Run, step: StepRun, attempt: Attempt, kept: Evidence, now: datetime) -> None:
    if step.kind not in INTERRUPTING or attempt.sent_at is None:
        return
    said = f"{step.title}: the order was sent, and carried out within the time that the step took"
    put(run, "T0", attempt.sent_at, said, uncertainty=now - attempt.sent_at, evidence=kept)
    put(run, "T3", attempt.requested_at, f"{step.title}: confirmed by {attempt.requester.name}", evidence=kept)
    _put_ready(run, run.pair, attempt.requested_at)


def _put_ready(on: Incident | Run, pair: str, at: datetime) -> None:
    entry = inventory.pair_entry(pair)
    if entry is not None and entry.topology is Topology.ACTIVE_ACTIVE:
        put(on, "T4", at, NOTHING_TO_CONVERT)


def _seen(data: Mapping[str, Any]) -> dict[str, dict[str, datetime]]:
    """Name of the mark → application → the look that saw it first."""
    found: Mapping[str, Mapping[str, str]] = data.get("marks") or {}
    return {
        name: {subject: at for subject, text in each.items() if (at := parse_datetime(text)) is not None}
        for name, each in found.items()
    }


def _of_item(data: Mapping[str, Any], subject: str) -> str:
    """What was seen of an application, which is an item by its name or by `driver/name`."""
    said: Mapping[str, str] = data.get("items") or {}
    return next((text for item, text in said.items() if item.rpartition("/")[2] == subject), "")


def _since_look(attempt: Attempt, at: datetime) -> timedelta:
    """It came after the look before the one that saw it, or after the order was sent."""
    before = Look.objects.filter(attempt=attempt, at__lt=at).order_by("-at").values_list("at", flat=True).first()
    since = before or attempt.sent_at
    return max(at - since, AT_ONCE) if since else AT_ONCE
