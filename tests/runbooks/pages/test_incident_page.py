"""The page of an incident: what holds it open, and closing it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

from django.urls import reverse

from clusters.facts import GroupFacts, GroupState
from dashboard import history
from runbooks.engine.reconciling import Partition
from runbooks.models import Incident, Mark
from runbooks.queries.groups import groups_on_sides
from tests.runbooks.driving import reconciled_by_hand

ACTIVE = GroupFacts("settlement", GroupState.STABLE, 2)


def page_of(incident) -> str:
    return reverse("runbooks:incident", args=[incident.pk])


def test_it_shows_clocks_receipt_runs_and_groups(viewer, incident, orders):
    page = viewer.open(page_of(incident))
    for part in (
        "Since failure",
        "Since declared",
        "Left of RTO 30:00",
        "Receipt",
        "Groups on each side",
        "Recovery clock",
    ):
        assert part in page.words
    assert "settlement" in page.words
    assert "active, 2 members" in page.words
    assert not [form for form in page.forms if form.startswith("act-")]


def test_a_run_that_is_under_way_holds_it_open(commander, moving):
    page = commander.open(page_of(moving.incident))
    assert f"Run {moving} is running." in page.words
    after = commander.send(page, "act-close", reason="all is well")
    assert after.status == 422
    assert f"Run {moving} is running." in after.words
    assert after.form("act-close").fields["reason"] == ["all is well"]
    assert Incident.objects.get().is_open


def test_with_nothing_left_it_closes_once(commander, viewer, incident):
    page = commander.open(page_of(incident))
    assert "Nothing holds it open any more." in page.headings[0]
    address = reverse("runbooks:incident-close", args=[incident.pk])
    assert commander.get(address).status == 405
    assert viewer.post(address, {"reason": "because"}).status == 403
    assert commander.send(page, "act-close", reason="").status == 422
    assert Incident.objects.get().is_open
    after = commander.send(page, "act-close", reason="false alarm")
    assert "Closed" in after.headings[0]
    assert commander.send(page, "act-close", reason="false alarm").status == 409


def test_the_commanders_word_stops_the_recovery_clock(commander, viewer, incident):
    page = commander.open(page_of(incident))
    address = reverse("runbooks:incident-healthy", args=[incident.pk])
    assert viewer.post(address, {"reason": "because"}).status == 403
    after = commander.send(page, "act-healthy", reason="owners agree")
    assert Mark.objects.filter(name="T8").exists()
    assert "applications healthy" in after.words
    assert "act-healthy" not in after.forms


def test_that_a_side_will_not_return_is_said_by_a_commander(commander, viewer, incident):
    address = reverse("runbooks:incident-will-not-return", args=[incident.pk])
    assert viewer.post(address, {"reason": "because"}).status == 403
    after = commander.send(commander.open(page_of(incident)), "act-will-not-return", reason="the building burned")
    assert "us-east will not return , by a commander's word" in after.words
    assert Incident.objects.get().will_not_return


def test_evidence_comes_whole_as_json_and_as_csv_that_calculates_nothing(viewer, incident):
    address = reverse("runbooks:incident-evidence", args=[incident.pk, "json"])
    pieces = json.loads(viewer.client.get(address).content)
    assert pieces[0]["kind"] == "receipt"
    rows = list(csv.reader(io.StringIO(viewer.client.get(address.replace("json", "csv")).content.decode())))
    assert rows[0] == ["evidence", "kind", "at", "step", "digest", "name", "value"]
    named = {row[5]: row[6] for row in rows[1:]}
    assert named["side"] == "us-east"
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@" and cell]
    assert viewer.get(address.replace("json", "xml")).status == 404


def test_one_piece_is_shown_whole(viewer, incident):
    piece = incident.evidence.get()
    page = viewer.open(reverse("runbooks:evidence", args=[piece.pk]))
    assert "receipt, as it was" in page.headings[0]
    assert piece.digest in page.words


def test_an_incident_that_does_not_exist_is_not_found(viewer, incident):
    assert viewer.get("/incidents/999999/").status == 404


def test_what_moves_refreshes_and_forms_do_not(viewer, incident, orders):
    live = reverse("runbooks:incident-live", args=[incident.pk])
    tag = viewer.open(page_of(incident)).html.split(f"{live}?tag=")[1].split('"')[0]
    assert viewer.client.get(f"{live}?tag={tag}").status_code == 204
    orders.look()
    fresh = viewer.client.get(f"{live}?tag={tag}")
    assert fresh.status_code == 200
    assert b"Groups on each side" in fresh.content
    assert b"<form" not in fresh.content


def test_a_group_on_two_sides_is_called_what_it_is(orders):
    facts = history.latest("orders")
    assert facts is not None
    both = {name: replace(side, groups={"settlement": ACTIVE}) for name, side in facts.sides.items()}
    rows = groups_on_sides(replace(facts, sides=both))
    assert [row.group for row in rows if row.is_double] == ["settlement"]


def test_what_was_reconciled_stands_on_the_page_and_in_files_that_calculate_nothing(viewer, incident):
    address = reverse("runbooks:incident-reconciliation", args=[incident.pk, "csv"])
    assert viewer.get(address).status == 404
    parts = [Partition(0, 100, 0, 103, 150), Partition(1, 100, 102, 104, 101)]
    reconciled_by_hand(incident, *parts, topic="-2+5")
    words = viewer.open(page_of(incident)).words
    assert "7 offsets never arrived, 4 hold different records; 2 have expired at the source." in words
    assert "Critical" not in words
    head, *rows = list(csv.reader(io.StringIO(viewer.client.get(address).content.decode())))
    assert [row[:2] for row in rows] == [["'-2+5", "'-2+5"]] * 2
    for row, part in zip(rows, parts, strict=True):
        said = dict(zip(head, row, strict=True))
        assert (int(said["unreplicated"]), int(said["expired"])) == (part.unreplicated, part.expired)
        assert (int(said["divergent_from"]), int(said["divergent_to"])) == part.divergent
    piece = json.loads(viewer.client.get(address.replace("csv", "json")).content)
    assert piece["data"]["totals"]["unreplicated"] == 7
    assert viewer.get(address.replace("csv", "xml")).status == 404


def test_a_side_that_has_lost_records_is_critical(viewer, incident):
    reconciled_by_hand(incident, Partition(0, 100, 0, 97, 150))
    words = viewer.open(page_of(incident)).words
    assert "Critical: lost there" in words
    assert "it has lost acknowledged data" in words
