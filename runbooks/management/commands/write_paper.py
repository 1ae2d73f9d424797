"""`manage.py write_paper [FOLDER]`: every runbook of every pair as a sheet to print."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.clock import database_now
from dashboard import inventory
from runbooks.paper.rounds import write_round


class Command(BaseCommand):
    help = "Writes each approved runbook, filled in for each pair, as a page that needs nothing else to be printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", default=settings.PAPER_FOLDER, help="by default PAPER_FOLDER")

    def handle(self, *args: object, **options: str) -> None:
        folder = options["folder"]
        if not folder:
            raise CommandError("Say where to: manage.py write_paper FOLDER, or set PAPER_FOLDER.")
        if why := inventory.why_none():
            raise CommandError(why)
        try:
            names = write_round(Path(folder), database_now())
        except OSError as error:
            raise CommandError(f"{folder}: {error.strerror or error}") from error
        self.stdout.write(f"{len(names)} sheets in {folder}")
