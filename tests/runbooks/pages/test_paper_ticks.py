"""What people ticked on paper is entered afterwards: as their word, never as something that was seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from audit.models import Event
from runbooks.models import PaperTick, StepRun
from tests.runbooks.pages.conftest import page_of
from tests.runbooks.pages.test_report import file_of, report_of, words_of

PAIRS = ("orders",)


def of(run) -> str:
    return reverse("runbooks:run-paper", args=[run.pk])


def test_it_is_entered_told_and_recorded_and_moves_nothing(commander, viewer, moving):
    before = StepRun.objects.values_list("state", "fence").get(run=moving, key="move")
    page = commander.send(
        commander.open(of(moving)), "tick-move", done_by="R. of the night shift", done_at="2026-11-20 02:14",
        note="board says eu-west",
    )  # fmt: skip
    assert "From paper: R. of the night shift did step 1 , Move them" in page.words
    assert "not sensed." in page.words
    tick = PaperTick.objects.get()
    assert tick.done_at == datetime(2026, 11, 20, 2, 14, tzinfo=UTC)
    assert StepRun.objects.values_list("state", "fence").get(run=moving, key="move") == before
    event = Event.objects.get(kind="step.ticked-on-paper")
    assert (event.run, event.step) == (moving.pk, tick.step_id)
    said = "was done by R. of the night shift, 2026-11-20 02:14 UTC: board says eu-west"
    assert said in viewer.open(page_of(moving)).words
    assert "Ticks from paper" in viewer.open(report_of(moving)).headings
    assert "“board says eu-west”" in viewer.open(report_of(moving)).words
    (row,) = json.loads(file_of(viewer, moving, "json").content)["paper_ticks"]
    assert (row["step"], row["done_by"], row["entered_by"]) == (1, "R. of the night shift", "commander")
    assert "not sensed." in words_of(file_of(viewer, moving, "pdf"))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"done_by": " ", "done_at": "2026-11-20 02:14"}, "Say who did it"),
        ({"done_by": "R.", "done_at": "ten past two"}, "Say when, in UTC"),
        ({"done_by": "R.", "done_at": "2026-13-40 02:14"}, "Say when, in UTC"),
        ({"done_by": "R.", "done_at": "2999-01-01 00:00"}, "has not come yet"),
    ],
)
def test_what_paper_must_say_is_asked_for_and_what_was_typed_stays(commander, moving, said, problem):
    page = commander.send(commander.open(of(moving)), "tick-move", **said)
    assert page.status == 422
    assert problem in page.words
    assert said["done_at"] in page.html
    assert not PaperTick.objects.exists()


def test_only_commanders_enter_and_a_run_that_is_over_takes_them_too(commander, viewer, orders, people, attesting):
    orders.go(people.commander, people.commander2, attesting, "say-so", observed="it is there")
    assert "tick-say-so" not in viewer.open(of(attesting)).forms
    address = reverse("runbooks:step-paper-tick", args=[attesting.pk, "say-so"])
    assert viewer.post(address, {"done_by": "R.", "done_at": "2026-11-20 02:14"}).status == 403
    page = commander.send(commander.open(of(attesting)), "tick-say-so", done_by="R.", done_at="2026-11-20 02:14 UTC")
    assert "From paper: R. did step 1" in page.words
