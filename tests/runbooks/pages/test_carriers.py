"""Every page says when nobody would carry out the next step."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.clock import database_now
from runbooks.models import Outbox, WorkerBeat
from runbooks.queries.carriers import SILENT
from tests.runbooks.texts import ATTESTED, approved

LONG = SILENT + timedelta(minutes=1)


@pytest.fixture
def notices(client, people):
    def read() -> str:
        client.force_login(people.viewer)
        return client.get("/runs/").content.decode()

    return read


def beats(**ago: timedelta) -> None:
    for role, since in ago.items():
        WorkerBeat.objects.create(name=f"{role}@host", role=role, at=database_now() - since)


NOW = timedelta(0)
CASES = [
    ({}, None),
    ({"executor": NOW, "act": NOW, "observe": NOW}, None),
    ({"executor": NOW}, None),  # an installation without workers
    ({"executor": LONG, "act": LONG, "observe": LONG}, "The executor gives no sign of life."),  # it asks the workers
    ({"executor": LONG}, "The executor gives no sign of life."),
    ({"executor": LONG, "act": NOW, "observe": NOW}, "The executor gives no sign of life."),
    ({"executor": NOW, "act": LONG, "observe": NOW}, "the queue act since"),
    ({"executor": NOW, "act": LONG, "observe": LONG}, "the queue act and observe since"),
]
SAID = [said for _, said in CASES if said] + ["Workers give no sign of life."]


@pytest.mark.django_db
@pytest.mark.parametrize(("since", "said"), CASES)
def test_what_is_missing_is_said_on_every_page(notices, since, said):
    beats(**since)
    page = notices()
    if said is None:
        assert [words for words in SAID if words in page] == []
    else:
        assert said in page


@pytest.mark.django_db
def test_another_worker_of_the_same_queue_is_enough(notices):
    beats(executor=NOW, act=LONG)
    WorkerBeat.objects.create(name="act@other", role="act", at=database_now())
    assert "no sign of life" not in notices()


def test_work_that_nobody_ever_took_is_said(orders, people, notices):
    approved(ATTESTED % 0)
    orders.start(people.commander, "attested", {}, orders.declare(people.commander, "us-east"))
    assert "Nobody carries out steps." not in notices()
    Outbox.objects.update(due_at=database_now() - LONG)
    assert "Nobody carries out steps." in notices()


@pytest.mark.django_db
def test_a_read_only_console_waits_for_nobody(notices, settings):
    beats(executor=LONG)
    assert "no sign of life" in notices()
    settings.READ_ONLY = True
    assert "no sign of life" not in notices()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ahead_s", "said"),
    [(0.4, None), (-4.0, None), (3600.0, "1:00:00 ahead of the database"), (-90.0, "1:30 behind the database")],
)
def test_a_worker_whose_clock_is_false_is_named(notices, ahead_s, said):
    WorkerBeat.objects.create(name="executor@here", role="executor", at=database_now())
    WorkerBeat.objects.create(name="act@there", role="act", at=database_now(), ahead_s=ahead_s)
    page = notices()
    assert ("The clock of act@there is" in page) == bool(said)
    assert said is None or said in page


@pytest.mark.django_db
def test_the_clock_of_a_worker_that_is_gone_is_not_spoken_of(notices):
    beats(executor=NOW)
    WorkerBeat.objects.create(name="act@there", role="executor", at=database_now() - LONG, ahead_s=3600.0)
    assert "The clock of" not in notices()
