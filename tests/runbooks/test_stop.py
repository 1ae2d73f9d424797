"""All sending is stopped: nothing is confirmed, approved or sent, whatever was decided before; looking goes on."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from audit.models import Event
from people.rights import Forbidden
from runbooks.engine.states import Mode
from runbooks.models import Attempt, Call, Outbox, Stop
from runbooks.services import decisions, execution, nonces, recovery, runs, stopping, sweeping
from runbooks.services.errors import Invalid, Stale
from tests.runbooks.driving import who
from tests.runbooks.texts import ATTESTED, MOVE, approved


@pytest.fixture
def moving(orders, people, incident):
    """A step that moves producers to eu-west, ready to be confirmed."""
    approved(MOVE % 1)
    run = orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)
    return orders.step(run, "move")


@pytest.fixture
def queued(orders, people, moving):
    return orders.approve(people.commander2, orders.confirm(people.commander, moving))


def stopped(people) -> Stop:
    return stopping.stop(who(people.commander2), reason="the network team asked")


def test_nothing_is_confirmed_and_who_stopped_it_is_said(orders, people, moving):
    stopped(people)
    with pytest.raises(Invalid, match=r"commander2 stopped all sending at .*: the network team asked"):
        orders.confirm(people.commander, moving)
    assert orders.state(moving) == "ready"
    assert not Attempt.objects.exists()


def test_nothing_is_approved(orders, people, moving):
    step = orders.confirm(people.commander, moving)
    stopped(people)
    with pytest.raises(Invalid, match="stopped all sending"):
        orders.approve(people.commander2, step)
    assert orders.state(step) == "awaiting_approval"


def test_no_command_is_run_by_hand_on_its_word(orders, people, moving):
    shown, asker = orders.preflight(moving), who(people.commander)
    stopped(people)
    said = {"fence": moving.fence, "digest": shown.digest, "nonce": nonces.issue(asker, moving)}
    with pytest.raises(Invalid, match="stopped all sending"):
        decisions.i_run_it_now(asker, moving.pk, phrase=shown.phrase, **said)


def test_what_was_queued_waits_and_goes_on_when_it_is_lifted(orders, people, queued):
    stop = stopped(people)
    for _ in range(3):
        sweeping.put_right("executor")
        orders.work()
    assert orders.state(queued) == "queued"
    assert not Call.objects.exists()
    assert not Outbox.objects.filter(step=queued, task="advance", done_at=None).exists()  # nothing spins meanwhile
    assert orders.place_of("checkout") == "us-east"

    stopping.lift(who(people.commander), stop.pk, reason="they are done")
    orders.work_until(lambda: orders.state(queued) == "succeeded", "it to go on")
    assert orders.place_of("checkout") == "eu-west"


def test_a_stop_while_a_worker_judges_is_seen_in_the_transaction_of_the_intent(orders, people, queued, monkeypatch):
    """The worker has claimed, read and judged; its last check stands beside the intent."""
    judge = execution.examine

    def and_then_somebody_stops(*args, **named):
        found = judge(*args, **named)
        stopped(people)
        return found

    monkeypatch.setattr(execution, "examine", and_then_somebody_stops)
    orders.work()
    assert [event.kind for event in Event.objects.filter(step=queued.pk).order_by("seq")][-2:] == [
        "step.claimed",
        "step.released",
    ]
    assert orders.state(queued) == "queued"
    assert not Call.objects.exists()
    assert orders.place_of("checkout") == "us-east"


def test_a_refused_step_is_not_looked_at_again_to_be_sent(orders, people, control, queued):
    control.fault("orders", "region-down", "eu-west")
    orders.work_until(lambda: orders.state(queued) == "blocked", "it to be refused")
    stopped(people)
    with pytest.raises(Invalid, match="stopped all sending"):
        recovery.look_again(who(people.commander), queued.pk, fence=orders.step(queued.run, "move").fence)


def test_runs_can_be_ended_and_rehearsed_all_the_while(orders, people, queued):
    stopped(people)
    assert runs.abort(who(people.commander), queued.run_id, reason="not today").state == "aborted"
    approved(ATTESTED % 0)
    rehearsal = orders.start(people.commander, "attested", {}, mode=Mode.REHEARSAL)
    orders.work_until(lambda: type(rehearsal).objects.get(pk=rehearsal.pk).is_over, "the rehearsal to end")


def test_both_acts_are_in_the_record(people, db):
    stop = stopped(people)
    stopping.lift(who(people.commander), stop.pk, reason="they are done")
    first, last = Event.objects.filter(kind__startswith="sending.").order_by("seq")
    assert (first.kind, first.person) == ("sending.stopped", str(people.commander2.person.public_id))
    assert (last.kind, last.person) == ("sending.resumed", str(people.commander.person.public_id))


def test_a_second_stop_is_the_first_ones(people, transactional_db):
    first = stopped(people)
    assert stopping.stop(who(people.commander)) == first
    assert Event.objects.filter(kind="sending.stopped").count() == 1


@pytest.mark.parametrize("role", ["viewer", "reviewer", "admin"])
def test_only_a_commander_stops_and_lifts(people, role, transactional_db):
    with pytest.raises(Forbidden):
        stopping.stop(who(getattr(people, role)))
    stop = stopped(people)
    with pytest.raises(Forbidden):
        stopping.lift(who(getattr(people, role)), stop.pk, reason="because")
    assert stopping.is_on()


def test_lifting_needs_a_reason_and_the_stop_that_was_shown(people, transactional_db):
    first = stopped(people)
    with pytest.raises(Invalid, match="Say why"):
        stopping.lift(who(people.commander), first.pk, reason=" ")
    stopping.lift(who(people.commander), first.pk, reason="done")
    stopped(people)
    with pytest.raises(Stale, match="lifted already"):
        stopping.lift(who(people.commander), first.pk, reason="done")
    assert stopping.is_on()


def test_the_database_keeps_one_stop_and_what_it_says(people, transactional_db):
    stop = stopped(people)
    others = (
        lambda: Stop.objects.create(set_by=stop.set_by, set_at=stop.set_at),
        lambda: Stop.objects.filter(pk=stop.pk).update(is_on=False),
        lambda: Stop.objects.filter(pk=stop.pk).update(reason="nobody"),
        lambda: Stop.objects.filter(pk=stop.pk).delete(),
    )
    for other in others:
        with pytest.raises(DatabaseError), transaction.atomic():
            other()
    stopping.lift(who(people.commander), stop.pk, reason="done")
    with pytest.raises(DatabaseError), transaction.atomic():
        Stop.objects.filter(pk=stop.pk).update(is_on=True, lifted_at=None)
