"""What is taken elsewhere checks itself there: a folder, one Python, nothing of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.models import Head
from tests.audit.chain import make_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_record(12, facts={"topic": "=cmd|'/c calc'", "line\u2028": "two\nlines"})
    call_command("audit", "export", str(tmp_path / "export"))
    return tmp_path / "export"


def check(folder: Path, *asked: str) -> tuple[int, str]:
    """In an interpreter that sees the standard library alone, from another directory."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), *asked],
        capture_output=True, text=True, check=False, cwd="/", env={},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def rows(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "record.jsonl").read_text().splitlines()]


def write(folder: Path, changed: list[dict[str, object]]) -> None:
    (folder / "record.jsonl").write_text("".join(json.dumps(row) + "\n" for row in changed))


def test_an_export_checks_itself_without_us(folder: Path) -> None:
    head = Head.objects.get()
    code, said = check(folder)
    assert (code, said.splitlines()[:2]) == (0, ["consistent from 1 to 12, not anchored", f"head 12:{head.hash}"])
    assert "Not shown by this: events cut off at the end" in said
    assert f"12:{head.hash}" in (folder / "README.txt").read_text()
    assert check(folder, "--head", f"12:{head.hash}")[0] == 0


def test_an_edited_event(folder: Path) -> None:
    changed = rows(folder)
    changed[6]["body"] = str(changed[6]["body"]).replace("event 7", "event 8")
    write(folder, changed)
    assert check(folder) == (1, "first bad event: 7, edit: its bytes do not give its hash\n")


def test_a_missing_event(folder: Path) -> None:
    changed = rows(folder)
    del changed[6]
    write(folder, changed)
    code, said = check(folder)
    assert (code, said[:26]) == (1, "first bad event: 7, gap: i")


def test_a_forked_event(folder: Path) -> None:
    changed = rows(folder)
    changed[6]["prev"] = changed[3]["hash"]
    write(folder, changed)
    assert check(folder)[1].startswith("first bad event: 7, edit")


def test_two_events_changed_places(folder: Path) -> None:
    changed = rows(folder)
    changed[6], changed[7] = changed[7], changed[6]
    write(folder, changed)
    assert check(folder)[1].startswith("first bad event: 7, gap")


def test_a_cut_tail_shows_only_against_a_noted_head(folder: Path) -> None:
    noted = rows(folder)[-1]
    write(folder, rows(folder)[:-2])
    assert check(folder)[0] == 0
    code, said = check(folder, "--head", f"12:{noted['hash']}")
    assert (code, said.split(":")[1]) == (1, " 12, truncation")


@pytest.mark.parametrize(("act", "kind"), [("change", "side text changed"), ("remove", "side text missing")])
def test_side_texts(folder: Path, act: str, kind: str) -> None:
    texts = [json.loads(line) for line in (folder / "side.jsonl").read_text().splitlines()]
    left = [row for row in texts if row["text"] != "why 9"]
    if act == "change":
        left = [{**row, "text": "something nicer"} if row["text"] == "why 9" else row for row in texts]
    (folder / "side.jsonl").write_text("".join(json.dumps(row) + "\n" for row in left))
    assert check(folder)[1].startswith(f"first bad event: 9, {kind}")


def test_a_line_that_is_no_event(folder: Path) -> None:
    (folder / "record.jsonl").write_text("{}\n")
    assert check(folder)[1] == "first bad event: line 1, edit: the line is no event\n"


def test_a_folder_without_a_record(folder: Path) -> None:
    (folder / "record.jsonl").unlink()
    assert check(folder)[0] == 2


def test_the_command_checks_an_export_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "verify", "--file", str(folder))
    assert capsys.readouterr().out.startswith("consistent from 1 to 12, not anchored\n")
    write(folder, rows(folder)[2:])
    call_command("audit", "verify", "--file", str(folder))
    assert capsys.readouterr().out.startswith("consistent from 3 to 12")
    (folder / "record.jsonl").write_text("{}\n")
    with pytest.raises(CommandError, match="the line is no event") as failed:
        call_command("audit", "verify", "--file", str(folder))
    assert failed.value.returncode == 1


def test_an_export_never_writes_over_another(folder: Path) -> None:
    with pytest.raises(CommandError, match="name a folder that is not there yet"):
        call_command("audit", "export", str(folder))
