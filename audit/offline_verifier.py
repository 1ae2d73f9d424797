#!/usr/bin/env python3
"""Check an exported Breakwater record with nothing but Python 3.8 or newer: no network, no database, no other package.

    python3 verify.py [DIRECTORY | FILE.jsonl] [--head SEQ:HASH]

Exit code 0: consistent. 1: something is not as it was written. 2: the export cannot be read.
This file shares no code with the program that wrote the record; the format is described in README.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

LIMITS = (
    "Not shown by this: events cut off at the end, or a record rewritten as a whole before it was exported. "
    "To see those, compare with a head that was noted elsewhere: --head SEQ:HASH."
)


class Bad(Exception):
    def __init__(self, seq: object, kind: str, said: str) -> None:
        super().__init__(f"first bad event: {seq}, {kind}: {said}")


def check(path: str | Path, head: tuple[int, str] | None = None) -> str:
    """Return a sentence about a consistent export; raise Bad at the first event that is not as it was written."""
    path = Path(path)
    side = _side_texts(path / "side.jsonl") if path.is_dir() else {}
    noted = dict([head] if head else [])
    last, digest, first, installation = 0, "", 0, ""
    with (path / "record.jsonl" if path.is_dir() else path).open(encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            row = _row(line, number)
            if number == 1:
                first, last, digest = row["seq"], row["seq"] - 1, row["prev"]
            body = _link(row, last, digest)
            _beside(row, body, side)
            installation = installation or body["installation"]
            last, digest = row["seq"], row["hash"]
            if body["installation"] != installation:
                raise Bad(last, "fork", "it belongs to another installation than the first event")
            if noted.pop(last, digest) != digest:
                raise Bad(last, "fork", "its hash was noted elsewhere as another one")
    for seq in noted:
        raise Bad(seq, "truncation", "this event was noted elsewhere as the newest, and is not in the export")
    return f"consistent from {first} to {last}\nhead {last}:{digest}" if first else "the export holds no event"


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row: dict[str, Any] = json.loads(line)
        row["seq"] + 0, row["prev"] + "", row["hash"] + "", row["body"] + ""
    except (ValueError, KeyError, TypeError):
        raise Bad(f"line {number}", "edit", "the line is no event") from None
    return row


def _link(row: dict[str, Any], last: int, digest: str) -> dict[str, Any]:
    seq = row["seq"]
    if seq != last + 1:
        raise Bad(last + 1, "gap", f"it is missing; the next event that is here is {seq}")
    if seq == 1 and row["prev"] != "0" * 64:
        raise Bad(seq, "fork", "the first event must follow nothing")
    try:
        raw = row["body"].encode()
        said = hashlib.sha256(b"breakwater.audit.v1\x00" + bytes.fromhex(row["prev"]) + raw).hexdigest()
        body: dict[str, Any] = json.loads(raw)
    except ValueError:
        raise Bad(seq, "edit", "its text cannot be read") from None
    if said != row["hash"]:
        raise Bad(seq, "edit", "its bytes do not give its hash")
    if row["prev"] != digest:
        raise Bad(seq, "fork", "it follows another event than the one before it")
    if body.get("seq") != seq or body.get("v") != 1:
        raise Bad(seq, "edit", "its bytes name another place or another format")
    return body


def _beside(row: dict[str, Any], body: dict[str, Any], side: dict[str, Any]) -> None:
    texts = {**side, **row.get("texts", {})}
    for digest in filter(None, (body["actor"]["name"], body["reason"])):
        if digest not in texts:
            raise Bad(row["seq"], "side text missing", "a name or reason that belongs to it is not in the export")
        salt, text = texts[digest]["salt"], texts[digest]["text"]
        said = hashlib.sha256(b"breakwater.audit.side.v1\x00" + bytes.fromhex(salt) + text.encode()).hexdigest()
        if said != digest:
            raise Bad(row["seq"], "side text changed", "a name or reason is not the one recorded")


def _side_texts(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as source:
        return {row["digest"]: row for row in map(json.loads, source)}


def _head(text: str) -> tuple[int, str]:
    seq, _, digest = text.partition(":")
    return int(seq), digest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", nargs="?", default=Path(__file__).parent, help="the exported directory, or one file")
    parser.add_argument("--head", type=_head, help="a SEQ:HASH that was noted elsewhere")
    asked = parser.parse_args()
    try:
        sys.stdout.write(check(asked.export, asked.head) + "\n" + LIMITS + "\n")
    except Bad as finding:
        sys.stdout.write(f"{finding}\n")
        return 1
    except (OSError, ValueError) as error:
        sys.stderr.write(f"the export cannot be read: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
