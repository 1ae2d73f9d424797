"""Sheets lie in their folder, whole and of today, or every page says that they do not."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.clock import database_now
from config import chores
from runbooks.models import PaperRound
from runbooks.paper import rounds
from runbooks.paper.folder import MANIFEST
from tests.runbooks.driving import put_in_force
from tests.runbooks.pages.reading import Person
from tests.runbooks.texts import ATTESTED, approved

PAIRS = ("orders",)


@pytest.fixture
def folder(settings, tmp_path, in_force, shipped) -> Path:
    settings.PAPER_FOLDER = str(tmp_path / "paper")
    return tmp_path / "paper"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.iterdir()}


def test_they_are_written_once_and_anew_when_something_changed(folder, sandbox) -> None:
    rounds.keep_written()
    first = stamps(folder)
    assert "orders--unplanned-outage-active-active--us-east.html" in first
    listed = json.loads((folder / MANIFEST).read_text())
    assert {row["file"] for row in listed["sheets"]} == first.keys() - {MANIFEST}
    rounds.keep_written()
    assert stamps(folder) == first

    approved(ATTESTED % 1)
    rounds.keep_written()
    assert "orders--attested--us-east.html" in names(folder)
    second = stamps(folder)
    put_in_force(sandbox.inventory_text())  # with all three pairs
    rounds.keep_written()
    assert "ledger--failover-active-passive--eu-north.html" in names(folder)
    assert stamps(folder)["orders--attested--us-east.html"] != second["orders--attested--us-east.html"]


def test_each_day_and_whenever_one_is_missing(folder, monkeypatch) -> None:
    rounds.keep_written()
    first = stamps(folder)
    (folder / "orders--pause-catch-up--us-east.html").unlink()
    rounds.keep_written()
    assert names(folder) == first.keys()
    again = stamps(folder)
    tomorrow = database_now() + timedelta(days=1)
    monkeypatch.setattr(rounds, "database_now", lambda: tomorrow)
    rounds.keep_written()
    assert stamps(folder)[MANIFEST] != again[MANIFEST]


def test_what_no_runbook_asks_for_any_more_is_gone_and_nothing_else(folder) -> None:
    version = approved(ATTESTED % 1)
    rounds.keep_written()
    (folder / "notes of the team.html").write_text("ours")
    version.definition.retired = True
    version.definition.save()
    rounds.keep_written()
    assert "orders--attested--us-east.html" not in names(folder)
    assert "notes of the team.html" in names(folder)
    assert not [name for name in names(folder) if name.startswith(".")]


def test_a_list_that_somebody_forged_removes_nothing_elsewhere(folder, tmp_path) -> None:
    rounds.keep_written()
    (tmp_path / "precious.html").write_text("kept")
    listed = json.loads((folder / MANIFEST).read_text())
    listed["sheets"] += [{"file": "../precious.html"}, {"file": str(tmp_path / "precious.html")}]
    (folder / MANIFEST).write_text(json.dumps(listed))
    approved(ATTESTED % 1)
    rounds.keep_written()
    assert (tmp_path / "precious.html").read_text() == "kept"


def test_every_page_says_when_they_cannot_be_trusted(folder, people) -> None:
    viewer = Person(people.viewer)
    assert "None was ever written" in viewer.open("/").words
    folder.parent.joinpath("paper").write_text("a file where the folder should be")
    rounds.keep_written()
    assert "They cannot be written" in viewer.open("/").words
    folder.unlink()
    rounds.keep_written()
    assert "Runbooks on paper cannot be trusted" not in viewer.open("/").words
    assert "runbooks lie on paper, of today." in viewer.open("/paper/").words
    PaperRound.objects.update(written_at=database_now() - timedelta(hours=26))
    assert "They are not written any more: is run_executor alive?" in viewer.open("/").words
    assert "cannot be trusted" in viewer.open("/paper/").words


def test_without_a_folder_nothing_is_written_and_nobody_is_alarmed(settings, in_force, shipped, people) -> None:
    settings.PAPER_FOLDER = ""
    rounds.keep_written()
    assert not PaperRound.objects.exists()
    words = Person(people.viewer).open("/paper/").words
    assert "Runbooks on paper are written nowhere." in words
    assert "Regional outage, active-active" in words
    assert "cannot be trusted" not in Person(people.viewer).open("/").words


def test_the_executor_looks_after_them(folder, settings) -> None:
    assert settings.EXECUTOR_CHORES[f"{chores.__name__}.papers_left_unwritten"] == 60
    chores.papers_left_unwritten()
    assert PaperRound.objects.get().sheets


def test_the_command_writes_them_anywhere(tmp_path, settings, in_force, shipped, capsys) -> None:
    settings.PAPER_FOLDER = ""
    call_command("write_paper", str(tmp_path / "here"))
    assert "sheets in" in capsys.readouterr().out
    assert (tmp_path / "here" / "orders--unplanned-outage-active-active--eu-west.html").is_file()
    with pytest.raises(CommandError, match="Say where to"):
        call_command("write_paper", "")


def test_a_sheet_is_shown_as_it_would_be_printed_and_may_hold_its_own_style(people, in_force, shipped) -> None:
    client = Person(people.viewer).client
    answer = client.get("/paper/orders/unplanned-outage-active-active/us-east/")
    assert answer.status_code == 200
    assert "'sha256-" in answer["Content-Security-Policy"].partition("style-src")[2].partition(";")[0]
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert client.get("/paper/orders/unplanned-outage-active-active/nowhere/").status_code == 404
    assert "sha256" not in client.get("/")["Content-Security-Policy"]
