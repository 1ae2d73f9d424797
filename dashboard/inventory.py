"""The inventory in force: the newest file that could be read, whatever lies on the disk now.

`load_file` is called by the poller and by the executor's sweep; everybody else reads what they stored, so that all
processes judge by the same text. A file with complaints changes nothing, and the console says so on every page.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from audit.clock import database_now
from audit.ledger import Actor, ledger
from clusters.connections import Connections
from clusters.declared import Inventory, PairEntry
from clusters.inventory import InventoryError, load, semantic_diff
from dashboard.models import InventoryVersion
from dashboard.ways import Ways

NOTHING = Inventory({})
MAX_BYTES = 1024 * 1024


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
    found = _read(Path(settings.INVENTORY_FILE))
    newest = InventoryVersion.objects.values_list("file_hash", flat=True).first()
    if newest == found.hash:
        return
    inventory, complaints = _understood(found)
    with ledger(Actor.product(source)) as book:
        if InventoryVersion.objects.values_list("file_hash", flat=True).first() == found.hash:
            return  # another process was faster
        before = in_force()
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


def in_force() -> Inventory:
    """Empty before the first file that could be read."""
    digest = digest_in_force()
    return _parsed(digest) if digest else NOTHING


def digest_in_force() -> str:
    """Empty before the first file that could be read."""
    return InventoryVersion.objects.exclude(digest="").values_list("digest", flat=True).first() or ""


def version(digest: str) -> Inventory | None:
    """One that was in force once; None where it is not kept."""
    return _parsed(digest) if InventoryVersion.objects.filter(digest=digest).exists() else None


def complaints() -> list[tuple[int, str]]:
    """What is wrong with the file on the disk; empty while that file is the one in force."""
    newest = InventoryVersion.objects.values_list("complaints", flat=True).first()
    return [(int(line), str(text)) for line, text in newest or []]


def pair_entry(pair: str) -> PairEntry | None:
    return in_force().pairs.get(pair)


@lru_cache(maxsize=4)
def _parsed(digest: str) -> Inventory:
    text = InventoryVersion.objects.filter(digest=digest).values_list("text", flat=True)[0]
    return load(text)


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
