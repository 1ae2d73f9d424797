"""The commit of an intent is lost: the row decides whether it counts, and nothing has left for a cluster before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from audit.clock import database_now
from config.demo.services import make_folder
from runbooks.models import Attempt, Call, Outbox
from runbooks.perform import perform
from runbooks.services import recovery, sweeping
from runbooks.services.policy import ANSWER_LATE, LEASE, WRITE_S
from runbooks.services.unknown import is_proven_untouched
from tests.runbooks.commit_cut import commit_cut
from tests.runbooks.driving import who
from tests.runbooks.failing_over import Failover

pytestmark = pytest.mark.faults
PAIRS = ("ledger",)
INTENT = 'INSERT INTO "runbooks_call"'


@pytest.fixture
def folder() -> Iterator[Path]:
    import shutil

    found = make_folder("breakwater-cut-")  # short enough for a socket's path
    yield found
    shutil.rmtree(found)


def lose_the_intent(failover: Failover, folder: Path, *, applied: bool) -> None:
    step = failover.arm()
    with commit_cut(INTENT, folder, applied=applied) as is_done:
        perform(Outbox.Task.ADVANCE, step.pk, step.fence, "celery:lost")
    assert is_done()
    assert failover.sends() == []


def after(length: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "database_now", lambda: database_now() + length)
        sweeping.put_right("executor")


def test_an_intent_that_was_stored_is_looked_for_and_sent_again_by_a_person_alone(
    ready_failover, lost_messages, folder, people, monkeypatch
):
    lose_the_intent(ready_failover, folder, applied=True)
    step = ready_failover.step
    assert (ready_failover.state, Call.objects.get(attempt__step=step).ended_at) == ("sent", None)

    after(timedelta(seconds=WRITE_S) + ANSWER_LATE, monkeypatch)
    assert ready_failover.state == "unknown"
    first = Attempt.objects.get(step=step)
    ready_failover.drive.work_until(
        lambda: is_proven_untouched(Attempt.objects.get(pk=first.pk)), "looks to show that nothing came"
    )
    assert ready_failover.sends() == []
    step.refresh_from_db()
    recovery.rearm(who(people.commander), step.pk, fence=step.fence, reason="nothing came of it")
    ready_failover.drive.work_until(lambda: ready_failover.drive.can_be_confirmed(step), "its guards to be met")
    ready_failover.arm()
    ready_failover.drive.work_until(lambda: ready_failover.state == "succeeded", "the failover")
    assert len(ready_failover.sends()) == 1


def test_an_intent_that_was_not_stored_was_never_sent_and_the_lease_frees_the_step(
    ready_failover, lost_messages, folder, monkeypatch
):
    lose_the_intent(ready_failover, folder, applied=False)
    assert not Call.objects.filter(attempt__step=ready_failover.step).exists()
    assert ready_failover.state == "claimed"

    after(LEASE, monkeypatch)
    ready_failover.drive.work_until(lambda: ready_failover.state == "succeeded", "the failover")
    assert len(ready_failover.sends()) == 1
