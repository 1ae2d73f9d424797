"""What the anchor process keeps for itself, outside the database: every head it signed, and how far each anchor is."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.heads import SignedHead, in_file, read_line
from audit.notes import NotANote
from audit.tree import Frontier


class LogUnusable(Exception):
    """The folder or a file in it cannot be used; the text says why and what to do."""


class AnchorLog:
    """`signed.jsonl` only grows. The frontier in memory is that of its last head."""

    def __init__(self, folder: Path) -> None:
        self._signed, self._delivered = folder / "signed.jsonl", folder / "delivered.json"
        self.tree, self.last = Frontier(), None
        self._forget_torn_line()
        self._load()
        if self.last is None:  # what was handed over came from another file
            self._delivered.unlink(missing_ok=True)

    last: SignedHead | None

    def append(self, head: SignedHead) -> None:
        """Durable before anybody hears of it: what was signed once is never signed otherwise."""
        with self._signed.open("ab") as file:
            file.write(head.line().encode())
            file.flush()
            os.fsync(file.fileno())
        self.tree.extend(head.leaves)
        self.last = head

    def waiting(self, anchor: str) -> tuple[SignedHead, int] | None:
        """The next head for this anchor, and what `delivered` has to be told once it is taken."""
        start = self._offsets().get(anchor, 0)
        with self._signed.open("rb") as file:
            file.seek(start)
            line = file.readline()
        head = read_line(line.decode()) if line else None
        return (head, start + len(line)) if head else None

    def delivered(self, anchor: str, until: int) -> None:
        offsets = json.dumps(self._offsets() | {anchor: until})
        fresh = self._delivered.with_suffix(".new")
        fresh.write_text(offsets)
        os.replace(fresh, self._delivered)

    def _offsets(self) -> dict[str, int]:
        try:
            return dict(json.loads(self._delivered.read_text()))
        except FileNotFoundError:
            return {}

    def _forget_torn_line(self) -> None:
        """A crash while writing leaves a line without an end, of which nobody heard."""
        self._signed.touch()
        raw = self._signed.read_bytes()
        if raw and not raw.endswith(b"\n"):
            os.truncate(self._signed, raw.rfind(b"\n") + 1)

    def _load(self) -> None:
        try:
            for head in in_file(self._signed):
                self.tree.extend(head.leaves)
                if (self.tree.size, self.tree.root()) != (head.size, head.checkpoint.root):
                    raise NotANote(f"the leaves do not give the root of the head of {head.size} events")
                self.last = head
        except NotANote as error:
            said = f"{self._signed} was changed ({error}); keep it, and compare it with an anchor before going on"
            raise LogUnusable(said) from error


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """One process at a time; LogUnusable where another one holds the folder."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise LogUnusable(f"{folder} cannot be used: {error.strerror}; name a folder in ANCHOR_FOLDER") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            said = f"another process holds {folder}: there is one anchor process, and it is stopped while keys change"
            raise LogUnusable(said) from error
        yield
