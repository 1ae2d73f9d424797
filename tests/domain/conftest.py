from __future__ import annotations

from collections.abc import Iterator

import pytest

from runbooks.engine.states import Mode
from tests.domain import board, stories
from tests.faults.paced import shorten
from tests.fixtures.sandbox import in_use
from tests.runbooks import driving
from tests.runbooks.conftest import shipped
from tests.runbooks.driving import Drive, put_in_force

__all__ = ["shipped"]
PACE = 0.05


@pytest.fixture
def on_pair(request: pytest.FixtureRequest, sandbox, transactional_db) -> Iterator[str]:
    """The pair of the case in force, and no other: polls of the others are work for nothing."""
    pair = request.node.callspec.params["case"].story.pair
    put_in_force(in_use(type("One", (), {"PAIRS": (pair,)}), sandbox.inventory_text()))
    yield pair
    driving.close_everything()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is done in this process, slice by slice, with short waits."""
    monkeypatch.setattr("runbooks.relay.ring", lambda bells: None)
    shorten(monkeypatch, PACE)


@pytest.fixture
def carrier(request: pytest.FixtureRequest, on_pair: str) -> str:
    """What carries the work of the case, started."""
    how = request.node.callspec.params["case"].how
    for fixture in {"here": ("here",), "executor": ("no_broker", "executor"), "celery": ("worker",)}[how["carrier"]]:
        request.getfixturevalue(fixture)
    if how["batch"] == "one by one":
        request.getfixturevalue("monkeypatch").setattr("runbooks.engine.steps.mirrored.BATCH", 1)
    if how["carrier"] == "here":
        Drive(on_pair).look()
    return how["carrier"]


def pytest_terminal_summary(terminalreporter) -> None:
    for table, title, columns in (
        ("runbooks", "Runbooks by mode", [mode.value for mode in Mode]),
        ("faults", "Faults by kind of step", sorted(stories.sending())),
    ):
        if lines := board.noted(table):
            terminalreporter.section(title)
            for line in board.matrix(lines, columns):
                terminalreporter.line(line)
