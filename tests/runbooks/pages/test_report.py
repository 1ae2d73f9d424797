"""The report of a run, from its first second on, and names that try to be more than names."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from audit.clock import database_now
from audit.ledger import Actor, ledger
from audit.offline_verifier import check
from runbooks.models import Evidence, Item, Run, StepRun
from runbooks.services.checks import record
from runbooks.services.recovery import acknowledge_drift
from runbooks.views.report import flat
from tests.runbooks.driving import who
from tests.runbooks.pages.conftest import page_of

ORDER = ["Summary", "Decisions", "Timeline", "Loss", "Time against objectives", "Overrides", "Refusals met"]
ORDER += ["Drift found", "Proof"]
HOSTILE = "<script>alert(1)</script>\"'&{{ 7|add:1 }}{% csrf_token %}"
FORMULA = "=cmd|' /C calc'!A0"


def report_of(run) -> str:
    return reverse("runbooks:run-report", args=[run.pk])


def test_it_tells_decisions_with_what_was_shown_times_loss_and_proof(commander, commander2, viewer, moving):
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    page = viewer.open(report_of(moving))
    assert [part for part in page.headings if part in ORDER] == ORDER
    assert "commander confirmed step 1 , Move them" in page.words
    assert "Typed eu-west ." in page.words
    assert "commander2 approved step 1" in page.words
    assert "Receipt: at least" in page.words
    assert "In time: not known of an RPO of " in page.words
    assert "No canary topic is named in the inventory" in page.words
    assert "not reconciled" in page.words
    assert "No guard was overridden." in page.words
    assert "T8 applications healthy not measured" in page.words
    assert "Consistent from" in page.words
    assert "Machines, of this run" in page.words


def test_it_exists_before_anything_was_decided(viewer, moving):
    page = viewer.open(report_of(moving))
    assert "Nobody has decided anything in this run yet." in page.words


def file_of(person, run, form: str) -> HttpResponse:
    return person.client.get(reverse("runbooks:run-report-file", args=[run.pk, form]))


def words_of(answer: HttpResponse) -> str:
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def texts(value: object) -> Iterator[str]:
    """Every text that a person wrote or a step said, from anywhere in the JSON."""
    if isinstance(value, dict):
        yield from (text for key, inner in value.items() if key not in NOT_TOLD for text in texts(inner))
    elif isinstance(value, list):
        yield from (text for inner in value for text in texts(inner))
    elif isinstance(value, str) and " " in value:
        yield value


# Machine forms, and times that run on; the timeline is compared apart.
NOT_TOLD = {"made_at", "summary", "receipt", "parameters", "timeline", "source"}


def test_page_pdf_and_json_say_the_same(commander, commander2, viewer, refused):
    page, report = viewer.open(report_of(refused)), json.loads(file_of(viewer, refused, "json").content)
    squeezed = words_of(file_of(viewer, refused, "pdf")).replace(" ", "")
    found = list(texts(report))
    assert len(found) > 20
    for text in [*found, *(line["said"] for line in report["timeline"])]:
        sought = " ".join(text.split()).lower()
        assert sought in page.words.lower(), text
        assert sought.replace(" ", "") in squeezed.lower(), text
    places = [squeezed.find(heading.replace(" ", "")) for heading in ORDER]
    assert places == sorted(places)
    assert -1 not in places


def test_the_json_holds_what_its_page_documents(viewer, refused):
    report = json.loads(file_of(viewer, refused, "json").content)
    assert (report["format"], report["version"]) == ("breakwater.run-report", 1)
    table = (settings.BASE_DIR / "docs" / "report.md").read_text()
    rows = table.partition("|---|---|")[2].partition("\n\n")[0]
    documented = set(re.findall(r"`([a-z_0-9]+)`", rows))
    assert set(report) <= documented
    for part in ("run", "incident", "time", "proof", "loss"):
        assert set(report[part]) <= documented
    for part in ("steps", "decisions", "timeline", "refusals", "overrides", "drift"):
        assert {key for row in report[part] for key in row} <= documented
    assert report["refusals"]
    assert report["decisions"]


def test_refusals_met_are_told_with_what_was_seen(viewer, refused):
    page = viewer.open(report_of(refused))
    (refusal,) = json.loads(file_of(viewer, refused, "json").content)["refusals"]
    assert refusal["code"] == "R19"
    assert refusal["step"] == 1
    assert refusal["says"] in page.words
    assert "No guard refused a step." not in page.words


def test_drift_is_told_with_who_let_it_stay(commander, orders, people, attesting):
    step = orders.go(people.commander, people.commander2, attesting, "say-so", observed="it is there")
    with ledger(Actor.product("executor")) as book:
        record(book, step, "step.drifted", facts={"why": "R10: settlement runs on us-east again"})
    StepRun.objects.filter(pk=step.pk).update(drifted=True, drift_why="R10: settlement runs again")
    acknowledge_drift(who(people.commander), step.pk, why="R10: settlement runs again", reason="it is a test group")
    page = commander.open(report_of(attesting))
    assert "What step 1, Say so, brought about no longer holds : R10: settlement runs on us-east again" in page.words
    assert "commander said so: “it is a test group”" in page.words
    pdf = words_of(file_of(commander, attesting, "pdf"))
    assert "commander said so: “it is a test group”" in pdf


@pytest.mark.parametrize("form", ["json", "pdf"])
def test_it_is_a_file_from_the_first_second_on(viewer, moving, form):
    answer = file_of(viewer, moving, form)
    assert answer["Content-Disposition"] == f'attachment; filename="breakwater-orders-{moving.pk}-report.{form}"'
    assert file_of(viewer, moving, "exe").status_code == 404
    assert Client().get(reverse("runbooks:run-report-file", args=[moving.pk, form])).status_code == 302


@pytest.fixture
def refused(commander, commander2, orders, control, moving):
    """Approved by two while the target was there, refused right before sending because it no longer was."""
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    control.fault("orders", "region-down", "eu-west", mode="refuse")
    orders.work_until(lambda: orders.state(orders.step(moving, "move")) == "blocked", "the step to be refused")
    return moving


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
    pdf = file_of(commander, hostile, "pdf")
    assert HOSTILE.replace(" ", "") in words_of(pdf).replace(" ", "")


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
