"""A process with READ_ONLY: everybody looks, nobody decides, and nothing that was decided before is carried out."""

from __future__ import annotations

import pytest

from audit.models import Event
from people.rights import Forbidden
from runbooks.executor import Executor
from runbooks.executor import put_right as sweep
from runbooks.models import Call
from runbooks.services import decisions, nonces, runs
from tests.runbooks.driving import who
from tests.runbooks.pages.reading import Person
from tests.runbooks.texts import MOVE, approved


@pytest.fixture
def moving(orders, people, incident):
    """A step that moves producers to eu-west, ready to be confirmed."""
    approved(MOVE % 1)
    return orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)


@pytest.fixture
def step(orders, moving):
    return orders.step(moving, "move")


def test_a_commander_is_refused_with_what_to_do(orders, people, step, settings):
    shown, asker = orders.preflight(step), who(people.commander)
    said = {"fence": step.fence, "digest": shown.digest, "nonce": nonces.issue(asker, step)}
    settings.READ_ONLY = True
    with pytest.raises(Forbidden, match=r"read-only \(READ_ONLY is on\).* open a console without"):
        decisions.request_step(asker, step.pk, phrase=shown.phrase, **said)
    with pytest.raises(Forbidden, match="read-only"):
        runs.abort(asker, step.run_id, reason="it was wrong")
    assert orders.state(step) == "ready"


def test_pages_show_it_and_offer_nothing_to_press(people, orders, moving, step, settings):
    orders.preflight(step)
    settings.READ_ONLY = True
    page = Person(people.commander).open(f"/runs/{moving.pk}/")
    assert "Read-only." in page.words
    assert not [form.action for form in page.forms.values() if form.action.startswith("/runs/")]


def test_what_was_approved_before_waits_untouched(orders, people, step, settings):
    """Not voided either: whoever decided has lost no right, this process has."""
    queued = orders.approve(people.commander2, orders.confirm(people.commander, step))
    recorded = Event.objects.count()
    settings.READ_ONLY = True
    orders.work()
    Executor().sweep()
    sweep()
    assert orders.state(queued) == "queued"
    assert (Event.objects.count(), Call.objects.count()) == (recorded, 0)

    settings.READ_ONLY = False
    orders.work_until(lambda: orders.state(queued) == "succeeded", "it to be done by a process that may")


def test_who_waits_for_an_approval_is_not_left_without_one(orders, people, step, settings):
    waiting = orders.confirm(people.commander, step)
    settings.READ_ONLY = True
    sweep()
    assert orders.state(waiting) == "awaiting_approval"
