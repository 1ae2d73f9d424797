"""A rehearsal judges every step on today's facts, sends nothing whatever the definition says, and goes on."""

from __future__ import annotations

from audit.models import Event
from runbooks.engine.kinds import guards
from runbooks.engine.states import Mode
from runbooks.models import Attempt, Call, Evidence, Run
from runbooks.services import rehearsal
from tests.runbooks.driving import P1, P1_PARAMETERS, Drive

TOPICS = ["events", "documents"]


def rehearsed(drive: Drive, account, slug: str, parameters) -> dict[str, tuple[str, str]]:
    run = drive.start(account, slug, parameters, mode=Mode.REHEARSAL)
    drive.work_until(lambda: Run.objects.get(pk=run.pk).is_over, "the rehearsal to end")
    return {step.key: (step.rehearsed, step.summary) for step in run.steps.all()}


def test_a_quiet_day_refuses_the_outage_and_says_so(orders, shipped, people, control):
    found = rehearsed(orders, people.commander, P1, P1_PARAMETERS)
    assert found["record-lag"][0] == "allowed"
    assert found["reroute-producers"][0] == "allowed"
    assert found["start-groups"][0] == "unjudged"
    assert "before step 4" in found["start-groups"][1]
    assert orders.place_of("checkout") == "us-east"
    assert control.journal("orders") == []
    assert not Attempt.objects.exists()
    assert not Call.objects.exists()


def test_what_a_rehearsal_finds_serves_its_own_steps_alone(orders, shipped, people, incident):
    rehearsed(orders, people.commander, P1, P1_PARAMETERS)
    kept = Evidence.objects.exclude(kind="receipt")
    assert kept.filter(kind="lag.record").exists()
    assert not kept.filter(incident__isnull=False).exists()


def test_a_restore_that_is_never_allowed_is_refused_and_not_even_dry_run(
    in_force, lost_messages, shipped, people, control
):
    archive = Drive("archive")
    archive.look()
    slug, home = "restore-active-passive", archive_home()
    parameters = {"home": home, "topics": TOPICS, "groups": ["indexer"], "producers": ["archiver"]}
    parameters = usable(parameters)
    found = rehearsed(archive, people.commander, slug, parameters)

    verdict, why = found["restore"]
    assert (verdict, "R01" in why) == ("refused", True)
    assert [row for row in control.journal("archive") if row["action"] == "truncate-and-restore"] == []
    assert Event.objects.filter(kind="run.completed-with-exceptions").exists()


def test_the_guards_that_stand_whatever_a_run_does_are_guards():
    assert set(guards) >= rehearsal.LASTING


def archive_home() -> str:
    from dashboard import inventory

    return inventory.in_force().pairs["archive"].home.name


def usable(parameters: dict) -> dict:
    """The clients that the inventory declares for the pair."""
    from dashboard import inventory

    clients = inventory.in_force().pairs["archive"].clients
    groups = [client.group for client in clients if client.group]
    return {**parameters, "groups": groups, "producers": [client.name for client in clients if not client.group]}
