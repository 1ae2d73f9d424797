"""T7 and the end of a planned clock, read off what the poller found: no extra call, and not only while a step looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from audit.clock import database_now
from audit.ledger import Actor, Ledger, ledger
from clusters.declared import PairEntry
from clusters.facts import GroupState
from dashboard import history, inventory
from runbooks.engine.states import RUN_OVER, Mode, StepState
from runbooks.models import Evidence, Incident, Mark, Run, StepRun
from runbooks.services import evidence, marks
from runbooks.services.script import kind_of

LAG = "group.lag"
STILL_WATCHED = timedelta(minutes=30)  # after a planned run is over: its groups may still be catching up
NEVER_DONE = {StepState.SKIPPED.value, StepState.CANCELLED.value}


@dataclass(frozen=True)
class Caught:
    """A group that was started at the target, and whose lag has come back under its normal bound."""

    group: str
    side: str
    lag: int
    bound: float
    read_at: datetime

    @property
    def said(self) -> str:
        return f"lag {self.lag:,} on {self.side}; normal is what is written there within the RPO: {self.bound:,.0f}"


def sweep(by: str) -> None:
    """Every clock that runs."""
    now = database_now()
    for incident in Incident.objects.filter(closed_at=None).prefetch_related("marks"):
        _measure(incident, by)
    planned = Run.objects.filter(incident=None, mode__in=[Mode.LIVE.value, Mode.DRILL.value])
    running = ~Q(state__in=RUN_OVER) | Q(finished_at__gt=now - STILL_WATCHED)
    for run in planned.filter(running).select_related("version").prefetch_related("marks"):
        _measure(run, by)


def _measure(on: Incident | Run, by: str) -> None:
    have = {(mark.name, mark.subject) for mark in on.marks.all()}
    if ("T0", "") not in have or (entry := inventory.pair_entry(on.pair)) is None:
        return
    started = {group for name, group in have if name == "T6" and ("T7", group) not in have}
    # Their evidence is large, and most of the time nobody waits.
    for mark in on.marks.filter(name="T6", subject__in=started).select_related("evidence__step") if started else ():
        if found := _caught(entry, mark):
            _put_t7(on, mark, found, by)
    if isinstance(on, Run) and ("T8", "") not in have and not started:
        _put_t8(on, on.marks.all())


def _caught(entry: PairEntry, mark: Mark) -> Caught | None:
    side = str(mark.evidence.data.get("to", "")) if mark.evidence else ""
    seen = history.group_lags(entry.name, side, [mark.subject]).get(mark.subject)
    if seen is None or seen.lag is None or seen.read_at <= mark.at or seen.state != GroupState.STABLE.value:
        return None
    bound = normal_bound(entry, side, mark.subject)
    return Caught(mark.subject, side, seen.lag, bound, seen.read_at) if seen.lag <= bound else None


def normal_bound(entry: PairEntry, side: str, group: str) -> float:
    """The lag that is worth less than the RPO in time, at the rate of now; 0 where nothing is written."""
    rates = history.rates(entry.name, side)
    topics = {topic for client in entry.clients if client.group == group for topic in client.topics}
    return sum(rates.get(topic, 0.0) for topic in topics) * entry.policy.rpo.total_seconds()


def _put_t7(on: Incident | Run, started: Mark, found: Caught, by: str) -> None:
    step = started.evidence.step if started.evidence else None
    with ledger(Actor.product(by)) as book:
        kept = _keep(book, found, step)
        marks.put(on, "T7", found.read_at, found.said, found.group, evidence=kept)


def _keep(book: Ledger, found: Caught, step: StepRun | None) -> Evidence:
    data = {"group": found.group, "side": found.side, "lag": found.lag, "bound": found.bound, "read_at": found.read_at}
    return evidence.keep(book, LAG, data, book.now, step=step)


def _put_t8(run: Run, have: Iterable[Mark]) -> None:
    """What was moved is well again: every producer writes and every group has caught up. A person's word for more."""
    at = {(mark.name, mark.subject): mark.at for mark in have}
    wanted = list(_wanted(run))
    if wanted and all(each in at for each in wanted):
        said = "every producer that was moved writes, and every group has caught up"
        marks.put(run, "T8", max(at[each] for each in wanted), said)


def _wanted(run: Run) -> Iterator[tuple[str, str]]:
    """The marks without which a planned run has not brought everything back."""
    subjects: Mapping[str, tuple[str, str]] = {"clients.route": ("T5", "clients"), "groups.start": ("T7", "groups")}
    for step in StepRun.objects.filter(run=run, kind__in=subjects).exclude(state__in=NEVER_DONE):
        step.run = run
        name, field = subjects[step.kind]
        yield from ((name, subject) for subject in getattr(kind_of(step), field))
