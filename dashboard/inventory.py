"""The inventory in force: the newest file that could be read, whatever lies on the disk now.

`load_file` is called by the poller and by the executor's sweep; everybody else reads what they stored, so that all
processes judge by the same text. A file with complaints changes nothing, and the console says so on every page.

A stored text can stop being readable, when a release makes a rule stricter. Then none is in force: `digest_in_force` is
empty and `why_none` says what to do. Pairs that nothing is wrong with can still be looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from audit.clock import database_now
from audit.ledger import Actor, ledger
from clusters.connections import Connections
from clusters.declared import Inventory, PairEntry
from clusters.document import Complaint
from clusters.inventory import InventoryError, load, semantic_diff
from dashboard.models import InventoryVersion
from dashboard.ways import Ways

NOTHING = Inventory({})
_kept: ContextVar[list[Inventory] | None] = ContextVar("_kept", default=None)
MAX_BYTES = 1024 * 1024
WHAT_TO_DO = "Correct the file that INVENTORY_FILE names; the poller and run_executor load it by themselves."


@dataclass(frozen=True)
class _File:
    """The file as found: its text, or why it could not be read."""

    text: str
    problem: str = ""

    @property
    def hash(self) -> str:
        return hashlib.sha256(f"{self.problem}\0{self.text}".encode()).hexdigest()


def load_file(source: str = "poller") -> None:
    """Take a changed file into force, with an audit event that tells the difference; harmless when nothing changed."""
    if _is_taken(_read(Path(settings.INVENTORY_FILE))):
        return
    with ledger(Actor.product(source)) as book:
        # Read again now that nobody else can: a process that was slow would bring back a file that is gone.
        found = _read(Path(settings.INVENTORY_FILE))
        if _is_taken(found):
            return  # another process was faster
        inventory, complaints = _understood(found)
        before = in_force() if digest_in_force() else NOTHING
        InventoryVersion.objects.create(
            digest=inventory.digest if inventory else "",
            file_hash=found.hash,
            text=found.text if inventory else "",
            complaints=complaints,
            loaded_at=database_now(),
        )
        if inventory is None:
            book.add("inventory.refused", facts={"complaints": complaints})
        elif inventory.digest != before.digest:
            changes = [str(change) for change in semantic_diff(before, inventory)]
            was = before.digest if before.pairs else ""
            book.add("inventory.loaded", before=was, after=inventory.digest, facts={"changes": changes})


def _is_taken(found: _File) -> bool:
    return InventoryVersion.objects.values_list("file_hash", flat=True).first() == found.hash


def in_force() -> Inventory:
    """Empty before the first file that could be read; for looking alone where `why_none` says something."""
    kept = _kept.get()
    if kept is None:
        return _newest()
    if not kept:
        kept.append(_newest())
    return kept[0]


@contextmanager
def kept() -> Iterator[None]:
    """Inside, `in_force` is read once, so that a slice acts where it has looked.

    Whether that is still the one in force is asked of `digest_in_force` and `why_none`, which read at each call.
    """
    token = _kept.set([])
    try:
        yield
    finally:
        _kept.reset(token)


def _newest() -> Inventory:
    digest = _newest_good()
    return _parsed(digest).inventory if digest else NOTHING


def digest_in_force() -> str:
    """Empty before the first file that could be read, and while its text can be read no more."""
    digest = _newest_good()
    return digest if digest and not _parsed(digest).complaints else ""


def why_none() -> str:
    """Why nothing can be confirmed or sent for lack of an inventory in force; empty while there is one."""
    digest = _newest_good()
    if not digest:
        return f"No inventory is in force: none was loaded yet. {WHAT_TO_DO}"
    wrong = [f"line {line}: {text}" for line, text in _parsed(digest).complaints]
    return f"No inventory is in force: {wrong[0]}. {WHAT_TO_DO}" if wrong else ""


def version(digest: str) -> Inventory | None:
    """One that was in force once; None where it is not kept, or can be read no more."""
    if not InventoryVersion.objects.filter(digest=digest).exists():
        return None
    found = _parsed(digest)
    return None if found.complaints else found.inventory


def complaints() -> list[tuple[int, str]]:
    """What is wrong with the file on the disk; empty while that file is the one in force."""
    newest = InventoryVersion.objects.values_list("digest", "complaints").first()
    if newest is None:
        return []
    digest, stored = newest
    return [(int(line), str(text)) for line, text in (_parsed(digest).complaints if digest else stored)]


def pair_entry(pair: str) -> PairEntry | None:
    return in_force().pairs.get(pair)


def _newest_good() -> str:
    return InventoryVersion.objects.exclude(digest="").values_list("digest", flat=True).first() or ""


@dataclass(frozen=True)
class _Parsed:
    """A stored text as this release reads it."""

    inventory: Inventory
    complaints: Sequence[Complaint] = ()


@lru_cache(maxsize=4)
def _parsed(digest: str) -> _Parsed:
    text = InventoryVersion.objects.filter(digest=digest).values_list("text", flat=True)[0]
    try:
        return _Parsed(load(text))
    except InventoryError as error:
        return _Parsed(error.sound, error.complaints)


def _read(path: Path) -> _File:
    try:
        if path.stat().st_size > MAX_BYTES:
            return _File("", f"{path.name} is larger than {MAX_BYTES // 1024} KiB")
        return _File(path.read_text("utf-8"))
    except OSError as error:
        return _File("", f"{path.name} cannot be read: {error.strerror}; INVENTORY_FILE says where it is looked for")
    except UnicodeDecodeError:
        return _File("", f"{path.name} is not UTF-8 text")


def _understood(found: _File) -> tuple[Inventory | None, list[list[object]]]:
    if found.problem:
        return None, [[1, found.problem]]
    try:
        return load(found.text), []
    except InventoryError as error:
        return None, [[line, text] for line, text in error.complaints]


_acting = Ways()


def connections(pair: str) -> Connections:
    """The open ways to a pair for whoever acts on it; LookupError for a pair not in force."""
    entry = pair_entry(pair)
    if entry is None:
        raise LookupError(f"the inventory in force has no pair {pair!r}")
    return _acting.to(entry)


def close_connections() -> None:
    """For the end of a process, or of a test."""
    _acting.close()
