"""Check the inventory file before it is put in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clusters.check import Level, check
from clusters.connections import close_all
from clusters.inventory import Inventory, InventoryError, load


class Command(BaseCommand):
    help = (
        "`inventory check` reads the file, complains by line, connects read-only to what it names, and prints each "
        "fact with its origin and each unknown with what to do. It ends with 1 where something is wrong, and with 2 "
        "where nothing is wrong but something is unknown."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        checking = acts.add_parser("check", help="validate by line, then connect read-only")
        checking.add_argument("--file", type=Path, default=None, help="another file than INVENTORY_FILE")
        checking.add_argument("--offline", action="store_true", help="only read the file; connect to nothing")

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        inventory = self._load(asked["file"] or Path(settings.INVENTORY_FILE))
        self.stdout.write(f"{len(inventory.pairs)} pairs, digest {inventory.digest}")
        if asked["offline"]:
            return
        seen: set[Level] = set()
        for line in check(inventory):
            seen.add(line.level)
            self.stdout.write(str(line))
        close_all()
        if Level.PROBLEM in seen:
            raise CommandError("something is wrong: see the lines that begin with `problem`", returncode=1)
        if Level.UNKNOWN in seen:
            raise CommandError("something is unknown: guards that need it will refuse", returncode=2)

    def _load(self, path: Path) -> Inventory:
        try:
            return load(path.read_text("utf-8"))
        except InventoryError as error:
            lines = [f"{path.name}:{line}: {text}" for line, text in error.complaints]
            raise CommandError("\n".join(lines), returncode=1) from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}", returncode=1) from error
