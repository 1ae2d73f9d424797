"""The events of one filter as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from audit.entries import Entry
from audit.pack import dumped, line

COLUMNS = (
    "seq", "at", "kind", "said", "who", "source", "run", "step", "attempt", "object", "before", "after", "reason",
    "facts", "guards", "hash",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Each line holds the texts beside its event too, so that an unbroken stretch can be checked on its own."""
    for entry in entries:
        texts = {digest: {"salt": text.salt, "text": text.text} for digest, text in entry.texts.items()}
        yield dumped({**line(entry.event), "texts": texts})


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """For a spreadsheet: no cell can be taken for a formula."""
    yield _csv(COLUMNS)
    for entry in entries:
        row = {
            **entry.body, "at": entry.body["ts"], "said": entry.said, "who": entry.who, "source": entry.source,
            "reason": entry.reason, "hash": entry.event.hash,
        }  # fmt: skip
        yield _csv([cell(_shown(row[name])) for name in COLUMNS])


def cell(text: str) -> str:
    """A leading sign that a spreadsheet would calculate is quoted away, behind white space too."""
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


def _shown(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _csv(row: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(row)
    return out.getvalue()
