"""Signed heads as they are found: in the database's table, and in a file that an anchor kept elsewhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.models import Checkpoint as Kept
from audit.notes import Checkpoint, NotANote, Note

RECORD = '{"note":'


@dataclass(frozen=True)
class SignedHead:
    """A checkpoint, the note that signs it, and the leaves that are new in it where its anchor keeps them."""

    note: Note
    checkpoint: Checkpoint
    leaves: Sequence[bytes] = ()

    @property
    def size(self) -> int:
        return self.checkpoint.size

    @classmethod
    def parse(cls, raw: str, leaves: Sequence[bytes] = ()) -> SignedHead:
        note = Note.parse(raw)
        return cls(note, Checkpoint.parse(note.text), leaves)

    def line(self) -> str:
        """One record of an anchor, as one line of ASCII."""
        leaves = [base64.b64encode(leaf).decode() for leaf in self.leaves]
        return json.dumps({"note": str(self.note), "leaves": leaves}) + "\n"


def read_line(line: str) -> SignedHead | None:
    """The record in a line, behind whatever a log server wrote; None where it has none, or one that a crash tore.

    NotANote for a record that is whole and is no signed head.
    """
    _, mark, rest = line.partition(RECORD)
    try:
        kept = json.JSONDecoder().raw_decode(mark + rest)[0] if mark else None
    except ValueError:
        return None
    if kept is None:
        return None
    try:
        return SignedHead.parse(kept["note"], [base64.b64decode(leaf, validate=True) for leaf in kept["leaves"]])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotANote(f"the record cannot be read: {error}") from error


def in_file(path: Path, origin: str = "") -> Iterator[SignedHead]:
    """What an anchor kept up to now, in its order; of one origin where one is named. NotANote names the line."""
    return _up_to(path, path.stat().st_size, origin)


def _up_to(path: Path, end: int, origin: str) -> Iterator[SignedHead]:
    done = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            done += len(line)
            if done > end or not line.endswith(b"\n"):
                return  # it is being written
            try:
                found = read_line(line.decode(errors="replace"))
            except NotANote as error:
                raise NotANote(f"line {number}: {error}") from error
            if found and origin in ("", found.checkpoint.origin):
                yield found


def in_table() -> Iterator[SignedHead]:
    """What the database holds up to now, in the order it was written."""
    newest = Kept.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return _rows(newest)


def _rows(newest: int) -> Iterator[SignedHead]:
    rows = Kept.objects.filter(pk__lte=newest).order_by("pk").values_list("pk", "note")
    for number, raw in rows.iterator(chunk_size=500):
        try:
            yield SignedHead.parse(raw)
        except NotANote as error:
            raise NotANote(f"row {number}: {error}") from error
