"""Make the demo's people and their sign-in links."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from people.demo import make_links


class Command(BaseCommand):
    help = "Make the demo's people, write their sign-in tokens to a file, and print name → token as JSON. Demo only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, required=True, help="the file that DEMO_SIGN_IN_FILE names")

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        if settings.MODE != "demo":
            raise CommandError(
                f"BREAKWATER_MODE is {settings.MODE}: people who sign in without a password exist in the demo alone"
            )
        self.stdout.write(json.dumps(make_links(Path(asked["file"]))))
