"""What an ended run left open holds its targets until it is settled, or a commander says by name to stop watching."""

from __future__ import annotations

import pytest
from django.urls import reverse

from audit.models import Event
from people.rights import Forbidden
from runbooks.engine.states import IllegalMove
from runbooks.models import Attempt, Preflight, Run
from runbooks.services import recovery, runs, sweeping
from runbooks.services.errors import Invalid
from tests.faults.paced import shorten
from tests.runbooks.driving import who
from tests.runbooks.pages.reading import Person
from tests.runbooks.texts import MOVE, approved

WHY = "seen by hand: nothing of it was applied"
PACE = 0.05


@pytest.fixture
def left_open(orders, people, incident, control):
    """A run was aborted while nobody knew what had become of its command."""
    approved(MOVE % 0)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    control.fault("orders", "orders-dropped", "", applied=False)
    step = orders.confirm(people.commander, orders.step(run, "move"))
    orders.work_until(lambda: orders.state(step) == "unknown")
    runs.abort(who(people.commander), run.pk, reason="enough")
    sweeping.put_right("executor")
    assert Run.objects.get(pk=run.pk).state == "aborted"
    return orders.step(run, "move")


@pytest.fixture
def quick(monkeypatch):
    shorten(monkeypatch, PACE)


def let_go(account, step, reason=WHY):
    step.refresh_from_db()
    return recovery.let_go(who(account), step.pk, fence=step.fence, reason=reason)


def held_by(orders, people, incident):
    """What a new run of the same producers says."""
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    orders.preflight(orders.step(run, "move"))
    rows = Preflight.objects.get(step__run=run, step__key="move").verdicts
    runs.abort(who(people.commander), run.pk, reason="it was only asked")
    sweeping.put_right("executor")
    return [row for row in rows if row["code"] == "OPEN"]


def test_its_targets_are_free_again_once_somebody_lets_go(quick, orders, people, incident, left_open):
    (held,) = held_by(orders, people, incident)
    assert "a commander can stop watching it on its page" in held["says"]

    orders.work_until(lambda: gone(people, left_open), "its last request to be past its time")
    step = orders.step(left_open.run, "move")
    assert (step.state, step.summary) == ("failed", f"outcome given up by commander: {WHY}")
    assert not Attempt.objects.filter(step=step, is_live=True).exists()
    assert held_by(orders, people, incident) == []
    event = Event.objects.get(kind="step.failed", step=step.pk)
    assert event.person == str(people.commander.person.public_id)


def gone(people, step) -> bool:
    try:
        let_go(people.commander, step)
    except Invalid:
        return False
    return True


def test_not_while_its_request_could_still_arrive(orders, people, left_open):
    with pytest.raises(Invalid, match="could still be at work"):
        let_go(people.commander, left_open)


def test_not_without_a_reason_and_not_by_anybody(orders, people, left_open):
    with pytest.raises(Invalid, match="Say why"):
        let_go(people.commander, left_open, reason="")
    for account in (people.viewer, people.reviewer, people.admin):
        with pytest.raises(Forbidden):
            let_go(account, left_open)


def test_while_its_run_goes_on_it_is_watched(orders, people, incident, control):
    approved(MOVE % 0)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    control.fault("orders", "orders-dropped", "", applied=False)
    step = orders.confirm(people.commander, orders.step(run, "move"))
    orders.work_until(lambda: orders.state(step) == "unknown")
    with pytest.raises(IllegalMove, match="Its run still goes on"):
        let_go(people.commander, step)


def test_the_page_of_the_ended_run_offers_it(quick, orders, people, left_open):
    page = reverse("runbooks:run", args=[left_open.run_id]) + "?step=move"
    assert "act-let-go" not in Person(people.viewer).open(page).forms
    person = Person(people.commander)

    def is_done() -> bool:
        answer = person.send(person.open(page), "act-let-go", reason=WHY)
        return answer.status == 200

    orders.work_until(is_done)
    assert orders.state(left_open) == "failed"
