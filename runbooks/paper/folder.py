"""Sheets in a folder, for a printer, a share or a laptop: each file whole or as it was before, and old ones gone."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

MANIFEST = "sheets.json"
FORMAT = "breakwater.paper"


def write(folder: Path, sheets: Mapping[str, str], made_at: datetime) -> None:
    """The list comes last: what it names is there. Only files that an earlier list named are ever removed."""
    folder.mkdir(parents=True, exist_ok=True)
    before = set(_named(folder))
    for name, text in sheets.items():
        _put(folder / name, text)
    rows = [{"file": name, "sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in sheets.items()]
    listed = {"format": FORMAT, "version": 1, "made_at": made_at.isoformat(), "sheets": rows}
    _put(folder / MANIFEST, json.dumps(listed, indent=2) + "\n")
    for name in before - sheets.keys():
        (folder / name).unlink(missing_ok=True)


def is_whole(folder: Path, names: list[str]) -> bool:
    """Whether everything that was written still lies there."""
    return (folder / MANIFEST).is_file() and all((folder / name).is_file() for name in names)


def _named(folder: Path) -> Iterator[str]:
    try:
        rows = json.loads((folder / MANIFEST).read_text())["sheets"]
        names = [str(row["file"]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return
    yield from (name for name in names if name == Path(name).name and name.endswith(".html"))


def _put(path: Path, text: str) -> None:
    """Beside it first, then in its place at once: nobody ever prints half a sheet."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
