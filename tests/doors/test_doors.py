"""Every door to truncate-and-restore, tried with rows of the hand-written table.

Where the table refuses, no request to the command reaches a cluster, no dry run either; where it allows, exactly one.
"""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from audit.clock import database_now
from people.models import RoleGrant
from runbooks.engine.complaint import DefinitionError
from runbooks.engine.states import Mode, StepState
from runbooks.models import Definition, DefinitionVersion, Override, Preflight, Run, StepRun
from runbooks.perform import perform
from runbooks.services import decisions, definitions, nonces, recovery, runs
from runbooks.services.definitions import text_digest
from runbooks.services.errors import Invalid
from tests.doors.forging import forge_confirmed, override_everything, paint_green, push
from tests.doors.scene import RESTORE, VALUES, Scene
from tests.doors.visitor import act, run_page
from tests.restore_table import FEW
from tests.runbooks.driving import who
from tests.runbooks.texts import approved

pytestmark = pytest.mark.django_db(transaction=True)
# What may refuse a row of the table; anything else that refuses would hide a door that stands open.
RULES = {"no_tiered_restore", "edition_allows", "not_open_source", "restore_version", "bidirectional_version"}
PLATFORM = {"no_zookeeper", "no_combined_nodes"}  # they need the edition too, and say so where it is unknown
ALLOWED = next(row for row in FEW if row.is_allowed)
REFUSED = next(row for row in FEW if not row.is_allowed)


@pytest.fixture
def step(scene: Scene, refused):
    found = scene.open(refused)
    yield found
    assert scene.commands() == []
    scene.close(found.run)


def confirm(scene: Scene, step: StepRun, call=decisions.request_step) -> StepRun:
    shown, asker = Preflight.objects.get(step=step), who(scene.people.commander)
    return call(
        asker, step.pk, fence=step.fence, digest=shown.digest, nonce=nonces.issue(asker, step), phrase=shown.phrase
    )


def refused_by_a_guard(step: StepRun) -> bool:
    step.refresh_from_db()
    return step.state == StepState.BLOCKED and "refused by R" in step.summary and "Nothing was done" in step.summary


def test_the_guards_refuse_by_the_table_and_by_nothing_else(scene: Scene, step: StepRun, refused) -> None:
    shown = scene.drive.preflight(step)
    refusing = {row["guard"] for row in shown.verdicts if not row["is_met"] and row["level"] != "warning"} - {""}
    assert refusing
    assert refusing <= RULES | (PLATFORM if "unknown restored" in refused.name else set())
    assert shown.preview == {}


def test_page(visitor, step: StepRun) -> None:
    """The form says why it cannot be used; somebody who sends it all the same is told again."""
    commander = visitor("commander")
    page = commander.open(run_page(step))
    assert page.status == 200
    assert "refused" in page.words.lower()
    after = commander.sends(page, "confirm", phrase=Preflight.objects.get(step=step).phrase)
    assert after.status == 422
    assert state_of(step) == StepState.READY


def state_of(step: StepRun) -> str:
    return StepRun.objects.values_list("state", flat=True).get(pk=step.pk)


def test_forged_post(visitor, step: StepRun) -> None:
    commander, other, stranger = visitor("commander"), visitor("commander2"), visitor()
    page = commander.open(run_page(step))
    for name in ("request", "run-now", "approve", "rearm", "look"):
        fields = commander.forged(step, page)
        assert commander.post(act(step, name), fields).status in {403, 409, 422}
        assert commander.post(act(step, name), {**fields, "csrfmiddlewaretoken": "x" * 64}).status == 403
        assert stranger.post(act(step, name), fields).status == 403
        assert other.post(act(step, name), fields).status == 403  # the token is of another session
    assert state_of(step) == StepState.READY


def test_service_call(scene: Scene, step: StepRun) -> None:
    for call in (decisions.request_step, decisions.i_run_it_now):
        with pytest.raises(Invalid, match=r"Refused by R|is unknown"):
            confirm(scene, step, call)


def test_a_preflight_painted_green_in_its_row(scene: Scene, step: StepRun) -> None:
    """The decisions believe the stored preflight; the slice does not."""
    paint_green(step)
    queued = scene.drive.approve(scene.people.commander2, confirm(scene, step))
    assert queued.state == StepState.QUEUED
    perform("advance", step.pk, queued.fence, "test")
    assert scene.drive.state(step) in {StepState.BLOCKED, StepState.READY}


def test_no_override_is_taken(scene: Scene, step: StepRun) -> None:
    for guard in ("no_tiered_restore", "R01", "R19"):
        with pytest.raises(Invalid):
            recovery.override(who(scene.people.commander), step.pk, fence=step.fence, guard=guard, reason="I must")
    assert not Override.objects.filter(step=step).exists()


def test_every_role_at_once(scene: Scene, step: StepRun) -> None:
    everything = [
        RoleGrant(person=scene.people.commander.person, role=role) for role in ("admin", "reviewer", "viewer")
    ]
    RoleGrant.objects.bulk_create(everything)
    try:
        with pytest.raises(Invalid, match=r"Refused by R|is unknown"):
            confirm(scene, step)
    finally:
        RoleGrant.objects.filter(pk__in=[grant.pk for grant in everything]).delete()


@pytest.fixture
def confirmed(scene: Scene, step: StepRun) -> StepRun:
    """Written into the database past every service, with an override of every guard, and bound by the right digest."""
    override_everything(step, scene.people.commander)
    scene.drive.preflight(step)
    return forge_confirmed(step, scene.people.commander, scene.people.commander2)


def test_service_call_on_forged_rows(scene: Scene, confirmed: StepRun) -> None:
    perform("advance", confirmed.pk, confirmed.fence, "test")
    assert refused_by_a_guard(confirmed)
    recovery.look_again(who(scene.people.commander), confirmed.pk, fence=confirmed.fence)
    confirmed.refresh_from_db()
    perform("advance", confirmed.pk, confirmed.fence, "test")
    assert refused_by_a_guard(confirmed)


def test_forged_message(scene: Scene, step: StepRun, workers) -> None:
    """First for a step nobody confirmed, then for one whose rows were forged as well."""
    for fence in range(step.fence + 3):
        push(step.pk, fence)
    override_everything(step, scene.people.commander)
    scene.drive.preflight(step)
    confirmed = forge_confirmed(step, scene.people.commander, scene.people.commander2)
    push(confirmed.pk, confirmed.fence)
    # Ready: a preflight that was still under way has put another digest into the forged request, which is void then.
    after = scene.until(confirmed, "blocked", "ready")
    assert refused_by_a_guard(after) or after.summary.startswith("What was confirmed is void: ")
    assert "Nothing was done." in after.summary


def test_inventory_edited_after_the_approval(scene: Scene, one_of_the_refused) -> None:
    """What was approved on clusters that allow it is void on others, adopted by a person or by a forged row."""
    run = approved_where_allowed(scene)
    queued = scene.drive.step(run, "restore")
    scene.become(one_of_the_refused)
    perform("advance", queued.pk, queued.fence, "test")
    run.refresh_from_db()
    assert "inventory was" in run.held
    runs.adopt_inventory(who(scene.people.commander), run.pk, digest=digest_in_force())
    scene.drive.preflight(queued)
    with pytest.raises(Invalid, match=r"Refused by R|is unknown"):
        confirm(scene, queued)
    assert scene.commands() == []
    scene.close(run)


def test_inventory_edited_and_its_digest_forged(scene: Scene, one_of_the_refused) -> None:
    run = approved_where_allowed(scene)
    queued = scene.drive.step(run, "restore")
    scene.become(one_of_the_refused)
    Run.objects.filter(pk=run.pk).update(inventory_digest=digest_in_force(), held="")
    perform("advance", queued.pk, queued.fence, "test")
    assert scene.drive.state(queued) in {StepState.BLOCKED, StepState.READY}
    assert scene.commands() == []
    scene.close(run)


def approved_where_allowed(scene: Scene) -> Run:
    step = scene.open(ALLOWED)
    scene.until_allowed(step)
    scene.drive.approve(scene.people.commander2, scene.drive.confirm(scene.people.commander, step))
    return step.run


def digest_in_force() -> str:
    from dashboard import inventory

    return inventory.digest_in_force()


END, WITH = "    timeout: 5m\n", '"${topics}"}'
WEAKENED = {
    "set to a warning": (END, "    guards: [{no_tiered_restore: {level: warning}}]\n"),
    "set aside": (END, "    guards: [{no_tiered_restore: {is_met: true}}]\n"),
    "overridden": (END, "    overridden: [R01]\n"),
    "left out": (END, "    without: [no_tiered_restore]\n"),
    "left out of the step's own": (WITH, '"${topics}", guards: []}'),
}


@pytest.mark.parametrize("how", WEAKENED)
def test_a_definition_that_weakens_its_guards(scene: Scene, how: str) -> None:
    """Refused where it is written; and where its row is forged, where it would be started."""
    scene.become(REFUSED)
    named = RESTORE.replace("runbook: restore", "runbook: weakened")
    text = named.replace(*WEAKENED[how])
    draft = definitions.save_draft(who(scene.people.admin), text)
    with pytest.raises(Invalid):
        definitions.submit(who(scene.people.admin), draft.pk)
    definition, now = draft.definition, database_now()
    forged = DefinitionVersion.objects.create(
        definition=definition, number=definition.versions.count() + 1, text=text, digest=text_digest(text),
        state="approved", is_released=True, made_at=now, approved_at=now,
    )  # fmt: skip
    with pytest.raises(DefinitionError):
        runs.start_run(who(scene.people.commander), forged.pk, "ledger", Mode.LIVE, VALUES, scene.incident.pk)
    assert scene.commands() == []


def test_a_definition_that_names_no_guards(scene: Scene, one_of_the_refused) -> None:
    """It adds none; those of the kind stand whatever it says."""
    text = RESTORE.replace("runbook: restore", "runbook: bare").replace(END, "    guards: []\n")
    if not Definition.objects.filter(slug="bare").exists():
        approved(text)
    step = scene.open(one_of_the_refused, "bare")
    with pytest.raises(Invalid, match=r"Refused by R|is unknown"):
        confirm(scene, step)
    perform("advance", forge_confirmed(step, scene.people.commander, scene.people.commander2).pk, step.fence, "test")
    assert refused_by_a_guard(step)
    assert scene.commands() == []
    scene.close(step.run)


def test_an_approved_text_cannot_be_changed(scene: Scene) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DefinitionVersion.objects.filter(definition__slug="restore").update(text="runbook: another")


@pytest.mark.parametrize("row", FEW[:8:3], ids=lambda row: row.name)
def test_run_executor(scene: Scene, executor, row) -> None:
    step = scene.open(row)
    override_everything(step, scene.people.commander)
    scene.drive.preflight(step)
    confirmed = forge_confirmed(step, scene.people.commander, scene.people.commander2)
    scene.until(confirmed, "blocked")
    assert refused_by_a_guard(confirmed)
    assert scene.commands() == []
    scene.close(step.run)


# --- and what the table allows goes through, once


def test_an_allowed_row_by_two_browsers_and_a_worker(scene: Scene, allowed, visitor, workers) -> None:
    step = scene.open(allowed)
    scene.until_allowed(step)
    commander, other = visitor("commander"), visitor("commander2")
    page = commander.open(run_page(step))
    commander.sends(page, "confirm", phrase=Preflight.objects.get(step=step).phrase)
    assert scene.drive.state(step) == StepState.AWAITING_APPROVAL
    approval = other.open(run_page(step))
    assert other.sends(approval, "confirm").status == 422  # who approves types as well
    assert scene.drive.state(step) == StepState.AWAITING_APPROVAL
    other.sends(approval, "confirm", phrase=Preflight.objects.get(step=step).phrase)
    for _ in range(4):
        push(step.pk, step.fence + 2)  # the message of the approval, again and again
    done = scene.until(step, "succeeded", "failed", "blocked", "partial", "unknown")
    assert done.state == StepState.SUCCEEDED, done.summary
    assert [(row["side"], sorted(row["topics"]), row["outcome"]) for row in scene.sends()] == [
        ("eu-north", ["accounts", "entries"], "accepted")
    ]
    assert done.claimed_by.startswith("celery:")


def test_an_allowed_row_by_the_executor(scene: Scene, executor) -> None:
    step = scene.open(ALLOWED)
    scene.until_allowed(step)
    scene.drive.approve(scene.people.commander2, scene.drive.confirm(scene.people.commander, step))
    done = scene.until(step, "succeeded", "failed", "blocked", "partial", "unknown")
    assert done.state == StepState.SUCCEEDED, done.summary
    assert len(scene.sends()) == 1


@pytest.mark.parametrize("name", ["commander", "commander2"])
def test_a_role_lost_after_the_approval(scene: Scene, name: str) -> None:
    run = approved_where_allowed(scene)
    queued, person = scene.drive.step(run, "restore"), getattr(scene.people, name).person
    scene.forget_commands()
    grants = RoleGrant.objects.filter(person=person)
    held = list(grants)
    grants.delete()
    try:
        perform("advance", queued.pk, queued.fence, "test")
        assert scene.drive.state(queued) == StepState.READY
        assert "may not do so any more" in scene.drive.summary(queued)
        assert scene.commands() == []
    finally:
        RoleGrant.objects.bulk_create(held)
    scene.close(run)
