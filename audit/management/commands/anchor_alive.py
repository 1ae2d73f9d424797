"""`manage.py anchor_alive`: does the anchor process sign? For its health check; it needs no key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import anchoring


class Command(BaseCommand):
    help = "Fails when no head was signed in time, or when the anchor process refuses to sign."

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        found = anchoring.now()
        if found.checkpoint is None or found.refusal or found.silence:
            raise CommandError(found.alarm or "no head was ever signed", returncode=1)
        self.stdout.write(f"signed up to {found.checkpoint.size}")
