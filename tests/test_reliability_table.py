"""docs/reliability.md names a test for each fault, or says why there is none; what it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from config.demo.children import ROOT

PAGE = ROOT / "docs" / "reliability.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
MISSING = "*Not shown yet:*"


def rows() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| ") and cells[0].isdigit():
            assert int(cells[0]) not in found, f"{cells[0]} stands there twice"
            found[int(cells[0])] = cells[1:]
    return found


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def is_there(path: str, name: str) -> bool:
    return (ROOT / path).is_file() and name.startswith("test_") and name in names_in(path)


def test_each_of_the_84_faults_has_its_row() -> None:
    assert list(rows()) == list(range(1, 85))


@pytest.mark.parametrize("number", rows())
def test_a_fault_is_shown_or_the_page_says_why_not(number: int) -> None:
    cells = rows()[number]
    assert len(cells) == 3
    assert all(cells)
    _fault, _does, shown = cells
    _, is_missing, why = shown.partition(MISSING)
    assert NAMED.search(shown) or is_missing
    assert not is_missing or len(why.split()) >= 3


def test_what_the_page_names_exists() -> None:
    named = NAMED.findall(PAGE.read_text())
    assert len(named) > 84
    assert [f"{path}::{name}" for path, name in named if not is_there(path, name)] == []


def test_each_test_is_named_in_full() -> None:
    """A name that is written in another way would be read by nobody."""
    assert PAGE.read_text().count("::") == len(NAMED.findall(PAGE.read_text()))


@pytest.mark.parametrize(
    ("path", "name"),
    [("tests/nowhere.py", "test_x"), ("tests/test_tree.py", "test_no_such"), ("tests/test_tree.py", "files")],
)
def test_a_name_that_is_no_test_is_noticed(path: str, name: str) -> None:
    assert not is_there(path, name)
