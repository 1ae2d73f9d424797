"""Hundreds of topics in one step: bounded calls, each item with a state of its own, and only the refused sent again.

Thousands: TOPICS=10000.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from clusters.sandbox.scenario import Client, Scenario
from clusters.sandbox.server import Sandbox
from runbooks.engine.steps.mirrored import BATCH
from runbooks.models import Attempt, Call, Item
from runbooks.services import recovery
from tests.faults.paced import shorten
from tests.fixtures.sandbox import SCALE, Control
from tests.runbooks import driving
from tests.runbooks.driving import Drive, put_in_force
from tests.runbooks.pages.reading import Person
from tests.runbooks.texts import FAILOVER, approved

TOPICS = [f"topic-{number:05}" for number in range(int(os.environ.get("TOPICS", "230")))]
REFUSED, PENDING = TOPICS[:185:5], TOPICS[1:26:5]  # 37 and 5
HOME, AWAY = "north", "south"
LONG = driving.PATIENCE + len(TOPICS) / 10  # seconds
CALLS = -(-len(TOPICS) // BATCH)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    clients = (Client("writer", "producers", (TOPICS[0],), HOME, 5.0),)
    scenario = Scenario("wide", "Wide", "active-passive", (HOME, AWAY), tuple(TOPICS), clients, partitions=1)
    with Sandbox(directory=tmp_path_factory.mktemp("wide"), scenarios=(scenario,), scale=SCALE) as running:
        yield running


@pytest.fixture
def control(wide: Sandbox) -> Iterator[Control]:
    asking = Control(wide.control_url)
    yield asking
    asking.close()


@pytest.fixture
def drive(wide: Sandbox, transactional_db, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drive]:
    shorten(monkeypatch, 0.1)
    monkeypatch.setattr("runbooks.relay.ring", lambda bells: None)
    put_in_force(wide.inventory_text())
    found = Drive("wide")
    found.look()
    yield found
    driving.close_everything()


@pytest.fixture
def failing_over(drive: Drive, people, control: Control):
    """The failover of all of them, sent: 37 will be refused, and 5 stay pending."""
    approved(FAILOVER)
    control.fault("wide", "region-down", HOME, mode="refuse")
    drive.work_until(lambda: is_down(), f"{HOME} to be seen down")
    incident = drive.declare(people.commander, HOME)
    run = drive.start(people.commander, "failover", {"failed": HOME, "topics": TOPICS}, incident)
    drive.go(people.commander, people.commander2, run, "confirm")
    drive.go(people.commander, people.commander2, run, "cut")
    drive.go(people.commander, people.commander2, run, "accept", statement="we go on without them")
    step = drive.step(run, "failover")
    drive.work_until(lambda: drive.can_be_confirmed(step), "the failover to pass its guards")
    control.fault("wide", "refuse-half", AWAY, topics=",".join(REFUSED))
    control.fault("wide", "transitions-stuck", AWAY, topics=",".join(PENDING))
    return drive.approve(people.commander2, drive.confirm(people.commander, step))


def is_down() -> bool:
    from dashboard import history

    facts = history.latest("wide")
    return facts is not None and not facts.side(HOME).reachable


def states(attempt: Attempt) -> Counter[str]:
    return Counter(Item.objects.filter(attempt=attempt).values_list("state", flat=True))


@pytest.mark.timeout(300 + len(TOPICS))
def test_each_item_has_its_own_end_and_only_the_refused_are_sent_again(drive, people, control, failing_over):
    step = failing_over
    first = Attempt.objects.get(step=step)
    settled = {"done": len(TOPICS) - 42, "waiting": 5}
    drive.work_until(lambda: settled.items() <= states(first).items(), "all but the pending to be settled", LONG)
    calls = Call.objects.filter(attempt=first)
    assert [len(call.items) for call in calls] == [BATCH] * (CALLS - 1) + [len(TOPICS) - BATCH * (CALLS - 1)]
    assert sorted(name for call in calls for name in call.items) == TOPICS
    assert set(Item.objects.filter(attempt=first, state="waiting").values_list("name", flat=True)) == set(PENDING)
    assert drive.state(step) == "observing"
    page = Person(people.viewer).open(f"/runs/{step.run_id}/?step=failover")
    assert f"{len(TOPICS) - 42} of {len(TOPICS)}" in page.words

    control.heal("wide", "transitions-stuck", AWAY)
    drive.work_until(lambda: drive.state(step) == "partial", "the rest to be told", LONG)
    assert states(first)["done"] == len(TOPICS) - 37
    refused = Item.objects.filter(attempt=first).exclude(state="done")
    assert set(refused.values_list("name", flat=True)) == set(REFUSED)

    control.heal("wide", "refuse-half", AWAY)
    step = drive.step(step.run, "failover")
    recovery.rearm(driving.who(people.commander), step.pk, fence=step.fence, reason="they can be tried again")
    drive.work_until(lambda: drive.can_be_confirmed(drive.step(step.run, "failover")), "the refused to be asked again")
    drive.approve(people.commander2, drive.confirm(people.commander, drive.step(step.run, "failover")))
    drive.work_until(lambda: drive.state(step) == "succeeded", "the refused to be failed over")
    second = Attempt.objects.get(step=step, number=2)
    assert set(second.items.values_list("name", flat=True)) == set(REFUSED)
    sent = Counter(
        topic
        for row in control.journal("wide")
        if row["action"] == "failover" and not row["validate_only"]
        for topic in row["topics"]
        if topic not in row.get("refused", {})
    )
    assert sent == Counter(TOPICS)
