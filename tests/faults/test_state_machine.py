"""Whatever persons, workers, deaths, late and forged messages and lost answers do to a step, in whatever order.

A machine that makes up its own stories: each rule is something that somebody may do now, and most of them are refused.
After each of them no step has two sent attempts without a re-arm between, or two live ones, and the record tells every
move; at the end the run can be brought to an end, and the cluster's own journal knows of no order twice. The same
stories each time; more of them, and others: STORIES=300.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from audit.clock import database_now
from audit.ledger import Actor
from audit.models import Event
from audit.verify import verify
from people import glass
from people.models import Account
from people.rights import Forbidden
from runbooks import trial
from runbooks.engine.states import MOVES, TERMINAL, IllegalMove, StepState
from runbooks.models import Attempt, Outbox, Preflight, Run, StepRun
from runbooks.perform import perform
from runbooks.services import binding, decisions, nonces, outbox, recovery, runs, sweeping, waiving
from runbooks.services.errors import Invalid, Stale
from tests.faults.commander import Commander
from tests.faults.judge import doubled
from tests.faults.paced import shorten
from tests.faults.record import mismatches
from tests.fixtures.people import glass_account
from tests.runbooks.conftest import in_force, lost_messages, orders
from tests.runbooks.driving import Drive, until, who
from tests.runbooks.texts import MOVE, approved

__all__ = ["in_force", "lost_messages", "orders"]

pytestmark = [pytest.mark.faults, pytest.mark.one_database]
PAIRS = ("orders",)
STORIES = int(os.environ.get("STORIES", "0"))
REFUSALS = (Invalid, Stale, IllegalMove, Forbidden)
LATER = timedelta(minutes=16)  # an approval lives for 15
PERSONS = st.sampled_from(["commander", "commander2", "again", "alone", "viewer"])
DEATHS = st.sampled_from([""] * 6 + sorted(trial.POINTS))


class Died(BaseException):
    """A worker ended here; nothing may catch it and go on."""


class Stories(RuleBasedStateMachine):
    """`drive`, `control` and `people` are those of the test around it."""

    drive: ClassVar[Drive]
    control: ClassVar
    people: ClassVar[SimpleNamespace]
    patch: ClassVar[pytest.MonkeyPatch]
    incident: ClassVar
    death: ClassVar[str] = ""

    @initialize(rounds=st.sampled_from([8, 6, 5, 4, 3, 0]), lost=st.sampled_from([True, False, None]), death=DEATHS)
    def begin(self, rounds: int, lost: bool | None, death: str) -> None:
        """A run that has come so far; the first answer of the cluster is lost, after or before it was carried out."""
        self.control.reset("orders")
        self.drive.look()
        parameters = {"producers": ["checkout", "storefront"]}
        self.run = self.drive.start(self.people.commander, "move", parameters, self.incident)
        self.seen: list[tuple[str, int, int]] = []
        self.careful = Commander(self.people.commander, self.people.commander2, {})
        if lost is not None:
            self.an_answer_will_be_lost(lost)
        self._go_on(death, rounds)

    @property
    def step(self) -> StepRun:
        return StepRun.objects.get(run=self.run, key="move")

    def account(self, name: str) -> Account:
        found: Account = getattr(self.people, name)
        return found

    # What persons do.

    @rule(death=DEATHS, rounds=st.integers(2, 8))
    def everybody_does_what_is_asked(self, death: str, rounds: int) -> None:
        self.drive.look()
        self._go_on(death, rounds)

    @rule()
    def everybody_waits_for_what_is_being_looked_at(self) -> None:
        """Long enough for a proof that nothing was applied, where there is one."""
        with suppress(AssertionError):
            until(self._is_told, "", 1.5)

    def _is_told(self) -> bool:
        self._go_on("", 2)
        return self.step.state not in {"observing", "unknown", "sent"}

    @rule(name=PERSONS, phrase=st.sampled_from(["eu-west", "eu-west", "us-east"]), old=st.integers(0, 3))
    def confirms(self, name: str, phrase: str, old: int) -> None:
        step, asker = self.step, who(self.account(name))
        shown = Preflight.objects.filter(step=step).first()
        with suppress(*REFUSALS):
            decisions.request_step(
                asker, step.pk, fence=step.fence - (old == 3), digest=shown.digest if shown else "",
                nonce=nonces.issue(asker, step), phrase=phrase,
            )  # fmt: skip

    @rule(name=PERSONS, does=st.sampled_from([decisions.approve, decisions.approve, decisions.decline]))
    def judges(self, name: str, does: object) -> None:
        step, asker = self.step, who(self.account(name))
        attempt = Attempt.objects.filter(step=step).order_by("-number").first()
        if attempt is None:
            return
        said = {"phrase": attempt.phrase} if does is decisions.approve else {"reason": "not yet"}
        with suppress(*REFUSALS):
            does(  # type: ignore[operator]
                asker, step.pk, fence=step.fence, digest=attempt.digest, nonce=nonces.issue(asker, step), **said
            )
            assert attempt.requester_id != asker.person.pk, "nobody judges what they asked for"

    @rule(name=PERSONS, does=st.sampled_from([recovery.rearm, recovery.skip, waiving.waive_approval]))
    def decides(self, name: str, does: object) -> None:
        if does is recovery.skip and self.step.attempts < 2:
            return  # a story that ends at once tells little
        with suppress(*REFUSALS):
            does(who(self.account(name)), self.step.pk, fence=self.step.fence, reason="so be it")  # type: ignore[operator]

    @rule(name=PERSONS, does=st.sampled_from([recovery.look_again, decisions.withdraw]))
    def takes_back_or_looks_again(self, name: str, does: object) -> None:
        with suppress(*REFUSALS):
            does(who(self.account(name)), self.step.pk, fence=self.step.fence)  # type: ignore[operator]

    @rule(name=PERSONS, is_paused=st.booleans())
    def pauses_or_resumes(self, name: str, is_paused: bool) -> None:
        with suppress(*REFUSALS):
            if is_paused:
                runs.resume(who(self.account(name)), self.run.pk)
            else:
                runs.pause(who(self.account(name)), self.run.pk, reason="wait")

    # What workers and the executor do.

    @rule(death=DEATHS, which=st.integers(0, 4))
    def somebody_works(self, death: str, which: int) -> None:
        due = outbox.due(database_now())
        if not due:
            return
        row = due[which % len(due)]
        self.seen.append((row.task, row.step_id, row.fence))
        self._perform(*self.seen[-1], death)

    @rule()
    def the_page_is_open(self) -> None:
        outbox.enqueue(self.step, Outbox.Task.PREFLIGHT, database_now())
        for row in outbox.due(database_now()):
            if row.task == Outbox.Task.PREFLIGHT:
                self._perform(row.task, row.step_id, row.fence)

    @rule()
    def the_poller_looks(self) -> None:
        self.drive.look()

    @rule(is_late=st.booleans())
    def the_executor_sweeps(self, is_late: bool) -> None:
        """`is_late`: every lease and every approval has run out meanwhile."""
        with self.patch.context() as patch:
            if is_late:
                for module in (sweeping, binding):
                    patch.setattr(module, "database_now", lambda: database_now() + LATER)
            sweeping.put_right("executor")

    @rule(which=st.integers(0, 99), ahead=st.integers(-2, 3), death=DEATHS)
    def a_message_comes_late_twice_or_forged(self, which: int, ahead: int, death: str) -> None:
        if not self.seen:  # no precondition: what is due depends on the clock, and the stories may not
            return
        task, step_id, fence = self.seen[which % len(self.seen)]
        self._perform(task, step_id, max(0, fence + ahead), death)

    # What the clusters do.

    @rule(applied=st.booleans())
    def an_answer_will_be_lost(self, applied: bool) -> None:
        self.control.fault("orders", "orders-dropped", "", applied=applied)

    @rule(is_on=st.booleans())
    def clients_are_slow_to_follow(self, is_on: bool) -> None:
        (self.control.fault if is_on else self.control.heal)("orders", "pods-stuck", "eu-west")

    def _go_on(self, death: str, rounds: int) -> None:
        Stories.death = death
        for _ in range(rounds):
            self.careful.attend(self.run)
            for row in outbox.due(database_now()):
                self.seen.append((row.task, row.step_id, row.fence))
                self._perform(*self.seen[-1])
        Stories.death = ""

    @staticmethod
    def _perform(task: str, step_id: int, fence: int, death: str = "") -> None:
        """Dies at that point, if it comes there; one death at a time."""
        Stories.death = death or Stories.death
        with suppress(Died):
            perform(task, step_id, fence, "test")
        if death:
            Stories.death = ""  # it did not come there

    # What must hold after each of them.

    @invariant()
    def no_attempt_is_sent_without_its_own_arming(self) -> None:
        if not hasattr(self, "run"):
            return
        for step in StepRun.objects.filter(run=self.run):
            sent = Attempt.objects.filter(step=step, sent_at__isnull=False).count()
            again = Event.objects.filter(step=step.pk, kind="step.rearmed").count()
            assert sent <= 1 + again, f"{step}: {sent} attempts were sent, {again} times a person armed it again"
            assert Attempt.objects.filter(step=step, is_live=True).count() <= 1

    @invariant()
    def the_record_tells_every_move(self) -> None:
        if hasattr(self, "run"):
            assert mismatches(self.run) == []

    def teardown(self) -> None:
        if not hasattr(self, "run"):
            return
        Stories.death = ""
        self.control.heal("orders", "pods-stuck", "eu-west")
        until(self._is_brought_to_an_end, f"{self.run} to end: {self.step.state}, {self.step.summary}")
        until(self._is_let_go, f"{self.step} to be left: {self.step.state}, {self.step.summary}")
        assert doubled(self.control, "orders", [self.run]) == []
        assert mismatches(self.run) == []

    def _is_let_go(self) -> bool:
        """Nothing that an ended run left open is watched for ever."""
        with suppress(*REFUSALS):
            recovery.let_go(who(self.people.commander), self.step.pk, fence=self.step.fence, reason="seen by hand")
        self.drive.work()
        return self.step.state not in {"sent", "observing", "unknown"}

    def _is_brought_to_an_end(self) -> bool:
        """By anybody who gives up: what was sent keeps its outcome."""
        with suppress(*REFUSALS):
            runs.abort(who(self.people.commander), self.run.pk, reason="enough")
        sweeping.put_right("executor")
        self.drive.work()
        return Run.objects.get(pk=self.run.pk).is_over


@pytest.mark.timeout(3600)
def test_no_story_doubles_an_order_or_leaves_one_untold(orders, people, control, monkeypatch):
    shorten(monkeypatch, 0.05)
    approved(MOVE % 1)
    people.again = Account.objects.create(username="again", person=people.commander.person, password="!")
    people.alone = glass_account(people.commander2)
    glass.break_glass(Actor.product("web"), people.alone, "nobody else is awake")
    Stories.drive, Stories.control, Stories.people, Stories.patch = orders, control, people, monkeypatch
    Stories.incident = orders.declare(people.commander, "us-east")

    def meet(name: str, step_id: int) -> None:
        if Stories.death == name:
            Stories.death = ""
            raise Died

    monkeypatch.setattr(trial, "point", meet)
    run_state_machine_as_test(
        Stories,
        settings=settings(
            max_examples=STORIES or 30, stateful_step_count=40, deadline=None, derandomize=not STORIES,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None,
        ),
    )  # fmt: skip
    assert Attempt.objects.filter(sent_at__isnull=False).exists(), "the stories never came to anything"
    assert verify().finding is None


def test_every_state_can_be_left():
    for state in StepState:
        reached, rest = set(), [state]
        while rest:
            at = rest.pop()
            reached.add(at)
            rest += [after for after in MOVES[at].values() if after not in reached]
        assert reached & TERMINAL, f"{state} leads nowhere"
