"""The demo's people: sign-in links in place of passwords, from this machine only, and only while the demo runs."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from ipaddress import ip_address
from pathlib import Path

from django.conf import settings

from audit.ledger import Actor
from people import services
from people.models import Account, Role

PEOPLE = {
    "Commander 1": Role.COMMANDER,
    "Commander 2": Role.COMMANDER,
    "Reviewer": Role.REVIEWER,
    "Admin 1": Role.ADMIN,
    "Admin 2": Role.ADMIN,
    "Viewer": Role.VIEWER,
}


def make_links(file: Path) -> dict[str, str]:
    """Make whoever is absent, write a fresh token file for their owner alone, and return name → token."""
    accounts = {name: _account(name, role) for name, role in PEOPLE.items()}
    tokens = {name: secrets.token_urlsafe(32) for name in PEOPLE}
    _write(file, json.dumps({tokens[name]: account.username for name, account in accounts.items()}))
    return tokens


def account_for(token: str, address: str) -> Account | None:
    """Whom this link signs in: nobody from another machine, nobody without the demo's file."""
    if not (settings.DEMO_SIGN_IN_FILE and _is_loopback(address)):
        return None
    try:
        known = json.loads(Path(settings.DEMO_SIGN_IN_FILE).read_text())
    except FileNotFoundError:
        return None
    matching = [
        name for known_token, name in known.items() if hmac.compare_digest(known_token.encode(), token.encode())
    ]
    active = Account.objects.select_related("person").filter(is_active=True, person__active=True)
    return active.filter(username__in=matching).first()


def _account(name: str, role: Role) -> Account:
    account = Account.objects.filter(person__name=name).first()
    return account or services.add_person(Actor.product("cli"), name, [role])


def _write(file: Path, text: str) -> None:
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    fresh.replace(file)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
