"""The bench runs, and prints every figure it promises; how fast is not judged here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from config.demo.children import ROOT
from tests.bench.figures import Board, NoFloor, Samples
from tests.processes import living, marked, without_test_settings

FIGURES = [
    "floor: POST → task claimed, nothing of the product",
    "confirm POST → task claimed",
    "confirm POST → result stored",
    "floor: fetch and typed decode of the mirrors, CPU",
    "fetch and decode of everything, CPU",
    "later polls: judge, store what changed",
    "floor: query and page of 50 rows",
    "first paint",
    "refresh, 5 % changed",
    "floor: plain INSERT of such a row, one in each transaction",
    "confirm POST answered, broker stopped",
    "append",
    "append, 16 writers",
    "floor: read and hash the bodies",
    "verify 3,0",
]


def test_a_ratio_needs_a_floor_of_this_call() -> None:
    said: list[str] = []
    board = Board(said.append)
    with pytest.raises(NoFloor, match="not run in this call"):
        board.durations("append", [1.0], floor="plain")
    board.floor("plain", Samples((0.5, 0.5)))
    board.durations("append", [1.0], floor="plain")
    assert "2.0× floor" in said[-1]


def test_the_summary_of_samples() -> None:
    samples = Samples(tuple(float(each) for each in range(1, 101)))
    assert (samples.median, samples.p95) == (50.5, 95.0)
    assert "n 100" in str(samples)


@pytest.mark.timeout(420)
def test_quick_mode_prints_every_line_and_leaves_no_process() -> None:
    env, mark = marked(without_test_settings())
    command = [sys.executable, "-m", "tests.bench", "--quick"]
    ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    lines = [line.strip() for line in ran.stdout.splitlines()]
    assert [name for name in FIGURES if not any(line.startswith(name) for line in lines)] == []
    assert living(mark) == []
