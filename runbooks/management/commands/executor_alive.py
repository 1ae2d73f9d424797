"""`manage.py executor_alive`: for health checks; exit code 0 means that the executor of this host sweeps."""

from __future__ import annotations

import socket
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from runbooks.executor import NAME
from runbooks.services.beats import silent_for

OLD = timedelta(seconds=15)  # it shows itself at each sweep, every second


class Command(BaseCommand):
    help = "Says when the executor of this host swept last; fails when that is too long ago. For health checks."

    def handle(self, *args: object, **options: object) -> None:
        host = socket.gethostname()
        try:
            silent = silent_for(NAME, f"{NAME}@{host}:")
        except DatabaseError as error:
            raise CommandError("the database does not answer, so the executor has nothing to sweep") from error
        if silent is None:
            raise CommandError(f"no executor of {host} has swept yet: is run_executor started here?")
        if silent > OLD:
            raise CommandError(
                f"the executor of {host} swept last {silent.total_seconds():.0f} s ago, {OLD.total_seconds():.0f} s "
                "are allowed: its log says what it waits for"
            )
        self.stdout.write(f"the executor of {host} swept last {silent.total_seconds():.0f} s ago")
