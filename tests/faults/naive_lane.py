"""A lane of the control: the same pair is lost, and one naive task fails it over, under the same troubles."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from urllib.parse import quote

from dashboard import inventory
from runbooks.engine.kinds import Nature
from tests.faults.lanes import P7_P4, Tally
from tests.faults.troubles import BROKER, Scene, choose
from tests.faults.world import World
from tests.fixtures.sandbox import Control

PATIENCE = 20.0  # seconds: a lost message is given back by then, and nothing is under way any more


class NaiveLane:
    def __init__(self, number: int, seed: str, world: World, control: Control, people: SimpleNamespace) -> None:
        self.pair, self.world, self.control = f"lane-{number}", world, control
        self._number, self._seed, self._rounds = number, f"{seed}-{number}", 0
        self._life: Iterator[None] | None = None

    def go_on(self, tally: Tally, wants_more: Callable[[], bool]) -> bool:
        if self._life is None:
            if not wants_more():
                return False
            self._rounds += 1
            tally.begun += 1
            self._life = self._round(tally, random.Random(f"{self._seed}-{self._rounds}"))
        if next(self._life, self) is self:
            self._life = None
        return True

    def _round(self, tally: Tally, rng: random.Random) -> Iterator[None]:
        from tests.faults.naive import app

        self.control.reset(self.pair)
        self.control.fault(self.pair, "region-down", P7_P4.lost, mode="refuse")
        step, done = self._number * 10_000 + self._rounds, self.world.folder / f"{self.pair}-{self._rounds}"
        args = (step, self._address(), P7_P4.clients["topics"], str(done))
        messages = [("naive.fail_over", args)]
        scene = Scene(
            self.world, self.control, self.pair, [P7_P4.away], {step: Nature.ACT}, lambda: messages, app, within=0.3
        )
        # Its queue is all it has: without a broker that keeps messages it would lose them, and double nothing.
        for trouble in choose(rng, scene, without=BROKER):
            trouble.begin(scene, rng)
        app.send_task("naive.fail_over", args=args)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            yield
        tally.runs += 1
        sent = self._sends()
        tally.doubled += sent > 1
        tally.lost += sent == 0

    def _address(self) -> str:
        entry = inventory.in_force().pairs[self.pair]
        side = entry.side(P7_P4.away)
        rest, link = side.ways["rest"], quote(entry.links[0].name, safe="")
        return f"{rest.url}{rest.base}/clusters/{side.cluster_id}/links/{link}/mirrors:failover"

    def _sends(self) -> int:
        """How often the cluster received the command for a topic."""
        rows = [row for row in self.control.journal(self.pair) if row["action"] == "failover"]
        return max(Counter(topic for row in rows for topic in row["topics"]).values(), default=0)
