"""Taking the record elsewhere: a folder that checks itself, or the events of one filter as a file."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from audit import offline_verifier
from audit.body import read
from audit.entries import Entry
from audit.keys import KINDS
from audit.models import HEAD, Checkpoint, Event, Head, SideText

README = """A Breakwater record, exported
=============================

record.jsonl  one event per line, in order: seq, prev, hash, and body, the exact text that was hashed
side.jsonl    names and free texts; the events hold only their salted digests
checkpoints.jsonl  the signed heads that the database held, one note per line
keys.txt      the keys that the record announces, first to last; the last one signs now
verify.py     checks all of it with nothing but Python 3.9 or newer:  python3 -I verify.py

Installation  {installation}
Events        1 to {seq}
Head          {seq}:{hash}

Note the head somewhere that whoever holds this folder cannot change. A chain shows edits, gaps and forks; it cannot
show that its end was cut off, or that all of it was rewritten. `python3 -I verify.py --head SEQ:HASH` can.
So can signed heads: compare the key that verify.py names with the one you noted, or give it with --key; and give it
what an anchor kept with --anchor.

Format, version 1: hash = SHA-256("breakwater.audit.v1" + NUL + prev as 32 bytes + body as UTF-8). The first event
follows 32 zero bytes. body is JSON with sorted keys, no white space, no floats, NFC, instants in UTC with microseconds.
digest = SHA-256("breakwater.audit.side.v1" + NUL + salt as bytes + text as UTF-8).

Heads: notes as c2sp.org/signed-note, checkpoints as c2sp.org/tlog-checkpoint with the lines "time" and "head" (the hash
of the newest event). The root is that of RFC 6962; leaf n - 1 is SHA-256(NUL + body of event n as UTF-8). A head of n
events is signed by the key of the last event anchor-key.created or anchor-key.rotated up to n; a rotation is signed by
both keys.
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
    with (folder / "checkpoints.jsonl").open("w", encoding="utf-8") as heads:
        signed = Checkpoint.objects.filter(size__lte=head.seq).order_by("pk").values("note")
        heads.writelines(_dumped(dict(row)) for row in signed.iterator(chunk_size=2000))
    (folder / "keys.txt").write_text("".join(f"{key}\n" for key in _keys()))
    (folder / "README.txt").write_text(README.format(installation=head.installation, seq=head.seq, hash=head.hash))
    shutil.copyfile(offline_verifier.__file__, folder / "verify.py")
    return head


def _keys() -> Iterator[str]:
    for event in Event.objects.filter(kind__in=KINDS).order_by("seq"):
        yield str((read(event.body) or {"after": f"event {event.seq} cannot be read"})["after"])


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
