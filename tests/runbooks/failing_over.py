"""A failover of two topics of `ledger`, confirmed and approved and not yet sent: what faults are tried on."""

from __future__ import annotations

import pytest

from runbooks.models import StepRun
from runbooks.services import runs
from tests.runbooks.driving import Drive, until, who
from tests.runbooks.texts import FAILOVER, approved

TOPICS = ["accounts", "entries"]


class Failover:
    def __init__(self, drive: Drive, people, control, step: StepRun) -> None:
        self.drive, self.people, self.control, self.step = drive, people, control, step

    def arm(self) -> StepRun:
        """Confirmed by one, approved by another: queued."""
        until(lambda: self.drive.can_be_confirmed(self.step), "a look that read everything in time")
        self.step = self.drive.approve(self.people.commander2, self.drive.confirm(self.people.commander, self.step))
        return self.step

    @property
    def state(self) -> str:
        return self.drive.state(self.step)

    def until(self, *states: str) -> None:
        """Wait until processes have brought it there; a failure says where it stands and why."""
        try:
            until(lambda: self.state in states, " or ".join(states))
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.state}: {self.drive.summary(self.step)}") from None

    def sends(self) -> list[dict]:
        rows = self.control.journal("ledger")
        return [row for row in rows if row["action"] == "failover" and not row["validate_only"]]

    def abort(self) -> None:
        runs.abort(who(self.people.commander), self.step.run_id, reason="the test is over")


@pytest.fixture
def ready_failover(in_force, people, control, monkeypatch) -> Failover:
    """eu-north is lost; the steps before are done, and the failover to eu-south passes its guards."""
    drive = Drive("ledger")
    with monkeypatch.context() as patch:
        patch.setattr("runbooks.relay.ring", lambda bells: None)
        drive.look()
        approved(FAILOVER)
        control.fault("ledger", "region-down", "eu-north", mode="refuse")
        drive.work_until(lambda: is_down("eu-north"), "eu-north to be seen down")
        incident = drive.declare(people.commander, "eu-north")
        run = drive.start(people.commander, "failover", {"failed": "eu-north", "topics": TOPICS}, incident)
        drive.go(people.commander, people.commander2, run, "confirm")
        drive.go(people.commander, people.commander2, run, "cut")
        drive.go(people.commander, people.commander2, run, "accept", statement="we go on without them")
        step = drive.step(run, "failover")
        drive.work_until(lambda: drive.can_be_confirmed(step), "the failover to pass its guards")
    return Failover(drive, people, control, step)


def is_down(side: str) -> bool:
    from dashboard import history

    facts = history.latest("ledger")
    return facts is not None and not facts.side(side).reachable
