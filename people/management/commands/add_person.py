"""Add a person, from the shell of the console's host."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.ledger import Actor
from people import services
from people.models import Role


class Command(BaseCommand):
    help = "Add a person and print the one-time link with which they set a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help='as colleagues know them, for example "Ada Byron"')
        parser.add_argument("--role", action="append", required=True, choices=Role.values, help="may be given again")
        parser.add_argument("--username", default="", help="what they sign in with; made from the name if left out")
        parser.add_argument("--base-url", default="", help="the console's address, to print a whole link")

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        actor = Actor.product("cli")
        try:
            account = services.add_person(actor, asked["name"], asked["role"], username=asked["username"])
        except services.Refused as refused:
            raise CommandError(str(refused)) from refused
        link = services.make_password_link(actor, account)
        self.stdout.write(f"{account.person.name} was added, with the user name {account.username}.")
        self.stdout.write("Give them this link; it sets a password, works once, and ends after a day:")
        self.stdout.write(f"{asked['base_url'].rstrip('/')}{link}")
