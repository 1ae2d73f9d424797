"""A failover of topics with transactions: one at a time, the next only when the one before has come to its end."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from runbooks.engine.states import StepState
from runbooks.models import Call, Preflight
from runbooks.services import recovery
from tests.runbooks.driving import Drive, put_in_force, who
from tests.runbooks.failing_over import is_down
from tests.runbooks.pressing import refusing
from tests.runbooks.texts import FAILOVER, approved

PAIRS = ("ledger",)
TOPICS = ["accounts", "entries", "transfers"]


@pytest.fixture
def transactional(in_force, lost_messages, people, control):
    """The writer of all three topics writes transactions; eu-north is lost, and the failover is refused by R24."""
    text = Path(settings.INVENTORY_FILE).read_text()
    put_in_force(text.replace("transactional: false", "transactional: true"))
    drive = Drive("ledger")
    drive.look()
    approved(FAILOVER)
    control.fault("ledger", "region-down", "eu-north", mode="refuse")
    drive.work_until(lambda: is_down("eu-north"), "eu-north to be seen down")
    incident = drive.declare(people.commander, "eu-north")
    run = drive.start(people.commander, "failover", {"failed": "eu-north", "topics": TOPICS}, incident)
    drive.go(people.commander, people.commander2, run, "confirm")
    drive.go(people.commander, people.commander2, run, "cut")
    drive.go(people.commander, people.commander2, run, "accept", statement="we go on without them")
    return drive, run


def test_each_topic_comes_to_its_end_before_the_next_is_sent(transactional, people, control):
    drive, run = transactional
    step = drive.step(run, "failover")
    drive.work_until(lambda: drive.preflight(step).digest, "its facts")
    (only,) = refusing(Preflight.objects.get(step=step))
    assert only.startswith("R24: accounts and 2 more carries transactional records.")
    step.refresh_from_db()
    recovery.override(
        who(people.commander), step.pk, fence=step.fence, guard="transactions_in_turn", reason="the vendor agreed"
    )
    control.fault("ledger", "transitions-stuck", "eu-south", topics="accounts")
    drive.approve(people.commander2, drive.confirm(people.commander, drive.step(run, "failover")))
    drive.work_until(lambda: sent(control) == [["accounts"]], "the first to be sent")
    for _ in range(5):
        drive.work()
    assert (sent(control), drive.state(step)) == ([["accounts"]], StepState.SENT)

    control.heal("ledger", "transitions-stuck", "eu-south")
    drive.work_until(lambda: drive.state(step) == StepState.SUCCEEDED, "all to be failed over")
    assert sent(control) == [["accounts"], ["entries"], ["transfers"]]
    assert [call.items for call in Call.objects.filter(attempt__step=step).order_by("number")] == sent(control)


def sent(control) -> list[list[str]]:
    rows = control.journal("ledger")
    return [row["topics"] for row in rows if row["action"] == "failover" and not row["validate_only"]]
