"""Messages lost, doubled, reordered and forged: the rows decide, and the clusters' journal is the judge."""

from __future__ import annotations

import random

import pytest
import redis
from django.conf import settings

from audit.models import Event
from config.celery import app
from runbooks import relay
from runbooks.models import Attempt, StepRun
from tests.runbooks.driving import until

pytestmark = pytest.mark.faults
PAIRS = ("ledger",)
TASKS = list(relay.TASKS.values())


def post(task: str, *args: object) -> None:
    app.send_task(task, args=args)


def claims(step: StepRun) -> list[str]:
    rows = Event.objects.filter(kind="step.claimed", step=step.pk).order_by("seq")
    return list(rows.values_list("source", flat=True))


def test_every_claim_is_a_task_of_celery_while_messages_arrive(ready_failover, worker):
    step = ready_failover.arm()
    ready_failover.until("succeeded")
    assert [source.partition(":")[0] for source in claims(step)] == ["celery"]
    looks = Event.objects.filter(step=step.pk, kind="step.succeeded").values_list("source", flat=True)
    assert looks[0].startswith("celery:")


def test_a_lost_message_is_rung_again_and_the_task_does_it(ready_failover, worker, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(relay, "ring", lambda bells: None)  # the web process dies between its commit and the bell
        step = ready_failover.arm()
    ready_failover.until("succeeded")
    assert [source.partition(":")[0] for source in claims(step)] == ["celery"]
    assert len(ready_failover.sends()) == 1


def test_sixteen_times_the_same_message_is_one_send(ready_failover, celery_workers):
    step = ready_failover.arm()
    for _ in range(16):
        post("runbooks.tasks.advance_step", step.pk, step.fence)
        post("runbooks.tasks.look_at_step", step.pk, step.fence)
    ready_failover.until("succeeded")
    assert len(claims(step)) == 1
    assert len(ready_failover.sends()) == 1


def test_messages_in_any_order_move_nothing_that_is_not_due(ready_failover, celery_workers):
    """Old and coming fences of every step, in a random order, before anything was confirmed."""
    step = ready_failover.step
    before = list(StepRun.objects.order_by("pk").values_list("state", "fence"))
    pairs = [(row.pk, fence) for row in StepRun.objects.all() for fence in range(row.fence + 4)]
    random.Random(7).shuffle(pairs)
    for pk, fence in pairs:
        for task in TASKS:
            post(task, pk, fence)
    quiet(celery_workers)
    assert list(StepRun.objects.order_by("pk").values_list("state", "fence")) == before
    assert not Attempt.objects.filter(step=step).exists()
    assert ready_failover.sends() == []


@pytest.mark.parametrize("state", ["ready", "awaiting_approval"])
def test_a_forged_message_does_not_stand_in_for_a_decision(ready_failover, celery_workers, state):
    step = ready_failover.step
    if state == "awaiting_approval":
        step = ready_failover.drive.confirm(ready_failover.people.commander, step)
    step.refresh_from_db()
    forge(celery_workers, step)
    assert ready_failover.state == state
    assert ready_failover.sends() == []


def forge(celery_workers, step: StepRun) -> None:
    """Random and real ids, and arguments that make no sense, from somebody who reached the broker."""
    chance = random.Random(11)
    for _ in range(200):
        post(chance.choice(TASKS), chance.choice([step.pk, chance.randrange(1, 10**6)]), chance.randrange(0, 40))
    for args in ([], [step.pk], ["1; DROP", step.fence], [step.pk, str(step.fence)], [None, None], [step.pk, -1]):
        post("runbooks.tasks.advance_step", *args)
    post("os.system", "true")
    quiet(celery_workers)


def test_noise_that_ends_the_workers_leaves_the_work_to_the_executor(ready_failover, worker):
    """Celery gives up on what is not JSON. Its queue is not where the work lies."""
    raw = redis.Redis.from_url(settings.REDIS_URL)
    for queue in (settings.CELERY_ACT_QUEUE, settings.CELERY_OBSERVE_QUEUE):
        raw.lpush(f"{settings.INSTALLATION}:{queue}", b"not json at all")
    until(lambda: worker["act"].ended and worker["observe"].ended, "the workers to end")

    step = ready_failover.arm()
    ready_failover.until("succeeded")
    assert claims(step) == ["executor"]
    assert len(ready_failover.sends()) == 1


def quiet(celery_workers) -> None:
    """Both queues are empty, and the workers have answered once after that."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    names = [f"{settings.INSTALLATION}:{name}" for name in (settings.CELERY_ACT_QUEUE, settings.CELERY_OBSERVE_QUEUE)]
    until(lambda: not any(broker.llen(name) for name in names), "the queues to be empty")
    until(lambda: len(app.control.ping(timeout=2) or []) >= len(celery_workers), "the workers to answer")
