"""Assessing a side, and declaring that it is down."""

from __future__ import annotations

import pytest
from django.urls import reverse

from dashboard import inventory
from runbooks.models import Evidence, Incident
from tests.runbooks.conftest import history_says_down
from tests.runbooks.driving import put_in_force

ASSESS = reverse("runbooks:assess", args=["orders", "us-east"])
DECLARE = reverse("runbooks:incident-declare", args=["orders", "us-east"])


@pytest.fixture
def down(orders, control, shipped):
    control.fault("orders", "region-down", "us-east", mode="refuse")
    orders.work_until(lambda: history_says_down("orders", "us-east"), "us-east to be seen down")
    return orders


def declare_form(page):
    return next(form for form in page.forms.values() if form.action == DECLARE)


def test_while_it_answers_the_answer_is_to_do_nothing(viewer, orders, shipped):
    page = viewer.open(ASSESS)
    assert page.headings[0] == "Nobody sees us-east failing. Do nothing here."
    assert "0 say down" in page.words
    assert "Active-active pair." in page.words


def test_an_outage_is_told_with_who_sees_it_and_both_cases(commander, down):
    down.work_until(lambda: "mirror command" in commander.open(ASSESS).headings[0], "the outage to be confirmed")
    page = commander.open(ASSESS)
    answer = "us-east is down for everybody. Orders needs no mirror command: move its clients to eu-west."
    assert page.headings[0] == answer
    assert "(a) us-east is down for everybody" in page.words
    for part in (
        "The case for waiting",
        "The case for acting",
        "left of the RTO of 30:00",
        "Failover is refused (R09)",
    ):
        assert part in page.words
    assert "writes refused a minute" in page.words or "how many is not known" in page.words
    assert "us-east still serves its own clients. No vantage point sees it." in page.words
    assert "Regional outage, active-active" in page.headings
    assert "Regional outage, active-passive" not in page.words


def test_the_runbook_for_the_outage_comes_before_the_way_back(viewer, orders, shipped):
    words = viewer.open(ASSESS).words
    assert words.index("Regional outage, active-active") < words.index("Return to the home region, active-active")


def test_declaring_freezes_a_receipt_and_opens_the_incident(commander, down):
    page = commander.open(ASSESS)
    after = commander.post(DECLARE, declare_form(page).filled(reason="the provider confirms"))
    incident = Incident.objects.get()
    assert (incident.pair, incident.side, incident.reason) == ("orders", "us-east", "the provider confirms")
    assert Evidence.objects.get(kind="receipt").incident == incident
    assert "us-east is declared down." in after.headings[0]
    assert "records of us-east had not been seen on eu-west" in after.words
    assert "us-east.orders" in after.words
    again = commander.open(ASSESS)
    assert f"Incident {incident.pk} is open for us-east." in again.words
    assert DECLARE not in again.html
    assert commander.post(DECLARE, {"reason": "again"}).status == 409
    assert Incident.objects.count() == 1


def test_a_reason_is_needed_and_what_was_typed_is_kept(commander, orders):
    page = commander.open(ASSESS)
    after = commander.post(DECLARE, declare_form(page).filled(reason="   "))
    assert after.status == 422
    assert declare_form(after).fields["reason"] == ["   "]
    assert "Say why, in a sentence" in after.words
    assert not Incident.objects.exists()


def test_only_a_commander_declares_and_only_by_a_form(commander, viewer, orders):
    assert commander.get(DECLARE).status == 405
    assert DECLARE not in viewer.open(ASSESS).html
    assert viewer.post(DECLARE, {"reason": "because"}).status == 403
    assert not Incident.objects.exists()


def test_a_pair_that_may_not_change_offers_rehearsal_alone_and_says_why(commander, orders, sandbox, shipped):
    put_in_force(sandbox.inventory_text().replace("may_change: true", "may_change: false"))
    orders.look()
    page = commander.open(ASSESS)
    assert DECLARE not in page.html
    assert "may_change: false" in page.words
    start = commander.open(reverse("runbooks:run-new", args=["orders", "unplanned-outage-active-active"]))
    assert "Rehearsal only." in start.words
    assert start.html.count("disabled") >= 2


def test_before_the_first_reading_nothing_is_told(viewer, in_force):
    page = viewer.open(ASSESS)
    assert page.headings == ["Orders has not been read yet, so nothing can be told of us-east.", "Keys"]
    assert viewer.client.get(reverse("runbooks:assess-live", args=["orders", "us-east"])).status_code == 204


def test_it_refreshes_without_its_form(commander, orders):
    live = reverse("runbooks:assess-live", args=["orders", "us-east"])
    html = commander.open(ASSESS).html
    tag = html.split("assess/us-east/live/?tag=")[1].split('"')[0]
    assert commander.client.get(f"{live}?tag={tag}").status_code == 204
    orders.look()
    fresh = commander.client.get(f"{live}?tag={tag}")
    assert fresh.status_code == 200
    assert b"<form" not in fresh.content


@pytest.mark.parametrize("path", ["/pairs/orders/assess/nowhere/", "/pairs/nothing/assess/us-east/"])
def test_a_side_that_is_not_in_the_inventory_is_not_found(viewer, in_force, path):
    assert inventory.digest_in_force()
    assert viewer.get(path).status == 404
