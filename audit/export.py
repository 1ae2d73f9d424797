"""Taking the record elsewhere: a folder that checks itself, or the events of one filter as a file."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from audit import offline_verifier
from audit.entries import Entry
from audit.models import HEAD, Event, Head, SideText

README = """A Breakwater record, exported
=============================

record.jsonl  one event per line, in order: seq, prev, hash, and body, the exact text that was hashed
side.jsonl    names and free texts; the events hold only their salted digests
verify.py     checks both with nothing but Python 3.8 or newer:  python3 verify.py

Installation  {installation}
Events        1 to {seq}
Head          {seq}:{hash}

Note the head somewhere that whoever holds this folder cannot change. A chain shows edits, gaps and forks; it cannot
show that its end was cut off, or that all of it was rewritten. `python3 verify.py --head SEQ:HASH` can.

Format, version 1: hash = SHA-256("breakwater.audit.v1" + NUL + prev as 32 bytes + body as UTF-8). The first event
follows 32 zero bytes. body is JSON with sorted keys, no white space, no floats, NFC, instants in UTC with microseconds.
digest = SHA-256("breakwater.audit.side.v1" + NUL + salt as bytes + text as UTF-8).
"""
COLUMNS = (
    "seq", "at", "kind", "said", "who", "source", "run", "step", "attempt", "object", "before", "after", "reason",
    "facts", "guards", "hash",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_folder(folder: Path) -> Head:
    """Write the whole record into a new folder; FileExistsError where something is already there."""
    folder.mkdir(parents=True)
    head = Head.objects.filter(pk=HEAD).first() or Head(seq=0, hash="", installation="")
    with (folder / "record.jsonl").open("w", encoding="utf-8") as record:
        events = Event.objects.filter(seq__lte=head.seq).order_by("seq")
        record.writelines(_dumped(_line(event)) for event in events.iterator(chunk_size=2000))
    with (folder / "side.jsonl").open("w", encoding="utf-8") as side:
        texts = SideText.objects.values("digest", "salt", "text").order_by("digest")
        side.writelines(_dumped(dict(row)) for row in texts.iterator(chunk_size=2000))
    (folder / "README.txt").write_text(README.format(installation=head.installation, seq=head.seq, hash=head.hash))
    shutil.copyfile(offline_verifier.__file__, folder / "verify.py")
    return head


def json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Each line holds the texts beside its event too, so that an unbroken stretch can be checked on its own."""
    for entry in entries:
        texts = {digest: {"salt": text.salt, "text": text.text} for digest, text in entry.texts.items()}
        yield _dumped(_line(entry.event) | {"texts": texts})


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


def _line(event: Event) -> dict[str, object]:
    return {"seq": event.seq, "prev": event.prev, "hash": event.hash, "body": bytes(event.body).decode()}


def _dumped(row: dict[str, object]) -> str:
    # ASCII, so that no reader's idea of a line end can cut an event in two.
    return json.dumps(row) + "\n"
