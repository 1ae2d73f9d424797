"""One person alone: the approval of others is waived step by step, by name, and nothing else gives way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from audit.clock import database_now
from audit.ledger import Actor
from audit.models import Event
from people import glass, proof
from people.rights import Forbidden
from runbooks.engine.states import IllegalMove
from runbooks.models import Attempt, Override, Run
from runbooks.services import decisions, nonces, recovery
from runbooks.services.waiving import approvals_of, waive_approval
from tests.fixtures.people import glass_account
from tests.runbooks.driving import who
from tests.runbooks.pages.reading import Person
from tests.runbooks.texts import ATTESTED, MOVE, approved

WHY = "nobody else can be reached"


@pytest.fixture
def alone(people):
    """The commander's account for break-glass, its glass broken."""
    account = glass_account(people.commander)
    glass.break_glass(Actor.product("web"), account, WHY)
    return account


@pytest.fixture
def moving(orders, people, incident) -> Run:
    approved(MOVE % 1)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    orders.preflight(orders.step(run, "move"))
    return run


def waive(account, step, reason=WHY):
    return waive_approval(who(account), step.pk, fence=step.fence, reason=reason)


def test_alone_a_step_goes_through_and_says_so_for_good(orders, people, alone, moving):
    step = orders.step(moving, "move")
    waive(alone, step)
    orders.confirm(alone, step)
    assert orders.state(step) == "queued"
    orders.work_until(lambda: orders.state(step) == "succeeded")

    word = Override.objects.get(step=step)
    assert (word.guard, word.person, word.reason) == ("approval", alone.person, WHY)
    event = Event.objects.get(kind="approval.waived")
    assert event.person == str(alone.person.public_id)
    last = orders.step(moving, "say-so")
    orders.work_until(lambda: orders.state(last) == "ready" and orders.can_be_confirmed(last))
    orders.confirm(alone, last, observed="a screen")
    orders.work_until(lambda: orders.state(last) == "succeeded")
    run = Run.objects.get(pk=moving.pk)
    assert run.state == "completed_with_exceptions"
    assert "commander went on without another person" in run.ending


def test_it_covers_one_arming_of_one_step(orders, people, alone, moving):
    step = orders.step(moving, "move")
    waive(alone, step)
    assert (approvals_of(step, 1), approvals_of(step, 2)) == (0, 1)
    orders.confirm(alone, step)
    step.refresh_from_db()
    decisions.withdraw(who(alone), step.pk, fence=step.fence)
    orders.confirm(people.commander, step)
    assert orders.state(step) == "awaiting_approval"


def test_what_waited_for_another_person_has_to_be_confirmed_anew(orders, people, alone, moving):
    step = orders.confirm(people.commander, orders.step(moving, "move"))
    assert step.state == "awaiting_approval"
    waive(alone, orders.step(moving, "move"))
    assert orders.state(step) == "ready"
    assert not Attempt.objects.filter(step=step, is_live=True).exists()
    orders.confirm(alone, step)
    assert orders.state(step) == "queued"


def test_nobody_else_can_and_not_without_a_reason(orders, people, alone, moving):
    step = orders.step(moving, "move")
    for account in (people.commander, people.commander2, people.admin, people.reviewer):
        with pytest.raises(Forbidden, match="sign in with that account"):
            waive(account, step)
    with pytest.raises(Exception, match="Say why"):
        waive(alone, step, reason=" ")
    glass.end(Actor.product("web"), alone)
    with pytest.raises(Forbidden):
        waive(alone, step)
    assert not Override.objects.exists()


def test_a_step_that_asks_nobody_has_nothing_to_waive(orders, people, alone, incident):
    approved(ATTESTED % 0)
    run = orders.start(people.commander, "attested", {}, incident)
    with pytest.raises(IllegalMove, match="asks for no other person"):
        waive(alone, orders.step(run, "say-so"))


def test_it_never_approves(orders, people, alone, moving):
    step = orders.confirm(people.commander2, orders.step(moving, "move"))
    with pytest.raises(Forbidden, match="never approves what somebody else confirmed"):
        orders.approve(alone, step)


def test_guards_are_not_waived_by_it(orders, people, alone, moving):
    """Neither by the name in the table nor by the door of the overrides."""
    step = orders.step(moving, "move")
    with pytest.raises(Exception, match="No guard of this step is called 'approval'"):
        recovery.override(who(alone), step.pk, fence=step.fence, guard="approval", reason=WHY)
    waive(alone, step)
    assert not Override.objects.exclude(guard="approval").exists()


def test_its_page_offers_it_to_whoever_broke_the_glass_alone(orders, people, alone, moving):
    page = reverse("runbooks:run", args=[moving.pk])
    assert "act-waive" not in Person(people.commander).open(page).forms
    person = Person(alone)
    after = person.send(person.open(page), "act-waive", reason=WHY)
    assert "commander goes on without another person." in after.words
    orders.work()
    after = person.send(person.open(page), "confirm", phrase="eu-west")
    assert after.status == 200
    assert orders.state(orders.step(moving, "move")) == "queued"
    reviewed = Person(people.reviewer).open(reverse("people:break-glass-review", args=[1]))
    assert "without another person" in reviewed.words


def test_somebody_who_found_the_screen_cannot(orders, alone, moving):
    person = Person(alone)
    page = person.open(reverse("runbooks:run", args=[moving.pk]))
    session = person.client.session
    session[proof.KEY] = (database_now() - proof.FRESH_FOR - timedelta(seconds=1)).isoformat()
    session.save()
    refused = person.send(page, "act-waive", reason=WHY)
    assert refused.status == 422
    assert "since you proved who you are" in refused.words
    assert not Override.objects.exists()


def test_a_forged_form_is_refused(people, orders, moving):
    step = orders.step(moving, "move")
    forged = {"fence": step.fence, "reason": WHY, "nonce": nonces.issue(who(people.commander), step)}
    answer = Person(people.commander).client.post(reverse("runbooks:step-waive", args=[moving.pk, step.key]), forged)
    assert answer.status_code == 403
    assert not Override.objects.exists()
