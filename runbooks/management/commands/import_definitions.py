"""`manage.py import_definitions`: brings in the runbooks of this release."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from runbooks.services.definitions import import_released


class Command(BaseCommand):
    help = "Imports the shipped runbooks: new ones arrive approved by the release, updates as drafts to be reviewed."

    def handle(self, *args: object, **options: object) -> None:
        for version in import_released():
            self.stdout.write(f"{version}: {version.get_state_display().lower()}")
