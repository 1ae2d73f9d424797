"""Driving runs as people and workers do, in this process: the same services, the same slices, without their queues."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from django.conf import settings
from django.db import connection

from audit.clock import database_now
from audit.ledger import Actor, ledger
from dashboard import inventory, leases, memory, poll
from dashboard.models import SideLease
from people.models import Account
from runbooks.engine.reconciling import Partition, totals, words
from runbooks.engine.states import Mode, StepState
from runbooks.models import DefinitionVersion, Incident, Outbox, Preflight, Run, StepRun
from runbooks.perform import perform
from runbooks.services import decisions, drift, evidence, incidents, nonces, outbox, runs, sweeping
from runbooks.services.who import Who

PATIENCE = 90.0  # seconds, on a busy machine
P1 = "unplanned-outage-active-active"
P1_PARAMETERS = {"failed": "us-east", "producers": ["checkout"], "groups": ["settlement", "fulfilment"]}


def until(is_so: Callable[[], object], what: str = "", patience: float = PATIENCE) -> object:
    """What `is_so` says once it is true; fails when it stays false."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := is_so():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what or is_so} did not come true within {patience:.0f} s")


def who(account: Account) -> Who:
    return Who.at_the_shell(account, "web")


def put_in_force(text: str) -> None:
    Path(settings.INVENTORY_FILE).write_text(text)
    inventory.load_file("test")
    memory.forget()


class Drive:
    """`work` does what is due, as workers would; `people` are accounts of each role."""

    def __init__(self, pair: str) -> None:
        self.pair = pair
        self.by = "test"

    def look(self) -> None:
        """One poll of both sides and the witnesses."""
        entry = inventory.in_force().pairs[self.pair]
        for side in (*(side.name for side in entry.sides), leases.WITNESSES):
            SideLease.objects.filter(pair=self.pair, side=side).update(started_at=leases.LONG_AGO)
            poll.poll_side(self.pair, side)

    def work(self) -> int:
        """Every row of this pair that is due now; how many there were."""
        rows = [row for row in outbox.due(database_now()) if row.step.run.pair == self.pair]
        for row in rows:
            perform(row.task, row.step_id, row.fence, self.by)
        return len(rows)

    def work_until(self, is_so: Callable[[], object], what: str = "", patience: float = PATIENCE) -> None:
        """Work, poll and sweep, as all processes together do, until it is so."""
        looked_at = 0.0

        def once() -> object:
            nonlocal looked_at
            if time.monotonic() - looked_at > 0.5:
                looked_at = time.monotonic()
                self.look()
                sweeping.put_right(self.by)
                drift.sweep(self.by)
            self.work()
            return is_so()

        until(once, what or "what was waited for", patience)

    def start(
        self,
        account: Account,
        slug: str,
        parameters: Mapping[str, object],
        incident: Incident | None = None,
        mode: Mode = Mode.LIVE,
    ) -> Run:
        version = DefinitionVersion.objects.get(definition__slug=slug, state="approved")
        return runs.start_run(who(account), version.pk, self.pair, mode, parameters, incident.pk if incident else None)

    def step(self, run: Run, key: str) -> StepRun:
        return StepRun.objects.select_related("run__version", "run__incident").get(run=run, key=key)

    def preflight(self, step: StepRun) -> Preflight:
        """A fresh one for the step as it is now."""
        step.refresh_from_db()
        outbox.enqueue(step, Outbox.Task.PREFLIGHT, database_now())
        self.work()
        return Preflight.objects.get(step=step)

    def confirm(self, account: Account, step: StepRun, **inputs: str) -> StepRun:
        """Read the preflight, type what it asks for, and confirm."""
        shown = self.preflight(step)
        asker = who(account)
        return decisions.request_step(
            asker, step.pk, fence=step.fence, digest=shown.digest, nonce=nonces.issue(asker, step),
            phrase=shown.phrase, inputs=inputs,
        )  # fmt: skip

    def approve(self, account: Account, step: StepRun) -> StepRun:
        step = StepRun.objects.get(pk=step.pk)
        asker, attempt = who(account), step.armings.get(is_live=True)
        return decisions.approve(
            asker, step.pk, fence=step.fence, digest=attempt.digest, nonce=nonces.issue(asker, step),
            phrase=attempt.phrase,
        )  # fmt: skip

    def state(self, step: StepRun) -> str:
        return StepRun.objects.values_list("state", flat=True).get(pk=step.pk)

    def summary(self, step: StepRun) -> str:
        return StepRun.objects.values_list("summary", flat=True).get(pk=step.pk)

    def go(self, commander: Account, other: Account, run: Run, key: str, **inputs: str) -> StepRun:
        """Confirm a step, have another person approve where that is asked for, and work until it is done."""
        step = self.step(run, key)
        self.work_until(lambda: self.state(step) == StepState.READY, f"{key} to be ready")
        self.work_until(lambda: self.can_be_confirmed(step), f"{key} to pass its guards")
        step = self.confirm(commander, step, **inputs)
        if step.approvals:
            self.approve(other, step)
        self.work_until(lambda: self.state(step) in {"succeeded", "failed", "partial", "blocked"}, f"{key} to end")
        step.refresh_from_db()
        assert step.state == StepState.SUCCEEDED, f"{key} is {step.state}: {step.summary}"
        return step

    def can_be_confirmed(self, step: StepRun) -> bool:
        shown = self.preflight(self.step(step.run, step.key))
        return bool(shown.digest) and all(row["is_met"] or row["level"] == "warning" for row in shown.verdicts)

    def sides(self) -> tuple[str, ...]:
        return tuple(side.name for side in inventory.in_force().pairs[self.pair].sides)

    def place_of(self, client: str) -> str | None:
        """Where the control server itself says that a client runs."""
        driver = inventory.connections(self.pair).driver("clients")
        return driver.verify(client, deadline=time.monotonic() + 5).side

    def declare(self, account: Account, side: str) -> Incident:
        return incidents.declare(who(account), self.pair, side, reason="it is down")


def reconciled_by_hand(incident: Incident, *parts: Partition, topic: str = "orders") -> None:
    """As the step of that name leaves it."""
    figures = totals(parts)
    topics = {topic: {"source": topic, **figures, "partitions": [part.as_evidence() for part in parts]}}
    with ledger(Actor.product("test")) as book:
        data = {
            "side": incident.side, "at": book.now.isoformat(), "cut_from": "cut.save", "totals": figures,
            "words": words(parts), "topics": topics,
        }  # fmt: skip
        evidence.keep(book, "loss.reconcile", data, book.now, incident=incident)


def close_everything() -> None:
    poll.close_ways()
    inventory.close_connections()
    connection.close()
