"""The table of moves: the service follows it, and the database refuses whoever does not."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.db import DatabaseError, transaction

from audit.clock import database_now
from audit.ledger import Actor, ledger
from audit.models import Event as Recorded
from runbooks.engine.states import MOVES, TERMINAL, Event, IllegalMove, StepState
from runbooks.models import Evidence, Outbox, Run, StepRun
from runbooks.services import evidence
from runbooks.services.errors import Stale
from runbooks.services.moves import move
from tests.runbooks.texts import ATTESTED, approved


@pytest.fixture
def step(db, people) -> StepRun:
    """A step that is ready, of a rehearsal nobody works on, with some evidence beside it."""
    person, now = people.commander.person, database_now()
    run = Run.objects.create(
        version=approved(ATTESTED % 0),
        pair="orders",
        mode="rehearsal",
        commander=person,
        started_by=person,
        started_at=now,
    )
    found = StepRun.objects.create(
        run=run, position=1, key="say-so", kind="manual", nature="attest", title="Say so", timeout=timedelta(minutes=1),
        moved_at=now,
    )  # fmt: skip
    with ledger(Actor.product("test")) as book:
        evidence.keep(book, "manual", {"seen": 1}, now, step=found)
        move(book, found, Event.UNLOCKED)
    return found


def refused(rows, **changes):
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(**changes)


def forced(step: StepRun, state: StepState) -> StepRun:
    """Into a state by legal moves alone, the shortest way."""
    ways = {StepState(step.state): []}
    for _ in StepState:
        for known, path in list(ways.items()):
            for event, after in MOVES[known].items():
                ways.setdefault(after, [*path, event])
    for event in ways[state]:
        with ledger(Actor.product("test")) as book:
            move(book, step, event)
    return step


def test_every_move_raises_the_fence_and_is_recorded(step):
    before = step.fence
    with ledger(Actor.product("test")) as book:
        move(book, step, Event.CONFIRMED)
    assert (step.state, step.fence) == ("queued", before + 1)
    event = Recorded.objects.get(kind="step.confirmed")
    assert (event.step, event.run) == (step.pk, step.run_id)


def test_a_move_and_its_work_commit_together_or_not_at_all(step):
    rows = Outbox.objects.count()
    with pytest.raises(TypeError), ledger(Actor.product("test")) as book:
        move(book, step, Event.CONFIRMED, facts={"made of": object()})
    assert StepRun.objects.get(pk=step.pk).state == "ready"
    assert Outbox.objects.count() == rows
    assert not Recorded.objects.filter(kind="step.confirmed").exists()


def test_who_read_an_older_fence_loses(step):
    other = StepRun.objects.get(pk=step.pk)
    with ledger(Actor.product("test")) as book:
        move(book, step, Event.CONFIRMED)
    with pytest.raises(Stale), ledger(Actor.product("test")) as book:
        move(book, other, Event.SKIPPED)
    assert not Recorded.objects.filter(kind="step.skipped").exists()


def test_an_event_the_table_lacks_is_refused(step):
    with pytest.raises(IllegalMove), ledger(Actor.product("test")) as book:
        move(book, step, Event.SUCCEEDED)


@pytest.mark.parametrize("state", list(StepState))
def test_the_database_refuses_every_move_the_table_lacks(step, state):
    step = forced(step, state) if state is not StepState.LOCKED else fresh_locked(step)
    rows = StepRun.objects.filter(pk=step.pk)
    legal = set(MOVES[state].values())
    for after in set(StepState) - legal:
        if after != state:
            refused(rows, state=after.value, fence=step.fence + 1)
    for after in legal - {state}:
        refused(rows, state=after.value, fence=step.fence)  # without raising the fence
        refused(rows, state=after.value, fence=step.fence + 2)


def fresh_locked(step: StepRun) -> StepRun:
    return StepRun.objects.create(
        run=step.run, position=99, key="other", kind="manual", nature="attest", title="x", timeout=step.timeout,
        moved_at=step.moved_at,
    )  # fmt: skip


@pytest.mark.parametrize(("state", "column"), list(product(sorted(TERMINAL), ["summary", "claimed_by", "fence"])))
def test_a_step_that_is_over_stays_as_it_is(step, state, column):
    step = forced(step, StepState(state))
    refused(StepRun.objects.filter(pk=step.pk), **{column: 7})


def test_what_a_step_was_made_with_never_changes(step):
    rows = StepRun.objects.filter(pk=step.pk)
    for column, value in {"kind": "check", "confirm": "topic", "approvals": 0, "position": 5}.items():
        if getattr(step, column) != value:
            refused(rows, **{column: value})
    refused(Run.objects.filter(pk=step.run_id), parameters={"other": 1})
    refused(Run.objects.filter(pk=step.run_id), mode="drill")
    refused(Run.objects.filter(pk=step.run_id), state="completed")  # without its fence


@pytest.mark.parametrize("model", [StepRun, Run, Evidence])
def test_what_happened_cannot_be_deleted(step, model):
    with pytest.raises(DatabaseError), transaction.atomic():
        model.objects.all()._raw_delete("default")


def test_evidence_is_never_edited(step):
    refused(Evidence.objects.all(), data={"lower": 0})
