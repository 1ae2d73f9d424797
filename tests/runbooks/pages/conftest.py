"""People at their browsers, and runs for them to look at."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.urls import reverse

from people.models import Account
from runbooks.models import Run
from tests.runbooks.driving import Drive
from tests.runbooks.pages.reading import Person
from tests.runbooks.texts import ATTESTED, MOVE, approved


@pytest.fixture
def commander(people) -> Person:
    return Person(people.commander)


@pytest.fixture
def commander2(people) -> Person:
    return Person(people.commander2)


@pytest.fixture
def viewer(people) -> Person:
    return Person(people.viewer)


@pytest.fixture
def admin(people) -> Person:
    return Person(people.admin)


@pytest.fixture
def reviewer(people) -> Person:
    return Person(people.reviewer)


@pytest.fixture
def same_person(people) -> Person:
    """The commander again, signed in with another account."""
    other = Account(username="commander-again", person=people.commander.person)
    other.set_unusable_password()
    other.save()
    return Person(other)


@pytest.fixture
def moving(orders: Drive, people: SimpleNamespace, incident) -> Run:
    """A run whose first step moves producers: typed, and one other person must agree. Its preflight is read."""
    approved(MOVE % 1)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    orders.preflight(orders.step(run, "move"))
    return run


@pytest.fixture
def attesting(orders: Drive, people: SimpleNamespace, incident) -> Run:
    """A run of one step, a person's word, that needs nobody else. Its preflight is read."""
    approved(ATTESTED % 0)
    run = orders.start(people.commander, "attested", {}, incident)
    orders.preflight(orders.step(run, "say-so"))
    return run


def page_of(run: Run, **query: str) -> str:
    return reverse("runbooks:run", args=[run.pk]) + (
        "?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else ""
    )


def act(run: Run, key: str, name: str) -> str:
    return reverse(f"runbooks:step-{name}", args=[run.pk, key])
