"""Every crash point x every kind of step that sends x {applied, not applied}: over and back, held back and moved for
good, a death in each step.

In this process a death is an exception that nothing catches. The same points with real signals: test_crashes.py.
"""

from __future__ import annotations

import time

import pytest

from dashboard import history
from runbooks import trial
from runbooks.engine.kinds import Nature, steps
from runbooks.models import Run, StepRun
from runbooks.services import drift, sweeping
from tests.faults.commander import Commander
from tests.faults.judge import doubled, misplaced
from tests.faults.lanes import P7_P4, standing
from tests.faults.paced import shorten
from tests.faults.record import mismatches
from tests.runbooks.conftest import in_force, shipped
from tests.runbooks.driving import Drive, until

__all__ = ["in_force", "shipped"]

# `make faults` has deaths at the same points on PostgreSQL.
pytestmark = [pytest.mark.faults, pytest.mark.one_database]
PAIRS = ("ledger",)
A_WHOLE_WAY = 240.0  # seconds, on a busy machine
PACE = 0.05
LOOK_EVERY_S = 0.5
SENDS = {name for name in steps if steps.get(name).nature is Nature.ACT}


class Died(BaseException):
    """A worker ended here. Not an Exception: nothing may catch it and go on."""


class Mortals:
    """Work, as all processes together do it. The first to meet `point` in a step dies there, and what that step sends
    first is taken, or not, and never answered."""

    def __init__(self, drive: Drive, control, point: str, *, applied: bool) -> None:
        self.drive, self.control, self.point, self.applied = drive, control, point, applied
        self.died: dict[int, str] = {}  # step → kind
        self.unanswered: set[int] = set()
        self._looked_at = 0.0

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
            drift.sweep("executor")
        try:
            self.drive.work()
        except Died:
            return

    def lose_answers(self, run: Run) -> None:
        for step in StepRun.objects.filter(run=run, state="queued", kind__in=SENDS).exclude(pk__in=self.unanswered):
            self.unanswered.add(step.pk)
            self.control.fault("ledger", "orders-dropped", "", applied=self.applied)
            for side in (P7_P4.lost, P7_P4.away):
                self.control.fault("ledger", "accepted-then-dropped", side, applied=self.applied)


@pytest.fixture
def ledger(in_force, shipped, control, monkeypatch) -> Drive:
    monkeypatch.setattr("runbooks.relay.ring", lambda bells: None)
    shorten(monkeypatch, PACE)
    drive = Drive("ledger")
    drive.look()
    return drive


@pytest.mark.timeout(600)
@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not-applied"])
@pytest.mark.parametrize("point", sorted(trial.POINTS))
def test_a_death_in_each_step_that_sends_doubles_nothing_and_loses_nothing(
    ledger, people, control, monkeypatch, point, applied
):
    mortals = Mortals(ledger, control, point, applied=applied)
    monkeypatch.setattr(trial, "point", mortals.meet)
    commander = Commander(people.commander, people.commander2, P7_P4.words)

    def through(slug: str, parameters: dict[str, object]) -> Run:
        run = ledger.start(people.commander, slug, parameters, incident)

        def is_over() -> bool:
            time.sleep(0.08)  # a round costs more than what it waits for
            mortals.lose_answers(run)
            mortals.work()
            commander.attend(run)
            run.refresh_from_db()
            return run.is_over

        try:
            until(is_over, f"{slug} to end", A_WHOLE_WAY)
        except AssertionError as error:
            raise AssertionError(f"{error}: {standing(run)}") from None
        return run

    control.fault("ledger", "region-down", P7_P4.lost, mode="refuse")
    until(lambda: mortals.work() or not history.latest("ledger").side(P7_P4.lost).reachable, "the outage to be seen")
    incident = ledger.declare(people.commander, P7_P4.lost)
    over = through(P7_P4.over, {"failed": P7_P4.lost, **P7_P4.clients})
    control.heal("ledger", "region-down", P7_P4.lost)
    back = through(P7_P4.back, {"home": P7_P4.lost, **P7_P4.clients})
    assert misplaced(control, "ledger", P7_P4.moved, P7_P4.lost) == []
    held = through("pause-catch-up", {"side": P7_P4.away, "topics": P7_P4.clients["topics"]})
    moved = through("planned-promote-active-passive", {"from": P7_P4.lost, **P7_P4.clients})
    assert {ledger.place_of(client) for client in P7_P4.moved} == {P7_P4.away}

    done = [over, back, held, moved]
    assert [run.state for run in done] == ["completed"] * 4
    assert set(mortals.died.values()) == SENDS
    assert doubled(control, "ledger", done) == []
    assert [wrong for run in done for wrong in mismatches(run)] == []
