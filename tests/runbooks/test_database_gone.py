"""The database is gone from the intent, or from the request, until later: one send, no second one, and what came of it
is seen.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from audit.clock import database_now
from audit.models import Event
from runbooks import trial
from runbooks.models import Call, Outbox
from runbooks.perform import perform
from runbooks.services import sweeping
from runbooks.services.policy import ANSWER_LATE, WRITE_S

pytestmark = pytest.mark.faults
PAIRS = ("ledger",)


@contextmanager
def gone_from(point: str, monkeypatch: pytest.MonkeyPatch):
    """At this point of the slice the connection drops, and no other one can be made."""

    def refuse(params: object) -> None:
        raise OperationalError("the database system is shutting down")

    with monkeypatch.context() as patch:

        def lose(name: str, _: int) -> None:
            if name == point:
                patch.setattr(connection, "get_new_connection", refuse)
                connection.close()

        patch.setattr(trial, "point", lose)
        yield
    connection.close()


@pytest.mark.parametrize("point", ["intended", "sent"])
def test_an_answer_that_cannot_be_written_down_is_looked_for(point, ready_failover, lost_messages, monkeypatch):
    step = ready_failover.arm()
    with gone_from(point, monkeypatch):
        perform(Outbox.Task.ADVANCE, step.pk, step.fence, "celery:lost")
    call = Call.objects.get(attempt__step=step)
    assert (ready_failover.state, call.ended_at, len(ready_failover.sends())) == ("sent", None, 1)

    past_the_deadline = timedelta(seconds=WRITE_S) + ANSWER_LATE
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "database_now", lambda: database_now() + past_the_deadline)
        sweeping.put_right("executor")
    assert ready_failover.state == "unknown"
    ready_failover.drive.work_until(lambda: ready_failover.state == "succeeded", "the looks to see it")
    assert len(ready_failover.sends()) == 1
    assert Event.objects.filter(kind="step.sent", step=step.pk).count() == 1
