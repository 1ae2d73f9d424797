"""Starting a run and what can be done with it as a whole."""

from __future__ import annotations

import pytest

from audit.models import Event
from people.rights import Forbidden
from runbooks.engine.states import IllegalMove, Mode
from runbooks.models import Run, StepRun
from runbooks.services import incidents, recovery, runs, sweeping
from runbooks.services.errors import Invalid, Stale
from tests.runbooks.driving import P1, P1_PARAMETERS, Drive, put_in_force, who
from tests.runbooks.texts import ATTESTED, MOVE, approved

MOVES = {"producers": ["checkout"]}


@pytest.fixture
def run(orders, people, incident) -> Run:
    approved(MOVE % 0)
    return orders.start(people.commander, "move", MOVES, incident)


def test_a_run_pins_what_it_was_started_with(orders, run):
    assert run.targets == {"move": ["clients/checkout"], "say-so": ["the step"]}
    assert run.version.text == MOVE % 0
    assert len(run.inventory_digest) == 64
    assert [step.state for step in run.steps.all()] == ["ready", "locked"]


@pytest.mark.parametrize("role", ["viewer", "reviewer", "admin"])
def test_only_a_commander_starts_one(orders, people, incident, role):
    approved(MOVE % 0)
    with pytest.raises(Forbidden):
        orders.start(getattr(people, role), "move", MOVES, incident)


def test_one_active_run_for_a_pair_and_rehearsals_beside_it(orders, people, incident, run):
    with pytest.raises(Stale, match=str(run)):
        orders.start(people.commander2, "move", MOVES, incident)
    orders.start(people.commander2, "move", MOVES, mode=Mode.REHEARSAL)


def test_a_live_run_for_an_outage_needs_an_incident(orders, people, shipped):
    with pytest.raises(Invalid, match="declare it first"):
        orders.start(people.commander, P1, P1_PARAMETERS)
    assert not Run.objects.exists()


def test_an_incident_of_another_pair_or_one_that_is_closed_is_none(orders, people, incident):
    approved(MOVE % 0)
    Drive("ledger").look()
    elsewhere = Drive("ledger").declare(people.commander, "eu-north")
    with pytest.raises(Invalid, match="declare it first"):
        orders.start(people.commander, "move", MOVES, elsewhere)
    incidents.close(who(people.commander), incident.pk, reason="over")
    with pytest.raises(Invalid, match="declare it first"):
        orders.start(people.commander, "move", MOVES, incident)


def test_unusable_parameters_are_said_before_anything_starts(orders, people, incident):
    approved(MOVE % 0)
    with pytest.raises(Invalid, match="nobody"):
        orders.start(people.commander, "move", {"producers": ["nobody"]}, incident)
    assert not Run.objects.exists()


def test_a_pair_that_may_not_change_is_for_rehearsing(sandbox, orders, people, incident):
    approved(MOVE % 0)
    put_in_force(sandbox.inventory_text().replace("may_change: true", "may_change: false"))
    with pytest.raises(Invalid, match="rehearsing only"):
        orders.start(people.commander, "move", MOVES, incident)
    assert orders.start(people.commander, "move", MOVES, mode=Mode.REHEARSAL).pk


def test_a_pause_takes_effect_at_the_boundary_and_nothing_is_sent_meanwhile(orders, people, run):
    step = orders.confirm(people.commander, orders.step(run, "move"))
    assert runs.pause(who(people.commander2), run.pk, reason="wait").state == "paused"
    orders.work()
    assert orders.state(step) == "queued"
    assert orders.place_of("checkout") == "us-east"

    assert runs.resume(who(people.commander2), run.pk).state == "running"
    orders.work_until(lambda: orders.state(step) == "succeeded", "the step to go on")
    assert orders.place_of("checkout") == "eu-west"


def test_a_paused_run_takes_no_confirmation(orders, people, run):
    step = orders.step(run, "move")
    orders.preflight(step)
    runs.pause(who(people.commander), run.pk, reason="wait")
    with pytest.raises(IllegalMove, match="resume"):
        orders.confirm(people.commander, step)


def test_an_abort_cancels_what_has_not_begun(orders, people, run):
    step = orders.confirm(people.commander, orders.step(run, "move"))
    after = runs.abort(who(people.commander2), run.pk, reason="enough")
    orders.work()

    assert after.state == "aborted"
    assert set(StepRun.objects.filter(run=run).values_list("state", flat=True)) == {"cancelled"}
    assert not step.armings.filter(is_live=True).exists()
    assert orders.place_of("checkout") == "us-east"


def test_what_was_sent_gets_its_outcome_although_the_run_is_aborted(orders, people, run, control):
    step = orders.confirm(people.commander, orders.step(run, "move"))
    orders.work_until(lambda: orders.state(step) == "observing", "the order to be taken")
    after = runs.abort(who(people.commander2), run.pk, reason="enough")
    assert after.state == "aborting"
    orders.work_until(lambda: orders.state(step) == "succeeded", "its outcome")

    after.refresh_from_db()
    assert (after.state, orders.state(orders.step(run, "say-so"))) == ("aborted", "cancelled")


def test_a_run_that_is_over_is_kept_as_it_is(orders, people, run):
    runs.abort(who(people.commander), run.pk, reason="enough")
    for act in (runs.pause, runs.abort):
        with pytest.raises(IllegalMove):
            act(who(people.commander), run.pk, reason="again")
    with pytest.raises(IllegalMove):
        runs.resume(who(people.commander), run.pk)


def test_somebody_else_takes_command(orders, people, run):
    after = runs.take_command(who(people.commander2), run.pk, reason="shift ends")
    assert after.commander == people.commander2.person
    assert Event.objects.filter(kind="run.command-taken", run=run.pk).exists()


def test_a_step_left_out_completes_the_run_with_an_exception(orders, people, run):
    orders.go(people.commander, people.commander2, run, "move")
    step = orders.step(run, "say-so")
    recovery.skip(who(people.commander), step.pk, fence=step.fence, reason="nobody is near the wall")

    run.refresh_from_db()
    assert run.state == "completed_with_exceptions"
    assert "skipped" in run.ending


def test_only_an_optional_step_can_be_skipped_before_it_was_tried(orders, people, run):
    step = orders.step(run, "move")
    with pytest.raises(IllegalMove):
        recovery.skip(who(people.commander), step.pk, fence=step.fence, reason="no")


def test_another_inventory_holds_the_run_until_a_commander_adopts_it(sandbox, orders, people, incident):
    approved(MOVE % 1)
    run = orders.start(people.commander, "move", MOVES, incident)
    step = orders.confirm(people.commander, orders.step(run, "move"))
    put_in_force(sandbox.inventory_text().replace("title: Orders", "title: All orders"))
    orders.work_until(lambda: Run.objects.get(pk=run.pk).held, "the run to be held")

    assert orders.state(step) == "ready"  # what was confirmed is void
    held = Event.objects.get(kind="run.held")
    assert b"All orders" in bytes(held.body)
    with pytest.raises(Invalid, match="adopt"):
        orders.confirm(people.commander, step)

    digest = inventory_digest()
    with pytest.raises(Forbidden):
        runs.adopt_inventory(who(people.admin), run.pk, digest=digest)
    with pytest.raises(Stale):
        runs.adopt_inventory(who(people.commander), run.pk, digest="0" * 64)
    runs.adopt_inventory(who(people.commander), run.pk, digest=digest, reason="only its title")
    orders.go(people.commander, people.commander2, run, "move")


def test_a_sweep_that_began_under_an_older_inventory_holds_no_run_of_the_newer(orders, run, monkeypatch):
    """Between its two looks the file was taken into force, and a run was started on it."""
    seen, newest = ["0" * 64], sweeping.inventory.digest_in_force
    with monkeypatch.context() as patch:
        patch.setattr(sweeping.inventory, "digest_in_force", lambda: seen.pop() if seen else newest())
        sweeping.put_right("test")
    assert seen == []
    assert Run.objects.get(pk=run.pk).held == ""


def test_a_queued_step_meets_the_changed_inventory_at_its_claim(sandbox, orders, people, run):
    step = orders.confirm(people.commander, orders.step(run, "move"))
    put_in_force(sandbox.inventory_text().replace("title: Orders", "title: All orders"))
    orders.work()

    assert orders.state(step) == "ready"
    assert Run.objects.get(pk=run.pk).held
    assert orders.place_of("checkout") == "us-east"


def inventory_digest() -> str:
    from dashboard import inventory

    return inventory.digest_in_force()


def test_a_rehearsal_sends_nothing_and_goes_on_by_itself(orders, people, control):
    approved(MOVE % 1)
    run = orders.start(people.commander, "move", MOVES, mode=Mode.REHEARSAL)
    orders.work_until(lambda: Run.objects.get(pk=run.pk).is_over, "the rehearsal to end")

    assert [step.rehearsed for step in run.steps.all()] == ["allowed", "allowed"]
    assert orders.place_of("checkout") == "us-east"
    assert control.journal("orders") == []


def test_an_unapproved_version_starts_nothing(orders, people, incident):
    version = approved(ATTESTED % 0)
    version.state = "retired"
    version.save()
    with pytest.raises(Invalid, match="approved version"):
        runs.start_run(who(people.commander), version.pk, "orders", Mode.LIVE, {}, incident.pk)
