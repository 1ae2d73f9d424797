"""The broker is gone, or hangs: confirming stays quick, and the executor carries the run alone."""

from __future__ import annotations

import time

import pytest

from audit.models import Event
from runbooks.models import Outbox, Preflight, WorkerBeat
from runbooks.services import decisions, nonces, preflights
from tests.runbooks.driving import P1, P1_PARAMETERS, Drive, until, who
from tests.runbooks.pressing import press
from tests.runbooks.texts import ATTESTED, approved

pytestmark = pytest.mark.faults
PAIRS = ("orders",)
KEYS = ("confirm-outage", "record-lag", "reroute-producers", "stop-groups", "start-groups")


def test_the_same_p1_whole_with_no_broker_and_every_claim_reads_executor(
    orders, shipped, outage, people, control, executor
):
    run = orders.start(people.commander, P1, P1_PARAMETERS, outage)
    for key in KEYS:
        press(orders, people, run, key)

    until(lambda: type(run).objects.get(pk=run.pk).state == "completed", "the run to be completed")
    sources = set(Event.objects.filter(kind="step.claimed").values_list("source", flat=True))
    assert sources == {"executor"}
    assert control.journal("orders") == []


@pytest.mark.parametrize("trouble", ["gone", "hangs"])
def test_a_confirm_does_not_wait_for_the_broker(in_force, people, valkey, trouble, executor):
    drive = Drive("orders")
    drive.look()
    approved(ATTESTED % 0)
    incident = drive.declare(people.commander, "us-east")
    valkey.stop() if trouble == "gone" else valkey.freeze()
    run = drive.start(people.commander, "attested", {}, incident)
    step = drive.step(run, "say-so")
    until(lambda: Preflight.objects.filter(step=step).exclude(digest="").exists(), "the executor to make a preflight")

    shown, asker = Preflight.objects.get(step=step), who(people.commander)
    began = time.monotonic()
    decisions.request_step(
        asker,
        step.pk,
        fence=step.fence,
        digest=shown.digest,
        nonce=nonces.issue(asker, step),
        inputs={"observed": "yes"},
    )
    took = time.monotonic() - began
    until(lambda: drive.state(step) == "succeeded", "the executor to do it")

    assert Event.objects.get(kind="step.claimed").source == "executor"
    assert took < 5  # publishing in the request would have waited for both of the broker's time-outs, and retries


def test_a_worker_gives_its_sign_of_life_through_its_own_queue(worker):
    until(lambda: set(WorkerBeat.objects.values_list("role", flat=True)) == {"act", "observe", "executor"}, "all beats")


def test_a_preflight_is_asked_for_at_most_every_ten_seconds_and_only_by_who_may_decide(orders, people, incident):
    approved(ATTESTED % 0)
    step = orders.step(orders.start(people.commander, "attested", {}, incident), "say-so")
    rows = Outbox.objects.filter(task="preflight", step=step)
    before = rows.count()

    assert not preflights.want(who(people.viewer), step.pk)
    assert preflights.want(who(people.commander), step.pk)
    assert not preflights.want(who(people.commander2), step.pk)
    assert rows.count() == before + 1
