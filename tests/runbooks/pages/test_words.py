"""States in words that say who must act; time split by who held it. No database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from people.models import Person
from people.rights import RIGHTS
from runbooks.engine.outcome import ItemState
from runbooks.engine.states import MOVES, StepState
from runbooks.models import Approval, Attempt, StepRun
from runbooks.queries.effort import AFTER, Move, effort
from runbooks.queries.viewer import Viewer
from runbooks.queries.window import window
from runbooks.queries.words import SAY, Seen, Votes, chip, counted, length, listed, sentence

NOW = datetime(2026, 11, 20, 2, 14, 8, tzinfo=UTC)
COMMANDER = Viewer(Person(pk=1, name="commander-1"), RIGHTS["commander"])
OTHER = Viewer(Person(pk=2, name="commander-2"), RIGHTS["commander"])
LOOKER = Viewer(Person(pk=3, name="viewer-1"), RIGHTS["viewer"])
ASKED = Attempt(pk=1, requester_id=1)


def seen(*, attempt=None, approvals=(), needed=0, items=None, where="eu-west", refused_by=(), waits_for=()) -> Seen:
    votes = Votes(attempt, approvals, needed)
    return Seen(votes, Counter(items or {}), NOW, where, refused_by, waits_for)


def step(state: StepState, **more) -> StepRun:
    given = {"title": "Fail over", "moved_at": NOW, "ended_at": NOW, "claimed_by": "celery:1", **more}
    return StepRun(state=state.value, **given)


@pytest.mark.parametrize(
    ("row", "what", "viewer", "words"),
    [
        (step(StepState.LOCKED), seen(waits_for=[2]), COMMANDER, "Locked until step 2 is done"),
        (step(StepState.LOCKED), seen(waits_for=[2, 3]), COMMANDER, "Locked until steps 2 and 3 are done"),
        (step(StepState.READY), seen(), COMMANDER, "Waiting for you"),
        (step(StepState.READY), seen(), LOOKER, "Waiting for a commander"),
        (
            step(StepState.AWAITING_APPROVAL),
            seen(attempt=ASKED, needed=1),
            COMMANDER,
            "Waiting for another person (1 of 2)",
        ),
        (step(StepState.AWAITING_APPROVAL), seen(attempt=ASKED, needed=1), OTHER, "Waiting for you: approval (1 of 2)"),
        (
            step(StepState.AWAITING_APPROVAL),
            seen(attempt=ASKED, needed=1),
            LOOKER,
            "Waiting for another person (1 of 2)",
        ),
        (step(StepState.QUEUED), seen(), COMMANDER, "Waiting for a worker"),
        (step(StepState.CLAIMED), seen(), COMMANDER, "Judged again by celery:1, nothing sent yet"),
        (step(StepState.SENT), seen(), COMMANDER, "Sent to eu-west at 02:14:08"),
        (
            step(StepState.OBSERVING),
            seen(items={ItemState.DONE: 3, ItemState.WAITING: 9}),
            LOOKER,
            "Waiting for eu-west: 3 of 12",
        ),
        (step(StepState.OBSERVING, overdue=True), seen(), LOOKER, "Waiting for eu-west, overdue"),
        (step(StepState.UNKNOWN), seen(), COMMANDER, "Outcome unknown, looking"),
        (step(StepState.BLOCKED), seen(refused_by=["R10"]), COMMANDER, "Refused by R10, nothing was done"),
        (
            step(StepState.PARTIAL),
            seen(items={ItemState.DONE: 9, ItemState.REFUSED: 3}),
            COMMANDER,
            "Partly done: 9 of 12",
        ),
        (step(StepState.FAILED), seen(), COMMANDER, "Failed, waiting for you"),
        (step(StepState.FAILED), seen(), LOOKER, "Failed, waiting for a commander"),
        (step(StepState.SUCCEEDED, nature="act"), seen(), LOOKER, "Done 02:14:08"),
        (step(StepState.SUCCEEDED, nature="attest"), seen(), LOOKER, "Attested 02:14:08"),
        (step(StepState.SUCCEEDED, nature="act", drifted=True), seen(), LOOKER, "Done 02:14:08, no longer true"),
        (step(StepState.SUCCEEDED, nature="act", rehearsed="allowed"), seen(), LOOKER, "Would be allowed"),
        (step(StepState.SKIPPED, rehearsed="refused"), seen(), LOOKER, "Would be refused"),
        (step(StepState.SKIPPED, moved_by=COMMANDER.person), seen(), LOOKER, "Skipped by commander-1"),
        (step(StepState.CANCELLED), seen(), LOOKER, "Cancelled"),
    ],
)
def test_a_state_says_who_must_act(row, what, viewer, words):
    assert chip(row, what, viewer).word == words


def test_every_state_has_words():
    assert set(SAY) == set(StepState)


def test_one_word_counts_once_and_the_confirmer_is_the_first():
    word = Approval(approver_id=2, verdict="approve")
    votes = Votes(ASKED, [word], 2)
    assert str(votes) == "2 of 3"
    assert not votes.waits_for(OTHER)
    assert not votes.waits_for(COMMANDER)
    assert votes.waits_for(Viewer(Person(pk=4), RIGHTS["commander"]))
    assert not votes.waits_for(Viewer(Person(pk=5), RIGHTS["admin"]))


def test_each_event_leads_to_one_state_whatever_came_before():
    for moves in MOVES.values():
        for event, after in moves.items():
            assert AFTER[event] == after


def test_time_is_the_machines_while_any_step_is_with_them():
    def at(seconds: int, number: int, state: StepState) -> Move:
        return Move(NOW + timedelta(seconds=seconds), number, state)

    moves = [
        at(0, 1, StepState.READY),
        at(10, 1, StepState.QUEUED),
        at(12, 2, StepState.QUEUED),
        at(15, 1, StepState.SUCCEEDED),
        at(20, 2, StepState.SUCCEEDED),
        at(21, 3, StepState.READY),
    ]
    split = effort(moves, NOW, NOW + timedelta(seconds=30))
    assert (split.machines, split.people) == (timedelta(seconds=10), timedelta(seconds=20))
    still = effort(moves[:2], NOW, NOW + timedelta(seconds=30))
    assert still.machines == timedelta(seconds=20)


def test_the_window_stays_inside_its_drawing():
    for minutes in (0, 1, 29, 31, 600):
        drawn = window(NOW, timedelta(minutes=30), NOW + timedelta(minutes=minutes))
        assert 0 <= drawn.spent <= 1
        assert float(drawn.wide["full"]) <= 1178
        assert drawn.is_over == (minutes > 29)


def test_small_words():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert counted(1, "group") == "1 group"
    assert counted(1200, "look") == "1,200 looks"
    assert length(timedelta(seconds=3723)) == "1:02:03"
    assert length(timedelta(seconds=-5)) == "0:00"
    assert sentence("outcome unknown") == "Outcome unknown."
    assert sentence("Why?") == "Why?"
