"""A failover that is over, its cut saved and its tail settled: all that is left is to be allowed to restore.

`open` begins a run that consists of the restore, on a pair that is what a row of the table says.
"""

from __future__ import annotations

import time
import uuid
from types import SimpleNamespace
from typing import Any

from dashboard import inventory
from runbooks.models import Run, StepRun
from runbooks.services import runs
from tests.doors.world import World
from tests.fixtures.processes import FOLDER
from tests.fixtures.sandbox import Control
from tests.restore_table import Row
from tests.runbooks.driving import Drive, put_in_force, until, who
from tests.runbooks.texts import FAILOVER, approved

PAIR, OLD, TOPICS = "ledger", "eu-north", ["accounts", "entries"]
VALUES = {"old": OLD, "topics": TOPICS}
ACTION = "truncate-and-restore"
WORDS = {"statement": "worthless: test records"}
RESTORE = """
runbook: restore
title: Restore two topics
parameters:
  old: {type: side, title: Old home}
  topics: {type: topics, title: Topics}
steps:
  - key: restore
    kind: mirrors.truncate-and-restore
    title: Restore
    with: {side: "${old}", topics: "${topics}"}
    confirm: {typed: record-count}
    approvals: 1
    timeout: 5m
"""
SETTLE = """
runbook: settle
title: Settle the tail
parameters:
  old: {type: side, title: Old home}
  topics: {type: topics, title: Topics}
steps:
  - {key: quiet, kind: topics.quiet, title: See that nobody writes, with: {side: "${old}", topics: "${topics}"}}
  - key: tail
    kind: loss.accept
    title: Settle it
    with: {side: "${old}", topics: "${topics}", purpose: tail}
    confirm: {typed: record-count}
"""


class Scene:
    def __init__(self, sandbox, people: SimpleNamespace) -> None:
        self.people, self.drive, self.world = people, Drive(PAIR), World(sandbox, PAIR)
        self.control = Control(sandbox.control_url)
        self.incident: Any = None
        self._is: Row | None = None

    def prepare(self, inventory_text: str) -> None:
        """By the product itself, up to the point where only the restore is left."""
        put_in_force(inventory_text)
        self.drive.look()
        for text in (FAILOVER, SETTLE, RESTORE):
            approved(text)
        self.control.fault(PAIR, "region-down", OLD, mode="refuse")
        self.drive.work_until(lambda: not self._sees(OLD), f"{OLD} to be seen down")
        self.incident = self.drive.declare(self.people.commander, OLD)
        self._run("failover", {"failed": OLD, "topics": TOPICS}, confirm={}, cut={}, accept=WORDS, failover={})
        for client in ("ledger-writer", "balances", "statements"):
            self._stop(client)
        self.control.heal(PAIR, "region-down", OLD)
        self.drive.work_until(lambda: self._sees(OLD), f"{OLD} to be seen again")
        self._run("settle", VALUES, quiet={}, tail=WORDS)
        self.world.remember()

    def open(self, row: Row, slug: str = "restore") -> StepRun:
        """The restore of a new run, ready, with its preflight read."""
        for left in Run.objects.filter(pair=PAIR, finished_at=None):
            self.close(left)
        if self._is is not row or self.sends():
            self.become(row)
        self.forget_commands()
        run = self.drive.start(self.people.commander, slug, VALUES, self.incident)
        step = self.drive.step(run, "restore")
        self.drive.preflight(step)
        return step

    def become(self, row: Row) -> None:
        """The pair, and the inventory in force, are what the row says from now on."""
        self.world.become(row)
        put_in_force(self.world.inventory(row))
        self._is = row
        self.forget_commands()
        self.drive.look()

    def forget_commands(self) -> None:
        self.control.ask("DELETE", f"/journal?pair={PAIR}")

    def close(self, run: Run) -> None:
        run.refresh_from_db()
        if not run.is_over:
            runs.abort(who(self.people.commander), run.pk, reason="tried")

    def commands(self) -> list[dict[str, Any]]:
        """What reached a cluster, dry runs included."""
        return [row for row in self.control.journal(PAIR) if row["action"] == ACTION]

    def sends(self) -> list[dict[str, Any]]:
        return [row for row in self.commands() if not row["validate_only"]]

    def until_allowed(self, step: StepRun) -> None:
        """Some guards only need a moment: nobody has written here for as long as the policy asks."""
        self.drive.work_until(lambda: self.drive.can_be_confirmed(step), "the restore to pass its guards")

    def until(self, step: StepRun, *states: str) -> StepRun:
        """Wait for processes to bring it there; a failure says where it stands and what they wrote."""
        try:
            until(lambda: self.drive.state(step) in states, " or ".join(states), patience=90)
        except AssertionError as error:
            wrote = [f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in FOLDER.glob("*-door-*.log")]
            said = f"it is {self.drive.state(step)}: {self.drive.summary(step)}"
            raise AssertionError("\n".join([f"{error}; {said}", *wrote])) from None
        step.refresh_from_db()
        return step

    def _run(self, slug: str, values: dict[str, Any], **words: dict[str, str]) -> None:
        run = self.drive.start(self.people.commander, slug, values, self.incident)
        for key, inputs in words.items():
            self.drive.go(self.people.commander, self.people.commander2, run, key, **inputs)

    def _sees(self, side: str) -> bool:
        from dashboard import history

        facts = history.latest(PAIR)
        return facts is not None and facts.side(side).reachable

    def _stop(self, client: str) -> None:
        driver, deadline = inventory.connections(PAIR).driver("clients"), time.monotonic() + 5
        driver.apply(
            driver.plan(client, to=None, deadline=deadline), run="by-hand", key=uuid.uuid4().hex, deadline=deadline
        )
