"""Who asks a service, and through which door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from audit.ledger import Actor
from people import proof
from people.actor import web_actor
from people.models import Account, Person
from people.rights import Right, require


@dataclass(frozen=True)
class Who:
    """An account and the actor the record will name."""

    account: Account
    actor: Actor
    proved_at: datetime | None = None  # when a session's owner last proved who they are

    @classmethod
    def of(cls, request: HttpRequest) -> Who:
        actor = web_actor(request)
        account = request.user
        if isinstance(account, AnonymousUser):  # web_actor refuses these; said again for the type
            raise TypeError("nobody is signed in")
        return cls(account, actor, proof.proved_at(request))

    @classmethod
    def at_the_shell(cls, account: Account, source: str = "cli") -> Who:
        person = account.person
        return cls(account, Actor(str(person.public_id), person.name, source, account=str(account.public_id)))

    @property
    def person(self) -> Person:
        return self.account.person

    def has_proved(self, now: datetime) -> bool:
        """Lately enough for a step that has no way back. Only a session has to: the shell holds the database."""
        return not self.actor.session or (self.proved_at is not None and now - self.proved_at < proof.FRESH_FOR)

    def require(self, right: Right) -> Person:
        """The person, if the right is held now; Forbidden otherwise."""
        return require(self.account, right)
