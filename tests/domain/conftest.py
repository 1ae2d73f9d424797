from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clusters.sandbox.scenario import PAIRS
from clusters.sandbox.server import Sandbox
from runbooks.engine.states import Mode
from tests.domain import board, stories
from tests.faults.paced import shorten
from tests.fixtures.sandbox import SCALE
from tests.runbooks import driving
from tests.runbooks.conftest import shipped
from tests.runbooks.driving import Drive, put_in_force

__all__ = ["shipped"]
PACE = 0.05


@pytest.fixture
def sandbox_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sandbox]:
    """With the pair of the case alone: simulating the two others would be a third of the work."""
    pair = request.node.callspec.params["case"].story.pair
    scenarios = tuple(scenario for scenario in PAIRS if scenario.name == pair)
    with Sandbox(tmp_path / "sandbox", scale=SCALE, scenarios=scenarios) as running:
        yield running


@pytest.fixture
def on_pair(request: pytest.FixtureRequest, sandbox, transactional_db) -> Iterator[str]:
    """The pair of the case, in force."""
    put_in_force(sandbox.inventory_text())
    yield str(request.node.callspec.params["case"].story.pair)
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
