"""The table of rights, written by hand: what the product says is compared with this, never the other way round."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from people import rights
from people.models import Account, Role, RoleGrant
from people.rights import Forbidden, Right, may, require, rights_of
from tests.fixtures.people import make_account

pytestmark = pytest.mark.django_db

TABLE = """
                   | viewer | commander | reviewer | admin
look               |   x    |     x     |    x     |   x
command            |        |     x     |          |
approve_step       |        |     x     |          |
write_definition   |        |           |          |   x
approve_definition |        |           |    x     |   x
export_audit       |        |           |    x     |   x
manage_people      |        |           |          |   x
sandbox_faults     |        |     x     |          |   x
attest             |        |     x     |          |   x
record_exception   |        |           |          |   x
review_break_glass |        |           |    x     |   x
waive_approval     |        |           |          |
"""


def cells() -> list[tuple[str, str, bool]]:
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip("\n").splitlines()]
    return [(right, role, mark == "x") for right, *marks in rows for role, mark in zip(head[1:], marks, strict=True)]


@pytest.mark.parametrize(("right", "role", "held"), cells())
def test_the_table(right: str, role: str, held: bool) -> None:
    account = make_account("Somebody", role)
    assert may(account, Right(right)) is held
    assert may(account.person, Right(right)) is held
    assert account.has_perm(f"people.{right}") is held


def test_the_table_is_whole() -> None:
    assert {right for right, _, _ in cells()} == set(Right)
    assert {role for _, role, _ in cells()} == set(Role.values)


def test_two_roles_add_up() -> None:
    account = make_account("Both", "commander", "reviewer")
    assert rights_of(account) == {
        Right.LOOK, Right.COMMAND, Right.APPROVE_STEP, Right.SANDBOX_FAULTS, Right.ATTEST, Right.APPROVE_DEFINITION,
        Right.EXPORT_AUDIT, Right.REVIEW_BREAK_GLASS,
    }  # fmt: skip


def test_a_role_counts_for_every_account_of_the_person() -> None:
    first = make_account("Ann", "commander")
    second = Account.objects.create(person=first.person, username="ann-2")
    assert require(second, Right.COMMAND) == first.person


def test_a_revoked_role_is_gone_at_the_next_question() -> None:
    account = make_account("Ann", "commander")
    assert may(account, Right.COMMAND)
    RoleGrant.objects.filter(person=account.person).delete()
    assert not may(account, Right.COMMAND)


def test_a_deactivated_person_has_no_rights_though_the_roles_stand() -> None:
    account = make_account("Ann", "admin")
    account.person.active = False
    account.person.save()
    assert rights_of(account) == rights_of(account.person) == frozenset()


def test_a_deactivated_account_has_no_rights_while_the_person_keeps_them() -> None:
    account = make_account("Ann", "admin")
    Account.objects.filter(pk=account.pk).update(is_active=False)
    assert rights_of(account) == frozenset()
    assert may(account.person, Right.MANAGE_PEOPLE)


def test_nobody_has_no_rights() -> None:
    assert rights_of(AnonymousUser()) == frozenset()
    with pytest.raises(Forbidden):
        require(AnonymousUser(), Right.LOOK)


def test_a_refusal_says_who_may_and_what_the_asker_is() -> None:
    with pytest.raises(Forbidden) as refused:
        require(make_account("Vera", "viewer"), Right.APPROVE_DEFINITION)
    assert "the role reviewer or admin may approve a runbook definition" in str(refused.value)
    assert "You are viewer." in str(refused.value)


def test_a_person_without_a_role_is_told_so() -> None:
    with pytest.raises(Forbidden, match="You hold no role here"):
        require(make_account("New"), Right.LOOK)


def test_names_of_other_apps_are_no_permissions() -> None:
    account = make_account("Ada", "admin")
    assert account.has_perm("audit.read")
    assert account.has_perm("audit.export")
    assert not account.has_perm("auth.add_user")
    assert not account.has_perm("audit.delete_event")
    assert account.has_module_perms("people")
    assert not account.has_module_perms("auth")


def test_each_right_has_words() -> None:
    assert set(rights.WHAT) == set(Right)
