"""Fresh facts of both sides for one judgement. Never call this with a transaction open: it talks to clusters."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace

from clusters import clock
from clusters.connections import Connections
from clusters.declared import PairEntry
from clusters.facts import PairFacts
from clusters.reading import read_pair
from dashboard import history, inventory
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.link_settings import ChangesSettings
from runbooks.engine.guards.registry import SetsMode
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import StepKind, Subjects
from runbooks.engine.states import Mode
from runbooks.models import Attempt, Run, StepRun
from runbooks.services import evidence, exceptions
from runbooks.services.narrowing import narrowed
from runbooks.services.policy import LOST_S, READ_S


def read(step: StepRun, kind: StepKind, attempt: Attempt | None = None, items: Collection[str] | None = None) -> Case:
    """What is true now, with what this step names read whatever the pair's size; of `items` alone where it is given."""
    run = step.run
    previous = history.latest(run.pair)
    before = case_of(run, previous, previous, attempt) if previous else None
    named = _named(kind, before, items) if before else Subjects()
    facts = read_pair(
        connections(run), entry(run), deadline_s=READ_S, lost_s=LOST_S, previous=previous,
        topics=named.topics, groups=named.groups, clients=named.clients,
        configs=isinstance(kind, ChangesSettings),  # else an earlier step's change might not be seen yet
        registries=isinstance(kind, SetsMode),  # of no other step's business, and never in its way
    )  # fmt: skip
    if previous is None or before is None:
        return case_of(run, history.with_history(facts, history.vantages(run.pair)), previous, attempt)
    return replace(before, facts=history.with_history(facts, previous.vantages), now=clock.now())


def stored(step: StepRun, attempt: Attempt) -> Case:
    """What the poller read last: enough to tell in which order items go. LookupError before it has read anything."""
    previous = history.latest(step.run.pair)
    if previous is None:
        raise LookupError(f"{step.run.pair} has not been read yet")
    return case_of(step.run, previous, previous, attempt)


def case_of(run: Run, facts: PairFacts, previous: PairFacts | None, attempt: Attempt | None = None) -> Case:
    """What a judgement rests on, with the words of whoever confirmed `attempt`."""
    return Case(
        facts=facts,
        now=clock.now(),
        mode=Mode(run.mode),
        evidence=evidence.known_to(run),
        inputs=attempt.inputs if attempt else {},
        previous=previous,
        will_not_return=bool(run.incident and run.incident.will_not_return),
        confirmer=attempt.requester.name if attempt else "",
        exceptions=exceptions.known(run.pair),
    )


def context(
    step: StepRun, case: Case, items: tuple[str, ...], *, attempt: Attempt | None = None, deadline: float | None = None
) -> StepContext:
    """`deadline` is monotonic; by default what a read may take."""
    return StepContext(
        case=case,
        gateways=connections(step.run),
        run=str(step.run),
        attempt=_unique(step, attempt),
        deadline=deadline if deadline is not None else time.monotonic() + READ_S,
        items=items,
        sent_at=attempt.sent_at if attempt else None,
        pre_state=attempt.pre_state if attempt else {},
        memory=attempt.memory if attempt else {},
    )


def _unique(step: StepRun, attempt: Attempt | None) -> str:
    """A name that no other attempt ever had or gets. With the instant of its arming: a database that lost its last
    transactions gives out their ids once more, and what carries out each order once would take a new one for an old.
    """
    if attempt is None:
        return f"{step.pk}.0"
    return f"{step.pk}.{attempt.number}.{attempt.requested_at.timestamp() * 1000:.0f}"


def entry(run: Run) -> PairEntry:
    """LookupError where the inventory in force lacks the pair."""
    return inventory.in_force().pairs[run.pair]


def connections(run: Run) -> Connections:
    return inventory.connections(run.pair)


def _named(kind: StepKind, case: Case, items: Collection[str] | None) -> Subjects:
    try:
        kind = kind if items is None else narrowed(kind, case, items)
        subjects = kind.subjects(case)
        return replace(subjects, topics=(*subjects.topics, *kind.also_reads(case)))
    except (MissingFact, LookupError):
        return Subjects()
