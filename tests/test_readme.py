"""The README says what is so: dependencies as they are locked, links that lead somewhere, light pictures."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
MOST_LINES, MOST_BYTES = 150, 300_000  # of the text, and of one picture


def table() -> dict[str, tuple[str, str, str]]:
    """Version, licence and reason by dependency."""
    rows = README.partition("| dependency |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {name: (version, licence, reason) for name, version, licence, reason in cells}


def direct() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *groups["setup"], *groups["dev"]]
    return {re.split(r"[\[<>=~! ]", each)[0].lower() for each in wanted}


def locked() -> dict[str, str]:
    files = ("requirements-dev.txt", "requirements-setup.txt")
    lines = "\n".join((ROOT / name).read_text() for name in files)
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", lines, re.MULTILINE))


def test_every_direct_dependency_stands_in_the_table_and_no_other() -> None:
    assert set(table()) == direct()


@pytest.mark.parametrize("name", sorted(table()))
def test_a_row_has_the_locked_version_a_licence_and_a_reason(name: str) -> None:
    version, licence, reason = table()[name]
    assert version == locked()[re.sub(r"[._]", "-", name)]
    assert licence
    assert reason


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(((?!https?:)[^)]+)\)", README))))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target.partition("#")[0]).exists()


def test_it_is_read_in_some_minutes() -> None:
    assert len(README.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "screenshots").glob("*.png")), ids=lambda path: path.name)
def test_a_picture_is_light(picture: Path) -> None:
    assert picture.stat().st_size < MOST_BYTES


def test_every_shipped_runbook_is_named() -> None:
    shipped = {path.stem for path in (ROOT / "runbooks" / "library").glob("*.yaml")}
    listed = README.partition("## Runbooks it ships")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z-]+-[a-z-]+)`", listed)) == shipped
