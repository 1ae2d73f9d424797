"""`manage.py audit_provision ROLE`: the rights of the role that runs the console, on PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.grants import APPENDED, NotProvisioned, provision


class Command(BaseCommand):
    help = "Run as the owner of the tables, after each migrate: ROLE may then read and append to the record, no more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="the role of DATABASE_URL everywhere but at migrate; it must exist")

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        try:
            provision(asked["role"])
        except NotProvisioned as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{asked['role']} may read and append to {', '.join(APPENDED)}, and no more of them")
