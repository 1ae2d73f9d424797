"""A story on a pair of the sandbox: what happens to the region, and two careful people at the pages of each run."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

from ruamel.yaml import YAML

from dashboard import history
from runbooks import models
from runbooks.engine.definition import parse, suggested
from runbooks.engine.kinds import Nature, steps
from runbooks.engine.values import SIDE
from runbooks.models import Incident, Item, Preflight, StepRun
from runbooks.services import decisions, drift, incidents, nonces, preflights, recovery, runs, sweeping
from tests.domain.own import OWN
from tests.domain.stories import HOMES, Act, Back, Behind, Closed, ForGood, Lost, Run, Story, library, told
from tests.faults.commander import Commander
from tests.faults.lanes import standing
from tests.fixtures.sandbox import Control
from tests.runbooks.driving import Drive, until, who
from tests.runbooks.texts import approved

PATIENCE = 400.0  # seconds of one run, on a busy machine
ROUND_S, LOOK_EVERY_S = 0.15, 1.5  # eight side by side on two cores would do nothing but poll
ANSWERS = {"statement": "worthless: test records", "decision": "replay: none of them may be missing"}
SEEN = "as asked"


class Careful(Commander):
    """Says what each step asks to be told."""

    asks_every_s = 3.0

    def _confirm(self, step: StepRun) -> None:
        if (shown := self._shown(step)) is not None:
            said = {prompt["name"]: ANSWERS.get(prompt["name"].partition("-")[0], SEEN) for prompt in shown.prompts}
            decisions.request_step(
                self.one, step.pk, fence=step.fence, digest=shown.digest, nonce=nonces.issue(self.one, step),
                phrase=shown.phrase, inputs=said,
            )  # fmt: skip


@dataclass
class Player:
    """`carry` does a little of the work where that happens in this process, and nothing where processes carry it."""

    story: Story
    people: SimpleNamespace
    control: Control
    confirmation: str = "shipped"
    is_here: bool = True
    watch: Callable[[models.Run], None] = lambda run: None
    is_at_end: Callable[[models.Run], bool] = lambda run: False  # the story goes no further
    done: list[models.Run] = field(default_factory=list)
    incident: Incident | None = None

    def __post_init__(self) -> None:
        self.pair = self.story.pair
        self.home, self.away = HOMES[self.pair]
        self.drive = Drive(self.pair)
        self.careful = Careful(self.people.commander, self.people.commander2, {})
        self._looked_at, self._watch, self._is_ended = 0.0, drift.Watch(), False

    def play(self) -> list[models.Run]:
        self._until(self._is_read, f"both sides of {self.pair} to be read")
        for act in self.story.acts:
            self.act(act)
            if self._is_ended:
                break
        return self.done

    def act(self, act: Act) -> None:
        match act:
            case Behind():
                self.control.fault(self.pair, "link-down", "")
                rows = {"side": self.home, "topic": act.topic, "partition": 1, "count": act.records}
                self.control.ask("POST", f"/pairs/{self.pair}/records", rows)
            case Lost():
                self.control.fault(self.pair, "region-down", self.home, mode="refuse")
                self._until(lambda: not self._answers(), f"{self.home} to be seen lost")
                self.control.heal(self.pair, "link-down", "")
                self.incident = self.drive.declare(self.people.commander, self.home) if act.is_declared else None
            case Back():
                self.control.heal(self.pair, "region-down", self.home)
                self._until(self._answers, f"{self.home} to be seen back")
            case ForGood():
                incidents.will_not_return(who(self.people.commander), self._open().pk, reason="it burnt down")
            case Closed():
                self._until(lambda: not incidents.held_open_by(self._open(), history.latest(self.pair)), "all in order")
                incidents.close(who(self.people.commander), self._open().pk, reason="all is where it was")
            case Run():
                self.done.append(self.run(act))

    def run(self, act: Run) -> models.Run:
        slug = confirmed(act.slug, self.confirmation)
        incident = self.incident if act.mode == "live" else None
        run = self.drive.start(self.people.commander, slug, self._parameters(act), incident, act.mode)
        try:
            if act.held is not None:
                self._until(lambda: self._is_held(run, *act.held), f"{run} to be held by {act.held}")
            else:
                self._until(lambda: self.is_at_end(run) or self._is_over(run, act.skips), f"{act.slug} to end")
                run.refresh_from_db()
                self._is_ended = not run.is_over
            if not run.is_over:
                runs.abort(who(self.people.commander), run.pk, reason="it goes no further")
            self._until(lambda: self._is_over(run), f"{act.slug} to be over")
        except AssertionError as error:
            raise AssertionError(f"{error}: {standing(run)}\n    {refused(run)}") from None
        return run

    def _parameters(self, act: Run) -> Mapping[str, Any]:
        side = self.home if act.at_home else self.away
        facts = history.latest(self.pair)
        # What is at home there by declaration stays the same; the side that is left changes.
        return {**suggested(told()[act.slug], self.home, facts), **self._sides(act, side), **act.more}

    def _sides(self, act: Run, side: str) -> dict[str, str]:
        return {parameter.name: side for parameter in told()[act.slug].parameters if parameter.type is SIDE}

    def _is_over(self, run: models.Run, skips: Collection[str] = ()) -> bool:
        for step in StepRun.objects.filter(run=run, key__in=skips, state="ready"):
            recovery.skip(self.careful.one, step.pk, fence=step.fence, reason="a drill has nothing for it")
        if not run.is_rehearsal:
            self.careful.attend(run)
        self.watch(run)
        run.refresh_from_db()
        return run.is_over

    def _is_held(self, run: models.Run, key: str, why: str) -> bool:
        """`why` is the guard that refuses it, or what is said of it."""
        self.careful.attend(run)
        step = self.drive.step(run, key)
        if step.state == "ready":
            preflights.want(self.careful.one, step.pk)
        shown = Preflight.objects.filter(step=step, fence=step.fence).first()
        refusing = {row["guard"] for row in shown.verdicts if not row["is_met"]} if shown else set()
        seen = Item.objects.filter(attempt__step=step).values_list("saw", flat=True)
        return why in refusing or any(why in said for said in (step.summary, shown.problem if shown else "", *seen))

    def _until(self, is_so: Callable[[], object], what: str) -> None:
        def once() -> object:
            time.sleep(ROUND_S)
            if self.is_here:
                self._work()
            return is_so()

        until(once, what, PATIENCE)

    def _work(self) -> None:
        if time.monotonic() - self._looked_at > LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            self.drive.look()
            sweeping.put_right("executor")
            self._watch.sweep("executor")
        self.drive.work()

    def _is_read(self) -> bool:
        facts = history.latest(self.pair)
        return facts is not None and all(side.reachable and side.topics for side in facts.sides.values())

    def _answers(self) -> bool:
        return history.latest(self.pair).side(self.home).reachable

    def _open(self) -> Incident:
        assert self.incident is not None
        return self.incident


def refused(run: models.Run) -> str:
    """What the newest looks at its open steps refuse, for whoever has to find out why it does not go on."""
    shown = Preflight.objects.filter(step__run=run).exclude(step__state__in=["locked", "succeeded"])
    rows = [(each.step.key, row["says"]) for each in shown for row in each.verdicts if not row["is_met"]]
    rows += [(step.key, step.summary) for step in StepRun.objects.filter(run=run, ended_at=None).exclude(summary="")]
    return "\n    ".join(f"{key}: {says}" for key, says in rows)


def confirmed(slug: str, confirmation: str) -> str:
    """The runbook with other confirmations of its acts, in force under another name."""
    if confirmation == "shipped":
        return slug if slug in library() else in_force(OWN[slug])
    yaml, text = YAML(), io.StringIO()
    document = yaml.load(OWN.get(slug) or library_text(slug))
    document["runbook"] = f"{slug}-{confirmation.replace(' ', '-')}"
    for step in document["steps"]:
        if steps.get(step["kind"]).nature is Nature.ACT:
            step["approvals"] = 0 if confirmation == "alone" else 1
            step["confirm"] = step["confirm"] if confirmation == "alone" else {"typed": "cluster"}
    yaml.dump(document, text)
    return in_force(text.getvalue())


def in_force(text: str) -> str:
    slug = parse(text).slug
    if not models.Definition.objects.filter(slug=slug).exists():
        approved(text)
    return slug


def library_text(slug: str) -> str:
    return (files("runbooks") / "library" / f"{slug}.yaml").read_text()
