"""Starting a run from its form."""

from __future__ import annotations

import pytest
from django.urls import reverse

from runbooks.models import Run
from runbooks.services.errors import Invalid
from tests.runbooks.driving import P1, Drive, put_in_force

NEW = reverse("runbooks:run-new", args=["orders", P1])
START = reverse("runbooks:run-start", args=["orders", P1])


def start_form(page, start: str = START):
    return next(form for form in page.forms.values() if form.action == start)


def test_the_form_is_filled_in_for_the_side_that_failed(commander, incident, shipped):
    page = commander.open(f"{NEW}?side=us-east")
    fields = start_form(page).fields
    assert fields["mode"] == ["live"]
    assert fields["parameter-failed"] == ["us-east"]
    assert fields["parameter-producers"] == ["checkout"]
    assert fields["parameter-groups"] == ["settlement", "fulfilment"]
    after = commander.post(START, start_form(page).filled())
    run = Run.objects.get()
    assert (run.mode, run.incident, run.parameters["groups"]) == ("live", incident, ["settlement", "fulfilment"])
    assert after.headings[0] == "Regional outage, active-active: orders"


def test_where_there_is_no_way_back_is_told_before_it_starts(commander, orders, shipped):
    Drive("ledger").look()
    page = commander.open(reverse("runbooks:run-new", args=["ledger", "restore-active-passive"]))
    assert page.html.count("no way back") == 2  # truncating, and swapping the roles
    assert page.words.count("Point of no return") == 1
    before, after = page.words.split("Point of no return")
    assert "Settle what exists only on the old home" in before
    assert "no way back" in after
    assert "no way back" not in before


def test_a_drill_says_what_it_needs_while_nothing_is_down(commander, orders, shipped):
    needs = "Step 1, Confirm the outage, is refused (R27) until 2 vantage points have had no answer from us-east"
    page = commander.open(f"{NEW}?side=us-east")
    assert needs in page.words
    assert "switch on “Region down” on us-east" in page.words
    assert "/sandbox/?pair=orders" in page.html
    assert "A rehearsal needs no fault" in page.words
    assess = commander.open(reverse("runbooks:assess", args=["orders", "us-east"]))
    assert "us-east has to be really gone" in assess.words
    assert "Region down" in assess.words


def test_a_pair_that_is_not_simulated_is_broken_by_others(commander, orders, shipped, sandbox):
    put_in_force(sandbox.inventory_text().replace("    sandbox: {", "    # sandbox: {"))
    page = commander.open(f"{NEW}?side=us-east")
    assert "Breakwater breaks no cluster: those who run us-east take it down" in page.words
    assert "Region down" not in page.words


def test_in_an_incident_nobody_is_told_how_to_practise(commander, incident, shipped):
    assert "A rehearsal needs no fault" not in commander.open(f"{NEW}?side=us-east").words


def test_a_runbook_that_confirms_no_outage_needs_none(commander, orders, shipped):
    page = commander.open(reverse("runbooks:run-new", args=["orders", "return-home-active-active"]))
    assert "R27" not in page.words


def test_without_an_incident_there_is_no_live_run(commander, orders, shipped):
    page = commander.open(f"{NEW}?side=us-east")
    assert "a live run belongs to an incident" in page.words
    sent = start_form(page).filled(mode="live")
    after = commander.post(START, sent)
    assert after.status == 422
    assert "A live run needs an open incident" in after.words
    assert start_form(after).fields["parameter-groups"] == ["settlement", "fulfilment"]
    assert not Run.objects.exists()


PLANNED = {"from": "us-east", "producers": ["checkout"], "groups": ["settlement"]}


def test_planned_work_is_live_without_an_incident(commander, orders, shipped):
    page = commander.open(reverse("runbooks:run-new", args=["orders", "planned-move-active-active"]))
    start = reverse("runbooks:run-start", args=["orders", "planned-move-active-active"])
    assert "for planned work, with nothing broken" in page.words
    assert start_form(page, start).fields["mode"] == ["rehearsal"]  # until somebody chooses
    after = commander.post(start, start_form(page, start).filled(mode="live"))
    assert after.status == 200
    run = Run.objects.get()
    assert (run.mode, run.incident) == ("live", None)
    assert "planned-move-active-active" in after.words


def test_planned_work_ends_where_an_incident_begins(orders, people, shipped):
    run = orders.start(people.commander, "planned-move-active-active", PLANNED)
    orders.declare(people.commander, "us-east")
    run.refresh_from_db()
    assert (run.state, run.ending) == ("aborted", "an incident was declared: planned work ends")


def test_while_an_incident_is_open_planned_work_belongs_to_it(orders, people, shipped, incident):
    with pytest.raises(Invalid, match="needs an open incident"):
        orders.start(people.commander, "planned-move-active-active", PLANNED)
    assert orders.start(people.commander, "planned-move-active-active", PLANNED, incident).incident == incident


@pytest.mark.parametrize(("mode", "title"), [("drill", "DRILL"), ("rehearsal", "REHEARSAL")])
def test_a_run_that_is_not_live_cannot_be_taken_for_one(commander, orders, shipped, mode, title):
    page = commander.open(f"{NEW}?side=us-east")
    after = commander.post(START, start_form(page).filled(mode=mode))
    assert Run.objects.get().mode == mode
    assert title in after.words
    assert f'<body class="has-bar {mode}"' in after.html
    assert f"favicon-{mode}" in after.html
    assert 'class="mode"' in after.html


def test_what_is_missing_is_named_and_the_rest_is_kept(commander, incident, shipped):
    page = commander.open(f"{NEW}?side=us-east")
    sent = start_form(page).filled()
    del sent["parameter-groups"]
    sent["parameter-failed"] = "nowhere"
    after = commander.post(START, sent)
    assert after.status == 422
    assert "groups" in after.words
    assert "nowhere" in after.words
    assert start_form(after).fields["parameter-producers"] == ["checkout"]
    assert not Run.objects.exists()


@pytest.mark.parametrize("mode", ["", "practice"])
def test_a_run_has_a_mode(commander, incident, shipped, mode):
    page = commander.open(f"{NEW}?side=us-east")
    assert commander.post(START, start_form(page).filled(mode=mode)).status == 422
    assert not Run.objects.exists()


def test_only_one_run_at_a_time_changes_a_pair(commander, incident, shipped):
    page = commander.open(f"{NEW}?side=us-east")
    commander.post(START, start_form(page).filled())
    after = commander.post(START, start_form(page).filled())
    assert after.status == 409
    assert "Only one can be" in after.words
    assert Run.objects.count() == 1


def test_no_drill_while_there_is_an_incident(commander, incident, shipped):
    page = commander.open(f"{NEW}?side=us-east")
    assert commander.post(START, start_form(page).filled(mode="drill")).status == 422


def test_only_a_commander_starts_and_only_by_a_form(commander, viewer, incident, shipped):
    assert commander.get(START).status == 405
    assert viewer.get(NEW).status == 403
    assert viewer.post(START, {"mode": "rehearsal"}).status == 403
    assert not Run.objects.exists()


def test_a_runbook_without_an_approved_version_is_not_found(commander, incident):
    assert commander.get(NEW).status == 404
