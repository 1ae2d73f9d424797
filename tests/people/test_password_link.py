"""One link, one password: who may make it, what ends it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from audit.ledger import Actor
from audit.models import Event
from people import links, services
from people.models import Account, Person
from people.rights import roles_of
from tests.fixtures.people import make_account

pytestmark = pytest.mark.django_db

SHELL = Actor.product("cli")
GOOD = "a long sentence nobody guesses"


@pytest.fixture
def ann() -> Account:
    return make_account("Ann", "commander")


def set_password(link: str, password: str = GOOD, again: str | None = None) -> int:
    form = {"new_password1": password, "new_password2": password if again is None else again}
    return Client().post(link, form).status_code


def signs_in(password: str = GOOD) -> bool:
    return Client().post(reverse("people:sign-in"), {"username": "ann", "password": password}).status_code == 302


def test_the_link_sets_a_password_once(ann: Account) -> None:
    link = services.make_password_link(SHELL, ann)
    assert Client().get(link).status_code == 200
    assert not signs_in()
    assert set_password(link) == 302
    assert signs_in()
    assert set_password(link, "another long sentence of mine") == 410
    assert signs_in()


def test_it_is_written_down(ann: Account) -> None:
    set_password(services.make_password_link(SHELL, ann))
    kinds = list(Event.objects.values_list("kind", "person").order_by("seq"))[1:]
    assert kinds == [("password.link-made", ""), ("password.set", str(ann.person.public_id))]


@pytest.mark.parametrize(("password", "again"), [("short", None), ("password1234", None), (GOOD, "x")])
def test_a_password_that_is_too_easy_or_mistyped_changes_nothing(
    ann: Account, password: str, again: str | None
) -> None:
    link = services.make_password_link(SHELL, ann)
    assert set_password(link, password, again) == 422
    assert Client().get(link).status_code == 200


def test_a_newer_link_ends_the_older(ann: Account) -> None:
    old = services.make_password_link(SHELL, ann)
    new = services.make_password_link(SHELL, ann)
    assert set_password(old) == 410
    assert set_password(new) == 302


def test_a_link_ends_after_its_day(ann: Account, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    link = services.make_password_link(SHELL, ann)
    made = links.tokens._now()
    monkeypatch.setattr(links.tokens, "_now", lambda: made + timedelta(hours=25))
    assert set_password(link) == 410


def test_a_link_of_somebody_deactivated_is_over(ann: Account) -> None:
    link = services.make_password_link(SHELL, ann)
    Person.objects.update(active=False)
    assert set_password(link) == 410


@pytest.mark.parametrize("uid", ["x", "MQ", "", "____", "OTk5"])
def test_a_forged_link_is_over(ann: Account, uid: str) -> None:
    token = services.make_password_link(SHELL, ann).rsplit("/", 1)[1]
    path = reverse("people:set-password", args=[uid or "-", f"{token}x"])
    assert Client().get(path).status_code == 410
    assert set_password(path) == 410


def test_a_link_of_one_account_sets_no_password_of_another(ann: Account) -> None:
    other = make_account("Other", "admin")
    link = services.make_password_link(SHELL, ann)
    uid = links.password_link(other).split("/")[-2]
    forged = reverse("people:set-password", args=[uid, link.rsplit("/", 1)[1]])
    assert set_password(forged) == 410


def test_a_new_password_ends_the_sessions_before_it(ann: Account) -> None:
    set_password(services.make_password_link(SHELL, ann))
    old = Client()
    old.post(reverse("people:sign-in"), {"username": "ann", "password": GOOD})
    assert old.get(reverse("people:person-list")).status_code == 200
    ann.refresh_from_db()
    set_password(services.make_password_link(SHELL, ann), "another long sentence of mine")
    assert old.get(reverse("people:person-list")).status_code == 302


def test_the_command_adds_a_person_and_prints_the_link(capsys: pytest.CaptureFixture[str]) -> None:
    call_command(
        "add_person", "Rosa Lee", "--role", "commander", "--role", "reviewer", "--base-url", "https://dr.example.org/"
    )
    said = capsys.readouterr().out
    account = Account.objects.get(username="rosa-lee")
    link = re.search(r"^https://dr\.example\.org(/people/set-password/\S+)$", said, re.MULTILINE)
    assert link
    assert roles_of(account) == {"commander", "reviewer"}
    assert set_password(link[1]) == 302
    assert str(account.pk) not in re.sub(r"https\S+", "", said)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["Ann", "--role", "viewer"], "is here already"),
        (["Rosa", "--role", "root"], "invalid choice: 'root'"),
        (["Rosa"], "--role"),
        (["Rosa", "--role", "viewer", "--username", "Ann"], "the user name ann is taken"),
    ],
)
def test_the_command_refuses_in_words(ann: Account, asked: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("add_person", *asked)
    assert Person.objects.count() == 1


def test_the_shell_makes_a_new_link_for_somebody_who_is_here(ann: Account, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("password_link", "ANN", "--base-url", "https://dr.example.org")
    link = capsys.readouterr().out.strip().removeprefix("https://dr.example.org")
    assert set_password(link) == 302
    with pytest.raises(CommandError, match="nobody signs in as bob"):
        call_command("password_link", "bob")
    Person.objects.update(active=False)
    with pytest.raises(CommandError, match="Ann is deactivated"):
        call_command("password_link", "ann")
