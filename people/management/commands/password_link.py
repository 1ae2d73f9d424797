"""A new set-password link, from the shell of the console's host: for the last admin who lost a password, too."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.ledger import Actor
from people import services
from people.models import Account


class Command(BaseCommand):
    help = "Print a one-time link with which somebody sets a new password. Any earlier link of theirs ends."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--base-url", default="", help="the console's address, to print a whole link")

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        account = Account.objects.select_related("person").filter(username=asked["username"].lower()).first()
        if account is None:
            raise CommandError(f"nobody signs in as {asked['username']}; the People page lists the user names")
        if not (account.is_active and account.person.active):
            raise CommandError(f"{account.person.name} is deactivated; activate them on the People page first")
        link = services.make_password_link(Actor.product("cli"), account)
        self.stdout.write(f"{asked['base_url'].rstrip('/')}{link}")
