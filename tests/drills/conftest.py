"""Shipped runbooks end to end: simulated clusters over sockets, real workers, people at their pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard import history
from runbooks.models import Run
from runbooks.services import incidents
from tests.runbooks.conftest import in_force, shipped
from tests.runbooks.driving import Drive, until, who
from tests.runbooks.pressing import press

__all__ = ["in_force", "shipped"]


class Drill:
    """A pair, a cast and workers."""

    def __init__(self, pair: str, people, control) -> None:
        self.pair, self.people, self.control = pair, people, control
        self.drive = Drive(pair)

    def region_down(self, side: str):
        """Lost, seen, declared: the incident."""
        self.control.fault(self.pair, "region-down", side, mode="refuse")
        until(lambda: self.is_seen(side, up=False), f"{side} to be seen down")
        return self.drive.declare(self.people.commander, side)

    def region_up(self, side: str) -> None:
        self.control.heal(self.pair, "region-down", side)
        until(lambda: self.is_seen(side, up=True), f"{side} to be seen up")

    def is_seen(self, side: str, *, up: bool) -> bool:
        facts = history.latest(self.pair)
        return facts is not None and facts.side(side).reachable is up

    def run(self, slug: str, parameters, incident, steps: dict[str, dict[str, str]]) -> Run:
        """Press through every step; `steps` maps keys to what is said with the confirmation."""
        run = self.drive.start(self.people.commander, slug, parameters, incident)
        for key, inputs in steps.items():
            press(self.drive, self.people, run, key, **inputs)
        until(lambda: Run.objects.get(pk=run.pk).is_over, f"{run} to end")
        return Run.objects.get(pk=run.pk)

    def close(self, incident) -> None:
        incidents.close(who(self.people.commander), incident.pk, reason="everything is where it was")

    def commands(self, action: str) -> list[dict]:
        rows = self.control.journal(self.pair)
        return [row for row in rows if row["action"] == action and not row["validate_only"]]


@pytest.fixture
def drill(in_force, shipped, people, control, worker) -> Callable[[str], Drill]:
    def make(pair: str) -> Drill:
        made = Drill(pair, people, control)
        until(lambda: history.latest(pair) is not None, f"{pair} to be read")
        return made

    return make
