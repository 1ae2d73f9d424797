"""Every change to people goes through one door, which asks for the right and writes the record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.entries import entries
from audit.ledger import Actor
from audit.models import Event
from audit.verify import verify
from people import services
from people.models import Account, Person, Role, RoleGrant
from people.rights import Forbidden, roles_of
from tests.fixtures.people import make_account

pytestmark = pytest.mark.django_db

SHELL = Actor.product("cli")


def web(account: Account) -> Actor:
    return Actor(str(account.person.public_id), account.person.name, "web", account=str(account.public_id))


@pytest.fixture
def admin() -> Account:
    return make_account("Olga", "admin")


@pytest.fixture
def ann() -> Account:
    return make_account("Ann", "viewer")


def told() -> list[str]:
    return [entry.said for entry in entries(Event.objects.filter(seq__gt=1).order_by("seq"))]


def test_a_person_is_added_with_an_account_and_roles(admin: Account) -> None:
    account = services.add_person(web(admin), "  Rosa  Lee ", ["commander", "viewer"])
    assert (account.person.name, account.username) == ("Rosa Lee", "rosa-lee")
    assert not account.has_usable_password()
    assert roles_of(account) == {"commander", "viewer"}
    assert told() == [
        "Olga added the person Rosa Lee",
        "Olga added an account: Rosa Lee (rosa-lee)",
        "Olga granted the role commander to Rosa Lee",
        "Olga granted the role viewer to Rosa Lee",
    ]


def test_the_chain_holds_no_names(admin: Account) -> None:
    services.add_person(web(admin), "Rosa Lee", ["commander"])
    for body in Event.objects.values_list("body", flat=True):
        assert b"rosa" not in bytes(body).lower()
        assert b"olga" not in bytes(body).lower()
    assert verify().finding is None


def test_one_human_being_is_one_person(admin: Account, ann: Account) -> None:
    with pytest.raises(services.Refused, match="add an account to that person"):
        services.add_person(web(admin), "ANN", ["commander"])
    second = services.add_account(web(admin), ann.person, "ann.phone")
    assert second.person == ann.person
    assert told() == ["Olga added an account: Ann (ann.phone)"]


@pytest.mark.parametrize(
    ("name", "username", "roles", "said"),
    [
        ("", "", [], "needs a name"),
        ("x" * 101, "", [], "at most 100"),
        ("Rosa", "r o s a", [], "no user name"),
        ("\u6c34", "", [], "no user name"),
        ("Rosa", "ann", [], "is taken"),
        ("Rosa", "", ["root"], "'root' is no role; the roles are viewer, commander, reviewer and admin"),
    ],
)
def test_what_cannot_be_added(
    admin: Account, ann: Account, name: str, username: str, roles: list[str], said: str
) -> None:
    with pytest.raises(services.Refused, match=said):
        services.add_person(web(admin), name, roles, username=username)
    assert Person.objects.count() == 2
    assert not Event.objects.exists()


def test_granting_and_revoking(admin: Account, ann: Account) -> None:
    services.grant_role(web(admin), ann.person, "commander")
    services.grant_role(web(admin), ann.person, "commander")
    assert roles_of(ann) == {"viewer", "commander"}
    services.revoke_role(web(admin), ann.person, "commander")
    services.revoke_role(web(admin), ann.person, "commander")
    assert roles_of(ann) == {"viewer"}
    assert told() == ["Olga granted the role commander to Ann", "Olga revoked the role commander of Ann"]


def test_deactivating_and_activating(admin: Account, ann: Account) -> None:
    services.deactivate(web(admin), ann.person)
    assert roles_of(ann) == frozenset()
    services.activate(web(admin), ann.person)
    assert roles_of(ann) == {"viewer"}
    assert told() == ["Olga deactivated Ann", "Olga activated Ann again"]


CHANGES: list[Callable[[Actor, Account], object]] = [
    lambda actor, whom: services.add_person(actor, "Rosa", ["admin"]),
    lambda actor, whom: services.add_account(actor, whom.person, "other"),
    lambda actor, whom: services.grant_role(actor, whom.person, "admin"),
    lambda actor, whom: services.revoke_role(actor, whom.person, "viewer"),
    lambda actor, whom: services.deactivate(actor, whom.person),
    lambda actor, whom: services.activate(actor, whom.person),
    lambda actor, whom: services.make_password_link(actor, whom),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["viewer", "commander", "reviewer", None])
def test_only_an_admin_changes_people(
    ann: Account, role: str | None, change: Callable[[Actor, Account], object]
) -> None:
    somebody = make_account("Somebody", *([role] if role else []))
    before = (Person.objects.count(), Account.objects.count(), RoleGrant.objects.count())
    with pytest.raises(Forbidden, match="the role admin may manage people"):
        change(web(somebody), ann)
    assert (Person.objects.count(), Account.objects.count(), RoleGrant.objects.count()) == before
    assert not Event.objects.exists()


def test_a_demoted_admin_changes_nothing_more(admin: Account, ann: Account) -> None:
    actor = web(admin)
    make_account("Other", "admin")
    services.revoke_role(actor, admin.person, "admin")
    with pytest.raises(Forbidden):
        services.grant_role(actor, ann.person, "admin")


@pytest.mark.parametrize("change", [
    lambda actor, admin: services.revoke_role(actor, admin.person, Role.ADMIN),
    lambda actor, admin: services.deactivate(actor, admin.person),
])  # fmt: skip
def test_the_last_active_admin_stays(admin: Account, change: Callable[[Actor, Account], object]) -> None:
    sleeping = make_account("Sleeping", "admin")
    Person.objects.filter(pk=sleeping.person.pk).update(active=False)
    with pytest.raises(services.Refused, match="last active admin"):
        change(web(admin), admin)
    assert roles_of(admin) == {"admin"}
    assert not Event.objects.exists()


@pytest.mark.parametrize("source", ["executor", "poller", "web", "release"])
def test_no_other_part_of_the_product_changes_people(source: str) -> None:
    with pytest.raises(Forbidden):
        services.add_person(Actor.product(source), "Rosa", ["admin"])


def test_the_shell_of_the_host_needs_no_person() -> None:
    account = services.add_person(SHELL, "Rosa", ["admin"])
    assert roles_of(account) == {"admin"}
    assert told()[0] == "Breakwater added the person Rosa"
