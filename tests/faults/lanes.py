"""A lane: one pair that is lost, failed over, brought home and held back, again and again, under troubles."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar

from django.db import Error as DatabaseGone
from django.db import connection

from config.celery import app
from dashboard import history
from dashboard.leases import LONG_AGO
from dashboard.models import SideLease
from runbooks.engine.kinds import Nature
from runbooks.engine.states import IllegalMove, Mode
from runbooks.models import Call, DefinitionVersion, Incident, Item, Outbox, Run, StepRun
from runbooks.relay import TASKS
from runbooks.services import incidents, runs
from runbooks.services.errors import Invalid, Stale
from tests.faults import record
from tests.faults.commander import Commander, Words
from tests.faults.judge import Settings, changed, doubled, misplaced, settings_of
from tests.faults.troubles import Message, Scene, choose
from tests.faults.world import World
from tests.fixtures.sandbox import Control
from tests.runbooks.driving import who

Found = TypeVar("Found")
PATIENCE = 300.0  # seconds of a run, or of a wait, before it counts as stuck


@dataclass(frozen=True)
class Procedure:
    """Over and back, and then `held`, which leave everything as it was: runs of one incident."""

    lost: str
    away: str
    over: str
    back: str
    clients: Mapping[str, list[str]]
    words: Words
    held: Mapping[str, Mapping[str, Any]]

    @property
    def runs(self) -> int:
        return 2 + len(self.held)

    @property
    def moved(self) -> list[str]:
        return [*self.clients["producers"], *self.clients["groups"]]


P1_P2 = Procedure(
    "us-east", "eu-west", "unplanned-outage-active-active", "return-home-active-active",
    {"producers": ["checkout"], "groups": ["settlement", "fulfilment"]},
    {"wait": {"observed": "the owners agree"}},
    {
        "pause-catch-up": {"side": "eu-west", "topics": ["us-east.orders", "us-east.payments"]},
        "hold-offset-sync": {"side": "us-east"},
    },
)  # fmt: skip
P7_P4 = Procedure(
    "eu-north", "eu-south", "failover-active-passive", "restore-active-passive",
    {
        "producers": ["ledger-writer"], "groups": ["balances", "statements"],
        "topics": ["accounts", "entries", "transfers"],
    },
    {
        "accept-loss": {"statement": "we go on without them"},
        "fence-old-home": {"observed": "deny-all ACL in place"},
        "wait": {"observed": "the owners agree"},
        "declare-primary": {"observed": "the owners agree"},
        "new-pair": {"observed": "ledger-2, which could be failed over"},
        "protected-once": {"observed": "3 topics, 3 ACTIVE mirrors"},
        "decide": {"decision-entries": "replay: no booking may be missing"},
        "replay": {"attested_by": "the owner of balances", "attested_reason": "it knows bookings by their number"},
        "settle-tail": {"statement": "worthless: the same entries were booked again on the other side"},
    },
    {
        "pause-catch-up": {"side": "eu-south", "topics": ["accounts", "entries", "transfers"]},
        "hold-offset-sync": {"side": "eu-north"},
    },
)  # fmt: skip


@dataclass
class Tally:
    """What a sitting adds up; `failures` are sentences that begin with the seed to see it again."""

    begun: int = 0
    runs: int = 0
    troubles: dict[str, int] = field(default_factory=dict)
    rearmed: int = 0
    doubled: int = 0
    lost: int = 0
    stuck: int = 0
    mismatches: int = 0
    failures: list[str] = field(default_factory=list)


class Stuck(Exception):
    """It did not come to its end in time."""


class Lane:
    """`go_on` does a little and returns; the sitting asks every lane in turn. A lane that got stuck is given up."""

    def __init__(self, number: int, seed: str, world: World, control: Control, people: SimpleNamespace) -> None:
        self.pair, self.world, self.control, self.people = f"lane-{number}", world, control, people
        self.procedure = (P1_P2, P7_P4)[number % 2]
        self.commander = Commander(people.commander, people.commander2, self.procedure.words)
        self._seed, self._rounds, self._is_over = f"{seed}-{number}", 0, False
        self._life: Iterator[None] | None = None

    def go_on(self, tally: Tally, wants_more: Callable[[], bool]) -> bool:
        """False when there is nothing left to do."""
        if self._life is None:
            if self._is_over or not wants_more():
                return False
            self._rounds += 1
            tally.begun += self.procedure.runs
            self._life = self._round(tally, f"{self._seed}-{self._rounds}")
        if next(self._life, self) is self:
            self._life = None
        return True

    def _round(self, tally: Tally, seed: str) -> Iterator[None]:
        try:
            yield from self._over_and_back(tally, seed)
        except Stuck as stuck:
            tally.stuck += 1
            tally.failures.append(f"seed {seed}: stuck: {stuck}")
            self._is_over = True

    def _over_and_back(self, tally: Tally, seed: str) -> Iterator[None]:
        rng, way = random.Random(seed), self.procedure
        began = datetime.now(UTC)
        self.control.reset(self.pair)
        self._look()
        yield from self._until(lambda: self._is_seen(began, way.lost, way.away), "both sides to be seen")
        settings = settings_of(self.control, self.pair)
        self.control.fault(self.pair, "region-down", way.lost, mode="refuse")
        self._look()
        yield from self._until(lambda: not history.latest(self.pair).side(way.lost).reachable, "the outage to be seen")
        incident = yield from self._got(self._incident, "the incident")
        over = yield from self._through(way.over, {"failed": way.lost, **way.clients}, incident, tally, rng)
        yield from self._judge(tally, seed, [over], writable=way.away)
        self.control.heal(self.pair, "region-down", way.lost)
        self._look()
        yield from self._until(lambda: history.latest(self.pair).side(way.lost).reachable, "the return to be seen")
        done = [over, (yield from self._through(way.back, {"home": way.lost, **way.clients}, incident, tally, rng))]
        yield from self._judge(tally, seed, done, writable=way.lost)
        for slug, parameters in way.held.items():
            done.append((yield from self._through(slug, parameters, incident, tally, rng)))
        yield from self._judge(tally, seed, done, writable=way.lost, settings=settings)
        yield from self._until(lambda: self._is_closed(incident), "the incident to be closed")

    def _through(
        self, slug: str, parameters: Mapping[str, Any], incident: Incident, tally: Tally, rng: random.Random
    ) -> Generator[None, None, Run]:
        run = yield from self._got(lambda: self._run(slug, parameters, incident), f"{slug} to be started")
        up = [self.procedure.away] + ([] if slug == self.procedure.over else [self.procedure.lost])
        natures = yield from self._got(
            lambda: {step.pk: Nature(step.nature) for step in StepRun.objects.filter(run=run)}, "its steps"
        )
        scene = Scene(self.world, self.control, self.pair, up, natures, lambda: bells(run), app)
        for trouble in choose(rng, scene):
            tally.troubles[trouble.name] = tally.troubles.get(trouble.name, 0) + 1
            trouble.begin(scene, rng)
        try:
            yield from self._until(lambda: self._is_over_now(run), slug)
        except Stuck:
            raise Stuck(f"{slug}: {standing(run)}") from None
        tally.runs += 1
        return run

    def _judge(
        self, tally: Tally, seed: str, done: Sequence[Run], *, writable: str, settings: Settings | None = None
    ) -> Iterator[None]:
        twice = yield from self._got(lambda: doubled(self.control, self.pair, done), "the journal")
        absent = misplaced(self.control, self.pair, self.procedure.moved, writable)
        absent += changed(settings, settings_of(self.control, self.pair)) if settings else []
        wrong = yield from self._got(lambda: record.mismatches(done[-1]), "the record")
        tally.doubled += len(twice)
        tally.lost += len(absent)
        tally.mismatches += len(wrong)
        tally.rearmed, self.commander.rearmed = tally.rearmed + self.commander.rearmed, 0
        tally.failures += [f"seed {seed}: {said}" for said in (*twice, *absent, *wrong)]

    # --- what persons do, tried again when the database was killed under it

    def _incident(self) -> Incident:
        found = Incident.objects.filter(pair=self.pair, closed_at=None).first()
        return found or incidents.declare(
            who(self.people.commander), self.pair, self.procedure.lost, reason="it is down"
        )

    def _run(self, slug: str, parameters: Mapping[str, Any], incident: Incident) -> Run:
        version = DefinitionVersion.objects.get(definition__slug=slug, state="approved")
        if (found := Run.objects.filter(incident=incident, version=version).first()) is not None:
            return found
        who_starts = who(self.people.commander)
        return runs.start_run(who_starts, version.pk, self.pair, Mode.LIVE, dict(parameters), incident.pk)

    def _is_over_now(self, run: Run) -> bool:
        self.commander.attend(run)
        run.refresh_from_db()
        return run.is_over

    def _is_closed(self, incident: Incident) -> bool:
        if Incident.objects.filter(pk=incident.pk, closed_at=None).exists():
            incidents.close(who(self.people.commander), incident.pk, reason="all is where it was")
        return True

    def _is_seen(self, since: datetime, *sides: str) -> bool:
        facts = history.latest(self.pair)
        return facts is not None and all(
            facts.side(side).reachable and facts.side(side).read_at > since for side in sides
        )

    def _look(self) -> None:
        """Every poll of the pair is due now."""
        tried(lambda: SideLease.objects.filter(pair=self.pair).update(started_at=LONG_AGO))

    # --- waiting

    def _until(self, is_so: Callable[[], object], what: str) -> Iterator[None]:
        end = time.monotonic() + PATIENCE
        while not tried(is_so):
            if time.monotonic() > end:
                raise Stuck(what)
            yield

    def _got(self, find: Callable[[], Found], what: str) -> Generator[None, None, Found]:
        found: list[Found] = []
        yield from self._until(lambda: found.append(find()) or True, what)
        return found[0]


def tried(act: Callable[[], object]) -> object:
    """What `act` says; nothing where a service refused it, or the database was killed under it."""
    try:
        return act()
    except (Stale, Invalid, IllegalMove):
        return None
    except DatabaseGone:
        connection.close()
        return None


def bells(run: Run) -> list[Message]:
    """Every message that was ever rung for it."""
    try:
        rows = Outbox.objects.filter(step__run=run).values_list("task", "step_id", "fence")
        return [(TASKS[task], (step, fence)) for task, step, fence in rows]
    finally:
        connection.close()  # asked in a thread that has no other use for it


def standing(run: Run) -> str:
    """Where it stands, for whoever has to find out why it does not go on."""
    rows = StepRun.objects.filter(run=run).exclude(state__in=["locked", "succeeded"]).order_by("position")
    said = [
        f"{row.key} {row.state} (held {run.held or 'no'}, drifted {row.drift_why or 'no'}): {row.summary}"
        for row in rows
    ]
    for call in Call.objects.filter(attempt__step__in=rows).order_by("pk"):
        said.append(f"{call.attempt.number}.{call.number} {call.items}: {call.outcome}, {call.said}")
    for item in Item.objects.filter(attempt__step__in=rows).order_by("pk"):
        said.append(f"{item.attempt.number} {item.name}: {item.state}, {item.saw}")
    return "\n    ".join(said)
