"""How many statements a confirm, a claim and the slice after it make: each costs time on the way to the clusters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from runbooks.models import Outbox, StepRun
from runbooks.perform import perform
from tests.runbooks.driving import Drive
from tests.runbooks.pages.conftest import act
from tests.runbooks.pages.reading import Person
from tests.runbooks.texts import ATTESTED, MOVE, approved

CLAIMED = 'UPDATE "audit_head"'  # the last statement of the claim's transaction
# A little above what is needed today. Who has to raise one says why in the commit.
CONFIRM, CLAIM = 22, 10
TOLD, SENT = 42, 51  # the slice after the claim: a person's word to its end; a command to its answer


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements made inside; what opens a transaction counts nowhere, since only SQLite shows it."""
    made: list[str] = []

    def note(execute, sql, *rest):
        if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            made.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield made


@pytest.fixture
def commander(people) -> Person:
    return Person(people.commander)


@pytest.fixture
def confirmed(orders: Drive, people, incident, commander):
    """Confirms the first step of a run by its form; the step, queued, and how many statements that took."""

    def confirm(text: str, slug: str, key: str, parameters: dict, **said: str) -> tuple[StepRun, int]:
        approved(text)
        run = orders.start(people.commander, slug, parameters, incident)
        orders.preflight(orders.step(run, key))
        form = commander.open(f"/runs/{run.pk}/").form("confirm")
        asked = {name: "I saw it" for name in form.fields if name.startswith("input-")}
        with counted() as made:
            commander.client.post(act(run, key, "request"), form.filled(**said) | asked)
        step = orders.step(run, key)
        assert step.state == "queued"
        return step, len(made)

    return confirm


def claim_and_rest(step: StepRun) -> tuple[int, int]:
    with counted() as made:
        perform(Outbox.Task.ADVANCE, step.pk, step.fence, "celery:test")
    claim = next(at for at, sql in enumerate(made) if sql.startswith(CLAIMED)) + 1
    return claim, len(made) - claim


def test_a_person_s_word(confirmed):
    step, confirm = confirmed(ATTESTED % 0, "attested", "say-so", {})
    claim, rest = claim_and_rest(step)
    step.refresh_from_db()
    assert step.state == "succeeded"
    assert (confirm <= CONFIRM, claim <= CLAIM, rest <= TOLD) == (True, True, True), (confirm, claim, rest)


def test_a_command(confirmed):
    step, confirm = confirmed(MOVE % 0, "move", "move", {"producers": ["checkout"]}, phrase="eu-west")
    claim, rest = claim_and_rest(step)
    step.refresh_from_db()
    assert step.state == "observing"
    assert (confirm <= CONFIRM, claim <= CLAIM, rest <= SENT) == (True, True, True), (confirm, claim, rest)
