"""The shell of every page."""

from __future__ import annotations

import pytest
from django.test import Client

from people.models import Account, Person, RoleGrant

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(client: Client) -> Client:
    person = Person.objects.create(name="Viewer")
    RoleGrant.objects.create(person=person, role="viewer")
    client.force_login(Account.objects.create(username="viewer", person=person))
    return client


def test_the_overview_has_the_shell(viewer):
    page = viewer.get("/").content.decode()
    assert 'aria-current="page">Overview' in page
    assert 'hx-ext="morph"' in page


def test_an_anonymous_visitor_is_sent_to_the_sign_in_page(client):
    assert client.get("/").status_code == 302


def test_the_shell_answers_204_until_it_has_news(viewer):
    tag = viewer.get("/").context["shell"].tag
    same = viewer.get(f"/shell?tag={tag}")
    assert same.status_code == 204
    assert int(same["X-Server-Time"]) > 0
    assert viewer.get("/shell?tag=old").status_code == 200
