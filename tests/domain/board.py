"""What was run, gathered from all processes of a test run, and the two tables that are printed at its end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

Line = tuple[str, str, str]  # row, column, what came of it


def note(table: str, *lines: Line) -> None:
    with _file(table).open("a") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)


def noted(table: str) -> list[Line]:
    path = _file(table)
    return [tuple(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def _file(table: str) -> Path:
    return Path(os.environ["BREAKWATER_TEST_FOLDER"]) / f"{table}.jsonl"


def matrix(lines: Iterable[Line], columns: Sequence[str]) -> Iterator[str]:
    """Rows in order, a cell for each column; several of one cell stand together, each once."""
    cells: dict[str, dict[str, list[str]]] = {}
    for row, column, said in sorted(lines):
        found = cells.setdefault(row, {}).setdefault(column, [])
        found += [said] if said not in found else []
    yield f"| | {' | '.join(columns)} |"
    yield f"|{' --- |' * (len(columns) + 1)}"
    for row, found in cells.items():
        yield f"| {row} | {' | '.join('; '.join(found.get(column, ['–'])) for column in columns)} |"
