"""Make the account with which a commander can act alone, from the shell of the console's host."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.ledger import Actor
from people import services
from people.models import Person


class Command(BaseCommand):
    help = (
        "Give a person an account for break-glass and print the one-time link that sets its password. Keep the "
        "password sealed, apart from the person's own: docs/operate.md says how."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the person, as the People page names them")
        parser.add_argument("username", help="what this account signs in with")
        parser.add_argument("--base-url", default="", help="the console's address, to print a whole link")

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        actor, person = Actor.product("cli"), Person.objects.filter(name__iexact=asked["name"]).first()
        if person is None:
            raise CommandError(f"nobody here is called {asked['name']!r}; see the People page, or manage.py add_person")
        try:
            account = services.add_account(actor, person, asked["username"], is_break_glass=True)
        except services.Refused as refused:
            raise CommandError(str(refused)) from refused
        link = services.make_password_link(actor, account)
        self.stdout.write(f"{person.name} can break the glass with the user name {account.username}.")
        self.stdout.write("This link sets its password, works once, and ends after a day:")
        self.stdout.write(f"{asked['base_url'].rstrip('/')}{link}")
