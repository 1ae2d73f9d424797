"""The report of a run, from its first second on, and names that try to be more than names."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from django.urls import reverse

from audit.clock import database_now
from audit.offline_verifier import check
from runbooks.models import Evidence, Item, Run, StepRun
from runbooks.views.report import flat
from tests.runbooks.pages.conftest import page_of

HOSTILE = "<script>alert(1)</script>\"'&{{ 7|add:1 }}{% csrf_token %}"
FORMULA = "=cmd|' /C calc'!A0"


def report_of(run) -> str:
    return reverse("runbooks:run-report", args=[run.pk])


def test_it_tells_decisions_with_what_was_shown_times_loss_and_proof(commander, commander2, viewer, moving):
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    page = viewer.open(report_of(moving))
    for part in ("Summary", "Decisions", "Records", "Time", "Overrides", "Timeline", "Proof"):
        assert part in page.headings
    assert "commander confirmed step 1 , Move them" in page.words
    assert "Typed eu-west ." in page.words
    assert "commander2 approved step 1" in page.words
    assert "Receipt: at least" in page.words
    assert "not reconciled" in page.words
    assert "No guard was overridden." in page.words
    assert "Consistent from" in page.words
    assert "Machines, of this run" in page.words


def test_it_exists_before_anything_was_decided(viewer, moving):
    page = viewer.open(report_of(moving))
    assert "Nobody has decided anything in this run yet." in page.words


@pytest.fixture
def hostile(moving):
    """What a cluster or a person could have called things."""
    step = StepRun.objects.get(run=moving, key="move")
    step.preflight.challenge = HOSTILE
    step.preflight.preview = {"will_happen": HOSTILE, "clients_see": HOSTILE, "undo": HOSTILE, "command": HOSTILE}
    step.preflight.verdicts = [
        row | {"saw": HOSTILE, "says": HOSTILE, "is_met": False} for row in step.preflight.verdicts
    ]
    step.preflight.save()
    StepRun.objects.filter(pk=step.pk).update(drift_why=HOSTILE, drifted=True)
    Run.objects.filter(pk=moving.pk).update(held=HOSTILE)
    Evidence.objects.create(
        run=moving, step=step, kind=HOSTILE, at=database_now(), data={HOSTILE: [FORMULA]}, digest="d"
    )
    return moving


def test_hostile_names_are_inert_everywhere(commander, hostile):
    pages = [page_of(hostile), report_of(hostile), reverse("runbooks:inbox"), reverse("runbooks:run-list")]
    pages += [reverse("runbooks:evidence", args=[hostile.evidence.get().pk])]
    for path in pages:
        page = commander.open(path)
        assert "<script>alert(1)" not in page.html
        assert "{{ 8" not in page.html
    assert "<script>alert(1)</script>" in commander.open(page_of(hostile)).words


def test_evidence_as_csv_is_no_formula_and_as_json_is_whole(viewer, hostile):
    address = reverse("runbooks:run-evidence", args=[hostile.pk, "csv"])
    answer = viewer.client.get(address)
    assert answer["Content-Disposition"] == f'attachment; filename="breakwater-orders-{hostile.pk}-evidence.csv"'
    row = list(csv.reader(io.StringIO(answer.content.decode())))[1]
    assert row[6] == f"'{FORMULA}"
    whole = json.loads(viewer.client.get(address.replace("csv", "json")).content)
    assert whole[0]["data"] == {HOSTILE: [FORMULA]}
    assert viewer.get(address.replace("csv", "pdf")).status == 404


def test_nested_data_is_told_value_by_value():
    data = {"topics": {"a": [1, None]}, "by": "hand"}
    assert list(flat(data)) == [("topics.a[0]", "1"), ("topics.a[1]", ""), ("by", "hand")]


def test_many_items_are_summed_up_and_what_went_wrong_is_never_left_out(commander, commander2, orders, moving):
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    attempt = StepRun.objects.get(run=moving, key="move").armings.get()
    now = database_now()
    made = [Item(attempt=attempt, name=f"topic-{number:04}", state="done", updated_at=now) for number in range(400)]
    made += [Item(attempt=attempt, name="topic-odd", state="refused", saw=HOSTILE, updated_at=now)]
    Item.objects.bulk_create(made)
    page = commander.open(page_of(moving))
    assert "400 done, 1 refused." in page.words
    assert "topic-odd" in page.words
    assert "341 others" in page.words
    assert page.html.count('<i class="no">') == 1


def test_its_pack_holds_its_evidence_and_what_each_of_them_was_shown(
    commander, commander2, reviewer, viewer, orders, moving, tmp_path
):
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    orders.work_until(lambda: orders.state(orders.step(moving, "move")) == "succeeded")
    assert "Evidence pack" not in viewer.open(report_of(moving)).words
    assert "Evidence pack" in reviewer.open(report_of(moving)).words

    answer = reviewer.client.get(reverse("audit:pack"), {"run": moving.pk})
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / f"breakwater-run-{moving.pk}"
    assert check(folder).startswith("consistent from ")

    kept = [json.loads(line) for line in (folder / "evidence.jsonl").read_text().splitlines()]
    assert {row["digest"] for row in kept} >= set(Evidence.objects.filter(run=moving).values_list("digest", flat=True))
    bodies = [json.loads(json.loads(line)["body"]) for line in (folder / "record.jsonl").read_text().splitlines()]
    (asked,) = [body for body in bodies if body["kind"] == "step.requested"]
    (agreed,) = [body for body in bodies if body["kind"] == "step.approved"]
    assert agreed["guards"]
    assert [row["code"] for row in agreed["guards"]] == [row["code"] for row in asked["guards"]]
    assert agreed["facts"]["seen"].keys() == asked["facts"]["seen"].keys()
