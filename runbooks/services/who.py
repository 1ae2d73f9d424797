"""Who asks a service, and through which door."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from audit.ledger import Actor
from people.actor import web_actor
from people.models import Account, Person
from people.rights import Right, require


@dataclass(frozen=True)
class Who:
    """An account and the actor the record will name."""

    account: Account
    actor: Actor

    @classmethod
    def of(cls, request: HttpRequest) -> Who:
        actor = web_actor(request)
        account = request.user
        if isinstance(account, AnonymousUser):  # web_actor refuses these; said again for the type
            raise TypeError("nobody is signed in")
        return cls(account, actor)

    @classmethod
    def at_the_shell(cls, account: Account, source: str = "cli") -> Who:
        person = account.person
        return cls(account, Actor(str(person.public_id), person.name, source, account=str(account.public_id)))

    @property
    def person(self) -> Person:
        return self.account.person

    def require(self, right: Right) -> Person:
        """The person, if the right is held now; Forbidden otherwise."""
        return require(self.account, right)
