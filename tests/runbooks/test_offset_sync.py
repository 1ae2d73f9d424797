"""Offset sync switched off by a run: put back exactly, whatever died between; and no incident closes before it is."""

from __future__ import annotations

import pytest

from audit.models import Event
from dashboard import history
from runbooks.engine.link_settings import ENABLE, FILTERS, saved_as
from runbooks.models import Attempt, Call, Evidence, Run
from runbooks.services import incidents, recovery, runs
from runbooks.services.errors import Invalid
from tests.faults.paced import shorten
from tests.runbooks.driving import Drive, who
from tests.runbooks.texts import approved

PAIRS = ("ledger",)
NEW = "eu-south"
BACK = """
runbook: back-on
title: Switch it on again
steps:
  - {key: resume, kind: offset-sync.resume, title: Resume, with: {side: eu-south}, timeout: 2m}
"""


@pytest.fixture
def ledger(in_force, shipped, lost_messages, monkeypatch) -> Drive:
    shorten(monkeypatch, 0.1)
    drive = Drive("ledger")
    drive.look()
    return drive


def settings(control) -> dict[str, str]:
    (found,) = [link["configs"] for link in control.truth("ledger")["links"] if link["side"] == NEW]
    return found


def sent(control) -> list[dict[str, str]]:
    rows = [row for row in control.journal("ledger") if row["settings"] and not row["validate_only"]]
    return [row["settings"] for row in rows if row["status"] != 405]


def paused(ledger, people, incident=None) -> Run:
    run = ledger.start(people.commander, "hold-offset-sync", {"side": NEW}, incident)
    ledger.go(people.commander, people.commander2, run, "pause")
    return run


def test_what_was_taken_away_is_on_record_before_anything_is_sent(ledger, people, control):
    before = settings(control)
    run = paused(ledger, people)
    kept = Evidence.objects.get(run=run, kind=saved_as(NEW))
    assert kept.data["settings"] == {FILTERS: before[FILTERS], ENABLE: "true"}
    of_intent = Event.objects.get(kind="step.sent", run=run.pk)
    of_record = Event.objects.get(kind="evidence.kept", object=f"{kept.kind} {kept.pk}")
    assert of_record.seq < of_intent.seq
    assert settings(control) == {**{k: v for k, v in before.items() if k != FILTERS}, ENABLE: "false"}


def test_an_incident_stays_open_until_it_is_on_again_even_by_another_run(ledger, people, control):
    before = settings(control)
    incident = ledger.declare(people.commander, "eu-north")
    run = paused(ledger, people, incident)
    runs.abort(who(people.commander), run.pk, reason="something else first")
    ledger.work_until(lambda: Run.objects.get(pk=run.pk).is_over, "the run to be over")
    still_off = "Offset sync of link ledger-link on eu-south, switched off by this incident, is still off."
    ledger.work_until(lambda: still_off in held(incident), "it to be seen off")
    with pytest.raises(Invalid, match="still off"):
        incidents.close(who(people.commander), incident.pk, reason="all is well")

    approved(BACK)
    again = ledger.start(people.commander, "back-on", {}, incident)
    ledger.go(people.commander, people.commander2, again, "resume")
    assert settings(control) == before
    ledger.work_until(lambda: held(incident) == [], "nothing to hold it open")
    incidents.close(who(people.commander), incident.pk, reason="all is well")


def held(incident) -> list[str]:
    return incidents.held_open_by(incident, history.latest("ledger"))


def test_what_nobody_has_read_since_holds_it_open_too(ledger, people, control):
    incident = ledger.declare(people.commander, "eu-north")
    before = history.latest("ledger")
    paused(ledger, people, incident)
    said = " ".join(incidents.held_open_by(incident, before))
    assert "Whether offset sync is on again on eu-south, where this incident switched it off, has not been" in said


def test_what_ends_for_good_holds_nothing_open(ledger, people, control):
    incident = ledger.declare(people.commander, "eu-north")
    approved(BACK.replace("back-on", "leave").replace("offset-sync.resume", "offset-sync.pause").replace(
        "{side: eu-south}", "{side: eu-south, lasts: for-good}"))  # fmt: skip
    run = ledger.start(people.commander, "leave", {}, incident)
    ledger.go(people.commander, people.commander2, run, "resume")
    ledger.work_until(lambda: Run.objects.get(pk=run.pk).is_over, "the run to end")
    assert held(incident) == []


def test_lost_between_two_settings_only_the_switch_is_armed_again(ledger, people, control):
    before = settings(control)
    run = paused(ledger, people)
    ledger.go(people.commander, people.commander2, run, "wait", observed="balances, to the end")
    control.ask("PUT", f"/pairs/ledger/sides/{NEW}/settings", {"batches_link_configs": False})
    action = f"PUT links/ledger-link/configs/{ENABLE}"
    control.fault("ledger", "accepted-then-dropped", NEW, action=action, applied=False)
    step = ledger.step(run, "resume")
    ledger.work_until(lambda: ledger.can_be_confirmed(step), "it to pass its guards")
    ledger.confirm(people.commander, ledger.step(run, "resume"))
    ledger.work_until(lambda: ledger.state(step) == "partial", "the looks to prove what is missing")
    assert settings(control)[FILTERS] == before[FILTERS]
    assert settings(control)[ENABLE] == "false"

    step.refresh_from_db()
    recovery.rearm(who(people.commander), step.pk, fence=step.fence, reason="the switch is still off")
    ledger.go(people.commander, people.commander2, run, "resume")
    assert settings(control) == before
    second = Attempt.objects.get(step=step, number=2)
    assert list(second.items.values_list("name", flat=True)) == [f"{ENABLE} on {NEW}"]
    assert Call.objects.filter(attempt__step=step).count() == 2
    assert sent(control) == [  # the switch was dropped once, not carried out
        {ENABLE: "false"}, {FILTERS: before[FILTERS]}, {ENABLE: "true"}, {ENABLE: "true"},
    ]  # fmt: skip
