"""Saying again who one is, in the session one has: what counts, what delays, what is written down."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from people import proof
from people.models import Account
from tests.fixtures.people import make_account

pytestmark = pytest.mark.django_db
AGAIN, SIGN_IN = reverse("people:again"), reverse("people:sign-in")
PASSWORD = "a long sentence nobody guesses"


@pytest.fixture
def ann(settings) -> Account:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    account = make_account("Ann", "commander")
    account.set_password(PASSWORD)
    account.save()
    return account


@pytest.fixture
def browser(ann: Account) -> Client:
    """Signed in by the page, a long time ago."""
    client = Client()
    assert client.post(SIGN_IN, {"username": "ann", "password": PASSWORD}).status_code == 302
    assert client.session[proof.KEY]
    forget(client)
    return client


def forget(client: Client) -> None:
    session = client.session
    del session[proof.KEY]
    session.save()


def test_the_password_proves_it_and_the_session_stays(browser: Client, ann: Account) -> None:
    before = browser.session.session_key
    answer = browser.post(AGAIN, {"password": PASSWORD, "next": "/runs/"})
    assert answer.headers["Location"] == "/runs/"
    assert browser.session[proof.KEY]
    assert browser.session.session_key == before
    event = Event.objects.latest("seq")
    assert (event.kind, event.person) == ("sign-in.renewed", str(ann.person.public_id))


def test_another_word_proves_nothing_and_is_slowed_like_any_guess(browser: Client) -> None:
    answers = [browser.post(AGAIN, {"password": f"guess {number}"}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert browser.post(AGAIN, {"password": PASSWORD}).status_code == 429
    assert Client().post(SIGN_IN, {"username": "ann", "password": PASSWORD}).status_code == 429  # counted together
    assert proof.KEY not in browser.session
    assert "guess" not in answers[0].content.decode()


@pytest.mark.parametrize("to", ["//evil.example.org", "https://evil.example.org/", "\\\\evil.example.org"])
def test_it_leads_nowhere_else(browser: Client, to: str) -> None:
    assert browser.post(AGAIN, {"password": PASSWORD, "next": to}).headers["Location"] == "/"


def test_an_account_without_a_password_cannot_press_its_way_through(browser: Client, ann: Account) -> None:
    ann.set_unusable_password()
    ann.save()
    client = Client()
    client.force_login(ann)
    forget(client)
    assert client.post(AGAIN, {}).status_code == 422
    assert proof.KEY not in client.session


def test_the_people_of_the_demo_press_a_button(ann: Account, settings) -> None:
    settings.DEMO_SIGN_IN_FILE = "somewhere"
    ann.set_unusable_password()
    ann.save()
    client = Client()
    client.force_login(ann)
    forget(client)
    assert "a press is enough here" in client.get(AGAIN).content.decode()
    assert client.post(AGAIN, {"next": "/runs/"}).headers["Location"] == "/runs/"
    assert client.session[proof.KEY]


def test_somebody_of_the_demo_who_has_a_password_says_it(browser: Client, settings) -> None:
    settings.DEMO_SIGN_IN_FILE = "somewhere"
    assert browser.post(AGAIN, {}).status_code == 422
