"""Every change to people, roles and accounts. Each is one transaction with its event in the record."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.contrib.auth.hashers import make_password
from django.db.models import F

from audit.ledger import Actor, Ledger, ledger
from people.links import password_link
from people.models import Account, Person, Role, RoleGrant
from people.rights import Right, listed, may, refusal, roles_of

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")


class Refused(Exception):
    """A change to people that cannot be made, as a sentence."""


def add_person(actor: Actor, name: str, roles: Iterable[str] = (), *, username: str = "") -> Account:
    """A new person with an account that has no password yet; the user name is made from the name if none is given."""
    name, granted = " ".join(name.split()), [_role(role) for role in roles]
    if not name or len(name) > 100:
        raise Refused("a person needs a name of at most 100 characters")
    with ledger(actor) as book:
        _require_management(book.actor)
        if Person.objects.filter(name__iexact=name).exists():
            raise Refused(
                f"{name} is here already. If this is the same person, add an account to that person: two approvals by "
                "one human being must never count as two. If not, tell them apart by name."
            )
        person = Person.objects.create(name=name)
        book.add("person.added", object=str(person.public_id), reason=name)
        account = _add_account(book, person, username or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"))
        for role in granted:
            _grant(book, person, role)
    return account


def add_account(actor: Actor, person: Person, username: str, *, is_break_glass: bool = False) -> Account:
    """Another way to sign in for the same person, or the one for the night when nobody else is awake."""
    with ledger(actor) as book:
        _require_management(book.actor)
        return _add_account(book, person, username, is_break_glass=is_break_glass)


def grant_role(actor: Actor, person: Person, role: str) -> None:
    with ledger(actor) as book:
        _require_management(book.actor)
        _grant(book, person, _role(role))


def revoke_role(actor: Actor, person: Person, role: str) -> None:
    with ledger(actor) as book:
        _require_management(book.actor)
        if RoleGrant.objects.filter(person=person, role=_role(role)).delete()[0]:
            _keep_an_admin()
            book.add("role.revoked", object=str(person.public_id), before=role, reason=person.name)


def deactivate(actor: Actor, person: Person) -> None:
    """The person can no longer sign in, their sessions end, and their roles count for nothing."""
    with ledger(actor) as book:
        _require_management(book.actor)
        if Person.objects.filter(pk=person.pk, active=True).update(active=False):
            _keep_an_admin()
            book.add("person.deactivated", object=str(person.public_id), reason=person.name)


def activate(actor: Actor, person: Person) -> None:
    with ledger(actor) as book:
        _require_management(book.actor)
        if Person.objects.filter(pk=person.pk, active=False).update(active=True):
            book.add("person.activated", object=str(person.public_id), reason=person.name)


def make_password_link(actor: Actor, account: Account) -> str:
    """The path of a link that sets this account's password once; any earlier link of the account stops working."""
    with ledger(actor) as book:
        _require_management(book.actor)
        Account.objects.filter(pk=account.pk).update(links_made=F("links_made") + 1)
        account.refresh_from_db()
        book.add("password.link-made", object=str(account.public_id), reason=f"{account.person} ({account.username})")
    return password_link(account)


def set_password(account: Account, password: str) -> None:
    """Only for the holder of a valid link, which this ends. Sessions of the account end as well."""
    person = account.person
    actor = Actor(str(person.public_id), person.name, "web", auth="password-link", account=str(account.public_id))
    hashed = make_password(password)  # slow on purpose, so outside the lock
    with ledger(actor) as book:
        Account.objects.filter(pk=account.pk).update(password=hashed, links_made=F("links_made") + 1)
        book.add("password.set", object=str(account.public_id), reason=f"{person} ({account.username})")


def _add_account(book: Ledger, person: Person, username: str, *, is_break_glass: bool = False) -> Account:
    username = Account.normalize_username(username.strip()).lower()
    if not USERNAME.fullmatch(username):
        raise Refused(f"{username!r} is no user name: small letters, digits and . _ @ - only, at most 100")
    if Account.objects.filter(username=username).exists():
        raise Refused(f"the user name {username} is taken; choose another")
    account = Account.objects.create(
        person=person, username=username, password=make_password(None), is_break_glass=is_break_glass
    )
    what = f"{username}, for break-glass" if is_break_glass else username
    book.add("account.added", object=str(account.public_id), reason=f"{person} ({what})")
    return account


def _grant(book: Ledger, person: Person, role: Role) -> None:
    if RoleGrant.objects.get_or_create(person=person, role=role)[1]:
        book.add("role.granted", object=str(person.public_id), after=role, reason=person.name)


def _role(name: str) -> Role:
    if name not in Role.values:
        raise Refused(f"{name!r} is no role; the roles are {listed(Role.values, 'and')}")
    return Role(name)


def _require_management(actor: Actor) -> None:
    """A person needs the right. The shell of this host needs none: it holds the database already."""
    if not actor.person and actor.source == "cli":
        return
    person = Person.objects.filter(public_id=actor.person).first() if actor.person else None
    if person is None or not may(person, Right.MANAGE_PEOPLE):
        raise refusal(Right.MANAGE_PEOPLE, roles_of(person) if person else frozenset())


def _keep_an_admin() -> None:
    if not RoleGrant.objects.filter(role=Role.ADMIN, person__active=True).exists():
        raise Refused("this is the last active admin; make another person admin first, or nobody can manage people")
