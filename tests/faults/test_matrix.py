"""Every crash point x every kind of step that sends x {applied, not applied}: over and back, held back and moved for
good; given up and mirrored anew. A death in each step.

In this process a death is an exception that nothing catches. The same points with real signals: test_crashes.py.
"""

from __future__ import annotations

import time

import pytest

from dashboard import history
from runbooks import trial
from runbooks.engine.kinds import Nature, steps
from runbooks.models import Incident, Run, StepRun
from runbooks.services import drift, incidents, sweeping
from tests.faults.commander import Commander
from tests.faults.judge import doubled, misplaced, settings_of
from tests.faults.lanes import P1_P2, P7_P4, Procedure, standing
from tests.faults.paced import shorten
from tests.faults.record import mismatches
from tests.runbooks.conftest import in_force, shipped
from tests.runbooks.driving import Drive, until, who
from tests.runbooks.texts import approved

__all__ = ["in_force", "shipped"]

# `make faults` has deaths at the same points on PostgreSQL.
pytestmark = [pytest.mark.faults, pytest.mark.one_database]
PAIRS = ("ledger", "orders")
A_WHOLE_WAY = 240.0  # seconds, on a busy machine
PACE = 0.05
LOOK_EVERY_S = 1.5  # eight of these side by side on two cores would do nothing but poll
SENDS = {name for name in steps if steps.get(name).nature is Nature.ACT}
# Those of a pair whose mirrors carry a prefix; all others are met on the ledger.
REBUILDS = {"topics.delete", "mirrors.create", "groups.set-offsets", "registry.mode"}
SCHEMAS = """
runbook: schemas-rest
title: Let nobody register schemas at home
steps:
  - key: close
    kind: registry.mode
    with: {side: us-east, mode: READONLY}
    timeout: 2m
"""


class Died(BaseException):
    """A worker ended here. Not an Exception: nothing may catch it and go on."""


class Unhurried(Commander):
    asks_every_s = 3.0


class Mortals:
    """Work, as all processes together do it. The first to meet `point` in a step dies there, and what that step sends
    first is taken, or not, and never answered."""

    def __init__(self, drive: Drive, control, way: Procedure, point: str, *, applied: bool) -> None:
        self.drive, self.control, self.point, self.applied = drive, control, point, applied
        self.pair, self.way = drive.pair, way
        self.died: dict[int, str] = {}  # step → kind
        self.unanswered: set[int] = set()
        self._looked_at, self._watch = 0.0, drift.Watch()

    def meet(self, name: str, step_id: int) -> None:
        kind = StepRun.objects.values_list("kind", flat=True).get(pk=step_id)
        if name == self.point and kind in SENDS and step_id not in self.died:
            self.died[step_id] = kind
            raise Died

    def work(self) -> None:
        if time.monotonic() - self._looked_at > LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            self.drive.look()
            sweeping.put_right("executor")
            self._watch.sweep("executor")
        try:
            self.drive.work()
        except Died:
            return

    def lose_answers(self, run: Run) -> None:
        for step in StepRun.objects.filter(run=run, state="queued", kind__in=SENDS).exclude(pk__in=self.unanswered):
            self.unanswered.add(step.pk)
            self.control.fault(self.pair, "orders-dropped", "", applied=self.applied)
            for side in (self.way.lost, self.way.away):
                self.control.fault(self.pair, "accepted-then-dropped", side, applied=self.applied)

    def lose_region(self, account) -> Incident:
        """Down, seen, declared."""
        lost = self.way.lost
        self.control.fault(self.pair, "region-down", lost, mode="refuse")
        until(lambda: self.work() or not history.latest(self.pair).side(lost).reachable, "the outage to be seen")
        return self.drive.declare(account, lost)

    def through(self, commander: Commander, account, slug: str, parameters, incident: Incident | None) -> Run:
        run = self.drive.start(account, slug, parameters, incident)

        def is_over() -> bool:
            time.sleep(0.15)  # a round costs more than what it waits for
            self.lose_answers(run)
            self.work()
            commander.attend(run)
            run.refresh_from_db()
            return run.is_over

        try:
            until(is_over, f"{slug} to end", A_WHOLE_WAY)
        except AssertionError as error:
            raise AssertionError(f"{error}: {standing(run)}") from None
        return run


@pytest.fixture
def drive(in_force, shipped, control, monkeypatch):
    monkeypatch.setattr("runbooks.relay.ring", lambda bells: None)
    shorten(monkeypatch, PACE)

    def made(pair: str) -> Drive:
        driving = Drive(pair)
        driving.look()
        return driving

    return made


EVERY_DEATH = (
    pytest.mark.timeout(600),
    pytest.mark.parametrize("applied", [True, False], ids=["applied", "not-applied"]),
    pytest.mark.parametrize("point", sorted(trial.POINTS)),
)


def every_death(test):
    for mark in EVERY_DEATH:
        test = mark(test)
    return test


def judged(control, pair: str, done: list[Run]) -> None:
    assert [run.state for run in done] == ["completed"] * len(done)
    assert doubled(control, pair, done) == []
    assert [wrong for run in done for wrong in mismatches(run)] == []


@every_death
def test_a_death_in_each_step_that_sends_doubles_nothing_and_loses_nothing(
    drive, people, control, monkeypatch, point, applied
):
    ledger = drive("ledger")
    mortals = Mortals(ledger, control, P7_P4, point, applied=applied)
    monkeypatch.setattr(trial, "point", mortals.meet)
    commander = Unhurried(people.commander, people.commander2, P7_P4.words)

    def through(slug: str, parameters: dict[str, object]) -> Run:
        return mortals.through(commander, people.commander, slug, parameters, incident)

    settings_before = settings_of(control, "ledger")[P7_P4.lost]
    control.fault("ledger", "link-down", "")
    rows = {"side": P7_P4.lost, "topic": "entries", "partition": 1, "count": 20}
    control.ask("POST", "/pairs/ledger/records", rows)
    incident = mortals.lose_region(people.commander)
    control.heal("ledger", "link-down", "")
    over = through(P7_P4.over, {"failed": P7_P4.lost, **P7_P4.clients})
    control.heal("ledger", "region-down", P7_P4.lost)
    recovered = through("recover-unreplicated", {"lost": P7_P4.lost, "topics": ["entries"]})
    back = through(P7_P4.back, {"home": P7_P4.lost, **P7_P4.clients})
    assert misplaced(control, "ledger", P7_P4.moved, P7_P4.lost) == []
    held = through("pause-catch-up", {"side": P7_P4.away, "topics": P7_P4.clients["topics"]})
    kept = through("hold-offset-sync", {"side": P7_P4.lost})
    assert settings_of(control, "ledger")[P7_P4.lost] == settings_before
    moved = through("planned-promote-active-passive", {"from": P7_P4.lost, **P7_P4.clients})
    assert {ledger.place_of(client) for client in P7_P4.moved} == {P7_P4.away}

    incidents.will_not_return(who(people.commander), incident.pk, reason="it was left for good")
    forward = through("fail-forward", {"lost": P7_P4.lost, "topics": P7_P4.clients["topics"]})

    judged(control, "ledger", [over, recovered, back, held, kept, moved, forward])
    assert set(mortals.died.values()) == SENDS - REBUILDS


@every_death
def test_a_death_in_each_step_of_a_rebuild_doubles_nothing_and_loses_nothing(
    drive, people, control, monkeypatch, point, applied
):
    orders = drive("orders")
    mortals = Mortals(orders, control, P1_P2, point, applied=applied)
    words = {
        "accept-loss": {"statement": "we go on without them"},
        "copy-writes": {"observed": "there are none"},
        "settle-writes": {"statement": "worthless: there are none"},
    }
    commander = Unhurried(people.commander, people.commander2, words)
    mirrors = ["us-east.orders", "us-east.payments"]
    groups = [*P1_P2.clients["groups"], "reporting"]

    def through(slug: str, parameters: dict[str, object]) -> Run:
        return mortals.through(commander, people.commander, slug, parameters, incident)

    incident = mortals.lose_region(people.commander)
    incidents.will_not_return(who(people.commander), incident.pk, reason="the hall burnt down")
    over = through(P1_P2.over, {"failed": P1_P2.lost, **P1_P2.clients})
    lost = through("extended-loss-active-active", {"failed": P1_P2.lost, "topics": mirrors, "groups": groups})
    control.heal("orders", "region-down", P1_P2.lost)
    monkeypatch.setattr(trial, "point", mortals.meet)  # the steps before have their own test
    rebuilt = through("rebuild-mirrors-active-active", {"home": P1_P2.lost, "topics": mirrors, "groups": groups})
    approved(SCHEMAS)
    closed = through("schemas-rest", {})

    judged(control, "orders", [over, lost, rebuilt, closed])
    assert set(mortals.died.values()) >= REBUILDS
    truth = control.truth("orders")["sides"][P1_P2.away]["topics"]
    assert {truth[name]["mirror_status"] for name in mirrors} == {"ACTIVE"}
