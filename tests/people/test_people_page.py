"""The People page: everybody may read who may approve; an admin changes it, by forms that need no script."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from people.models import Account, Person
from people.rights import roles_of
from tests.fixtures.people import make_account

pytestmark = pytest.mark.django_db

LIST = reverse("people:person-list")


@pytest.fixture
def admin(client: Client, people: SimpleNamespace) -> Client:
    client.force_login(people.admin)
    return client


def person_url(name: str, account: Account, *more: str) -> str:
    return reverse(f"people:{name}", args=[account.person.public_id, *more])


def posts(account: Account) -> dict[str, str]:
    return {
        "person-add": reverse("people:person-add"),
        "account-add": person_url("account-add", account),
        "role-grant": person_url("role-grant", account, "reviewer"),
        "role-revoke": person_url("role-revoke", account, "viewer"),
        "person-deactivate": person_url("person-deactivate", account),
        "person-activate": person_url("person-activate", account),
        "password-link": reverse("people:password-link", args=[account.public_id]),
    }


@pytest.mark.parametrize("role", ["viewer", "commander", "reviewer", "admin"])
def test_everybody_with_a_role_reads_who_may_do_what(client: Client, people: SimpleNamespace, role: str) -> None:
    client.force_login(getattr(people, role))
    html = client.get(LIST).content.decode()
    assert "<h3>commander2</h3>" in html
    assert ("<code>commander2</code>" in html) is (role == "admin")
    assert ("<form" in html.split("<main")[1]) is (role == "admin")


def test_somebody_without_a_role_reads_nothing(client: Client, people: SimpleNamespace) -> None:
    client.force_login(make_account("New"))
    answer = client.get(LIST)
    assert answer.status_code == 403
    assert "You hold no role here." in answer.content.decode()


@pytest.mark.parametrize("role", ["viewer", "commander", "reviewer"])
def test_a_forged_post_is_refused_with_who_may(client: Client, people: SimpleNamespace, role: str) -> None:
    client.force_login(getattr(people, role))
    for name, url in posts(people.viewer).items():
        answer = client.post(url, {"name": "Rosa", "roles": ["admin"], "username": "rosa"})
        assert answer.status_code == 403, name
        assert "Only a person with the role admin may manage people" in answer.content.decode()
    assert not Event.objects.exists()
    assert Account.objects.count() == 6


def test_a_get_changes_nothing(admin: Client, people: SimpleNamespace) -> None:
    for url in posts(people.viewer).values():
        assert admin.get(url).status_code == 405
    assert not Event.objects.exists()


def test_every_form_of_the_page_does_what_it_says(admin: Client, people: SimpleNamespace) -> None:
    viewer = people.viewer
    forms = posts(viewer)
    admin.post(forms["role-grant"])
    assert roles_of(viewer) == {"viewer", "reviewer"}
    admin.post(forms["role-revoke"])
    assert roles_of(viewer) == {"reviewer"}
    admin.post(forms["person-deactivate"])
    assert roles_of(viewer) == frozenset()
    assert "Deactivated: may do nothing" in admin.get(LIST).content.decode()
    admin.post(forms["person-activate"])
    assert roles_of(viewer) == {"reviewer"}
    admin.post(forms["account-add"], {"username": "viewer-phone"})
    assert viewer.person.accounts.count() == 2
    assert Event.objects.filter(seq__gt=1, source="web").count() == 5


def test_the_page_offers_each_of_its_forms(admin: Client, people: SimpleNamespace) -> None:
    html = admin.get(LIST).content.decode()
    offered = posts(people.viewer)
    del offered["person-activate"]
    for url in offered.values():
        assert f'action="{url}"' in html


def test_a_new_person_gets_a_link_that_is_shown_once(admin: Client) -> None:
    answer = admin.post(reverse("people:person-add"), {"name": "Rosa Lee", "roles": ["commander"]})
    html = answer.content.decode()
    link = re.search(r"http://testserver(/people/set-password/[^<\s]+)", html)
    assert link
    assert "no-store" in answer.headers["Cache-Control"]
    assert Client().get(link[1]).status_code == 200
    assert link[1] not in admin.get(LIST).content.decode()


def test_a_new_link_for_somebody(admin: Client, people: SimpleNamespace) -> None:
    html = admin.post(posts(people.viewer)["password-link"]).content.decode()
    assert "/people/set-password/" in html


@pytest.mark.parametrize("form", [{"name": ""}, {"name": "viewer"}, {"name": "Rosa", "roles": ["root"]}])
def test_what_cannot_be_added_is_said_and_what_was_typed_is_kept(admin: Client, form: dict[str, object]) -> None:
    answer = admin.post(reverse("people:person-add"), form | {"username": "typed-before"})
    assert answer.status_code == 422
    assert "typed-before" in answer.content.decode()
    assert Person.objects.count() == 6


@pytest.mark.parametrize(
    ("name", "more", "form", "said"),
    [
        ("role-grant", ["root"], {}, "&#x27;root&#x27; is no role"),
        ("account-add", [], {"username": "viewer"}, "is taken"),
        ("account-add", [], {}, "is no user name"),
    ],
)
def test_a_refused_change_says_why(
    admin: Client, people: SimpleNamespace, name: str, more: list[str], form: dict[str, str], said: str
) -> None:
    answer = admin.post(person_url(name, people.viewer, *more), form, follow=True)
    assert said in answer.content.decode()


def test_the_last_admin_is_told_why_not(admin: Client, people: SimpleNamespace) -> None:
    admin.post(person_url("person-deactivate", people.admin2))
    answer = admin.post(person_url("role-revoke", people.admin, "admin"), follow=True)
    assert "last active admin" in answer.content.decode()


def test_nobody_is_found_who_is_not_here(admin: Client) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    assert admin.post(reverse("people:person-deactivate", args=[unknown])).status_code == 404
    assert admin.post(reverse("people:password-link", args=[unknown])).status_code == 404


def test_hostile_names_stay_text(admin: Client) -> None:
    admin.post(reverse("people:person-add"), {"name": "<script>alert(1)</script>", "username": "x1"})
    html = admin.get(LIST).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
