"""Who stands behind a web request, for the record."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from audit.ledger import Actor
from people.models import Account

AUTH_KEY = "auth"  # in the session: how its owner signed in


def web_actor(request: HttpRequest) -> Actor:
    """The signed-in person of this request; TypeError for an anonymous one, who may change nothing."""
    account = request.user
    if not isinstance(account, Account):
        raise TypeError("nobody is signed in; an anonymous request changes nothing")
    return Actor(
        person=str(account.person.public_id),
        name=account.person.name,
        source="web",
        session=salted_hmac("breakwater.session", request.session.session_key or "", algorithm="sha256").hexdigest(),
        auth=request.session.get(AUTH_KEY, ""),
        account=str(account.public_id),
    )
