"""Everything the demo's database needs before the first page, in one process: one start of Django instead of three."""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command


def main(sign_in_file: str) -> None:
    """Migrate, import the shipped definitions, make the demo people; print their names and tokens as JSON."""
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("import_definitions", stdout=sys.stderr)
    call_command("demo_people", file=sign_in_file)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(sys.argv[1])
