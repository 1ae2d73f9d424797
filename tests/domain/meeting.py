"""A fault that is there when a step is about to be sent, and is gone a moment later."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from clusters.sandbox.faults import FAULTS
from runbooks.engine.kinds import guards
from runbooks.models import Preflight, Run, StepRun
from runbooks.services.script import kind_of
from tests.domain.plan import HELD, SEED, STAYS, Meeting
from tests.domain.playing import Player

LASTS_S = 1.0
# Where the sandbox's own measure would be long or would end the story: the rest is as it stands there.
OPTIONS: dict[str, dict[str, Any]] = {"slow": {"seconds": 0.2}, "records-lost": {"records": 2}}


def options(fault: str, kind: str) -> dict[str, Any]:
    """Of each option with choices one, by chance that is the same each time."""
    rng = random.Random(f"{SEED} {fault} {kind}")
    chosen = {name: rng.choice(option.choices) for name, option in FAULTS[fault].options.items() if option.choices}
    return {**chosen, **OPTIONS.get(fault, {})}


@dataclass
class Met:
    """One step and the fault that it met. Between two rounds the step was tried."""

    step: int
    kind: str
    side: str
    since: float
    rounds: int = 0
    is_over: bool = False


@dataclass
class Troubling:
    """Watches a player's run: throws the fault at the first step of each kind once it is queued, and clears it."""

    meeting: Meeting
    player: Player
    met: dict[str, Met] = field(default_factory=dict)

    def watch(self, run: Run) -> None:
        for step in StepRun.objects.filter(run=run, state="queued", kind__in=self.meeting.kinds):
            if step.kind not in self.met:
                self._throw(step)
        for met in self.met.values():
            if not met.is_over and met.rounds and time.monotonic() - met.since > LASTS_S:
                self._clear(met)
            met.rounds += 1

    def _throw(self, step: StepRun) -> None:
        side = "" if FAULTS[self.meeting.fault].both_sides else self._side(step)
        self.met[step.kind] = Met(step.pk, step.kind, side, time.monotonic())
        chosen = options(self.meeting.fault, step.kind)
        self.player.control.fault(self.player.pair, self.meeting.fault, side, **chosen)

    def _side(self, step: StepRun) -> str:
        """Where the step acts; the other side where that one is lost already."""
        written = kind_of(step)
        sides = (self.player.home, self.player.away)
        side = getattr(written, "side", None) or getattr(written, "to", None)
        if side is None:
            side = next(one for one in sides if one != written.away_from)
        truth = self.player.control.truth(self.player.pair)["sides"]
        return side if truth[side]["up"] else next(one for one in sides if one != side)

    def _clear(self, met: Met) -> None:
        met.is_over = True
        self.player.control.heal(self.player.pair, self.meeting.fault, met.side)

    def guard(self) -> str:
        """By which a step of this meeting is held for good; empty where all of them come to their end."""
        return next((HELD[self.meeting.fault, kind] for kind in self.meeting.kinds if self._ends(kind)), "")

    def _ends(self, kind: str) -> bool:
        return (self.meeting.fault, kind) in HELD

    @property
    def ends(self) -> set[str]:
        """How the last run of the story may end."""
        if self.guard():
            return {"aborted"}
        return {"completed", "aborted"} if self.meeting.fault in STAYS else {"completed"}

    def is_at_end(self, run: Run) -> bool:
        """The fault is gone, and the story goes no further for what it did: its steps are done, or one is held."""
        is_met = self.met.keys() >= set(self.meeting.kinds) and all(met.is_over for met in self.met.values())
        if not is_met or self.ends == {"completed"}:
            return False
        return self._is_held(run, guard) if (guard := self.guard()) else self._is_done()

    def _is_done(self) -> bool:
        steps = [met.step for met in self.met.values()]
        done = StepRun.objects.filter(pk__in=steps, state="succeeded").count()
        return done == len(self.meeting.kinds)

    def _is_held(self, run: Run, guard: str) -> bool:
        """A step is refused, though the fault is gone, by the guard that the table names."""
        if StepRun.objects.filter(run=run, state="blocked", summary__contains=guards.get(guard).code).exists():
            return True
        shown = Preflight.objects.filter(step__run=run, step__state="ready", fence=F("step__fence"))
        return any(row["guard"] == guard and not row["is_met"] for each in shown for row in each.verdicts)
