"""What can happen to a run. Adding a trouble is one entry in TROUBLES."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from celery import Celery

from runbooks.engine.kinds import Nature
from tests.faults.clocked import STEPS
from tests.faults.world import World
from tests.fixtures.sandbox import Control

AT_MOST = 3  # troubles of one run
POINTS = {
    Nature.ACT: ("taken", "claimed", "intended", "sent", "recorded", "seen", "concluded"),
    Nature.CHECK: ("taken", "claimed", "seen", "concluded"),
    Nature.ATTEST: ("taken", "claimed", "seen", "concluded"),
}
Message = tuple[str, tuple[Any, ...]]  # a task and its arguments
DAMAGE = ("truncated", "html", "redirect", "trickle", "unknown-state")


@dataclass(frozen=True)
class Scene:
    """`up`: the sides that can be reached in this run; `steps`: its steps by id; `messages`: what carries them.

    `app` takes messages to whoever carries this run out.
    """

    world: World
    control: Control
    pair: str
    up: Sequence[str]
    steps: Mapping[int, Nature]
    messages: Callable[[], list[Message]]
    app: Celery
    within: float = 8.0  # seconds from the start of a run in which troubles begin

    def for_a_while(self, rng: random.Random, fault: str, **options: object) -> None:
        """In force from some moment on, for up to two seconds."""
        side, start = rng.choice(self.up), rng.uniform(0, self.within)
        self.world.after(start, lambda: self.control.fault(self.pair, fault, side, **options))
        self.world.after(start + rng.uniform(0.3, 2), lambda: self.control.heal(self.pair, fault, side))

    def next_command(self, fault: str, **options: object) -> None:
        for side in self.up:
            self.control.fault(self.pair, fault, side, **options)


@dataclass(frozen=True)
class Trouble:
    name: str
    begin: Callable[[Scene, random.Random], None]
    needs: str = ""  # postgres | broker


BROKER = "broker killed, hung or emptied"


def choose(rng: random.Random, scene: Scene, without: str = "") -> list[Trouble]:
    """Two or three; deaths more often than the rest."""
    there = {"", *(["postgres"] if scene.world.server else []), *(["broker"] if scene.world.broker else [])}
    known = [trouble for trouble in TROUBLES if trouble.needs in there and trouble.name != without]
    weights = [8 if trouble.name == "death at a point" else 1 for trouble in known]
    return rng.choices(known, weights, k=rng.randint(2, AT_MOST))


def _death(scene: Scene, rng: random.Random) -> None:
    """Two times of three in a step that sends."""
    sends = [step for step, nature in scene.steps.items() if nature is Nature.ACT]
    step = rng.choice(sends if rng.random() < 2 / 3 else list(scene.steps))
    point = rng.choice(POINTS[scene.steps[step]])
    later = f"@{rng.uniform(0.005, 0.3):.3f}" if rng.random() < 0.3 else ""
    scene.world.plan(point, step, rng.choice(("kill", "kill-group", "freeze")) + later)


def _killed(scene: Scene, rng: random.Random) -> None:
    name = rng.choice(list(scene.world.commands))
    scene.world.after(rng.uniform(0, scene.within), lambda: scene.world.kill(name))


def _frozen(scene: Scene, rng: random.Random) -> None:
    name = rng.choice(list(scene.world.commands))
    scene.world.after(rng.uniform(0, scene.within), lambda: scene.world.freeze(name))


def _clock(scene: Scene, rng: random.Random) -> None:
    """Of one worker: an hour ahead or behind, and right again some seconds later."""
    name, start = rng.choice(list(scene.world.commands)), rng.uniform(0, scene.within)
    off, right = rng.choice(list(STEPS)[:2]), list(STEPS)[2]
    scene.world.after(start, lambda: scene.world.step_clock(name, off))
    scene.world.after(start + rng.uniform(1, 5), lambda: scene.world.step_clock(name, right))


def _broker(scene: Scene, rng: random.Random) -> None:
    act = rng.choice((scene.world.kill_broker, scene.world.hang_broker, scene.world.empty_broker))
    scene.world.after(rng.uniform(0, scene.within), act)


def _messages(scene: Scene, rng: random.Random) -> None:
    """Each message of the run sixteen times, in another order, and forged ones of steps and fences that never were."""

    def publish() -> None:
        real = scene.messages()
        forged = [(rng.choice(real)[0], (rng.randint(1, 10_000), rng.randint(0, 40))) for _ in range(16) if real]
        rows = rng.sample(real, min(len(real), 8)) * 16 + forged
        rng.shuffle(rows)
        for task, args in rows:
            scene.app.send_task(task, args=args, ignore_result=True, retry=False)

    scene.world.after(rng.uniform(0, scene.within), publish)


def _lost_answer(scene: Scene, rng: random.Random) -> None:
    scene.next_command("accepted-then-dropped", applied=rng.random() < 0.5)


def _lost_order(scene: Scene, rng: random.Random) -> None:
    scene.control.fault(scene.pair, "orders-dropped", "", applied=rng.random() < 0.5)


def _server_errors(scene: Scene, rng: random.Random) -> None:
    scene.for_a_while(rng, "server-errors", status=rng.choice((500, 502, 503, 504)), applied=rng.random() < 0.5)


def _database(scene: Scene, rng: random.Random) -> None:
    scene.world.after(rng.uniform(0, scene.within), scene.world.crash_database)


TROUBLES = (
    Trouble("death at a point", _death),
    Trouble("worker killed", _killed),
    Trouble("worker frozen", _frozen),
    Trouble("clock steps by an hour", _clock),
    Trouble(BROKER, _broker, "broker"),
    Trouble("messages doubled, reordered and forged", _messages, "broker"),
    Trouble("answer lost", _lost_answer),
    Trouble("order lost", _lost_order),
    Trouble("server errors", _server_errors),
    Trouble("slow answers", lambda scene, rng: scene.for_a_while(rng, "slow", seconds=rng.uniform(0.2, 1))),
    Trouble("damaged answers", lambda scene, rng: scene.for_a_while(rng, "damaged-answers", kind=rng.choice(DAMAGE))),
    Trouble("half refused", lambda scene, _: scene.next_command("refuse-half", times=1)),
    Trouble("database killed", _database, "postgres"),
)
