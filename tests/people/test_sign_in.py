"""Signing in: what lets in, what delays, what is written down."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from audit.models import Event, SideText
from people import delay
from people.models import Account, Person, SignInDelay
from tests.fixtures.people import make_account

pytestmark = pytest.mark.django_db

SIGN_IN, PEOPLE = reverse("people:sign-in"), reverse("people:person-list")
PASSWORD = "a long sentence nobody guesses"


@pytest.fixture(autouse=True)
def quick_hashes(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ann(quick_hashes: None) -> Account:
    account = make_account("Ann", "commander")
    account.set_password(PASSWORD)
    account.save()
    return account


def try_in(
    client: Client, password: str = PASSWORD, username: str = "ann", address: str = "192.0.2.7", **form: str
) -> int:
    asked = {"username": username, "password": password, **form}
    return client.post(SIGN_IN, asked, REMOTE_ADDR=address).status_code


def wait(seconds: float) -> None:
    """As if that much time had passed."""
    for row in SignInDelay.objects.all():
        row.last_at -= timedelta(seconds=seconds)
        row.save()


def kinds() -> list[str]:
    return list(Event.objects.filter(seq__gt=1).order_by("seq").values_list("kind", flat=True))


def test_the_right_password_signs_in(client: Client, ann: Account) -> None:
    assert client.get(PEOPLE).headers["Location"] == f"{SIGN_IN}?next={PEOPLE}"
    assert try_in(client) == 302
    assert client.get(PEOPLE).status_code == 200
    event = Event.objects.latest("seq")
    assert (event.kind, event.person, event.source) == ("sign-in.succeeded", str(ann.person.public_id), "web")
    assert SideText.objects.filter(text="ann, from 192.0.2.7").exists()


def test_user_names_are_the_same_in_capitals(client: Client, ann: Account) -> None:
    assert try_in(client, username="ANN") == 302


def test_the_session_gets_a_new_key(client: Client, ann: Account) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    assert try_in(client) == 302
    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize(
    ("username", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("ann", ""), ("", PASSWORD)]
)
def test_what_does_not_sign_in(client: Client, ann: Account, username: str, password: str) -> None:
    answer = client.post(SIGN_IN, {"username": username, "password": password})
    assert answer.status_code == 422
    assert 'value="ann"' in answer.content.decode() or username != "ann"
    assert PASSWORD not in answer.content.decode()
    assert client.get(PEOPLE).status_code == 302


@pytest.mark.parametrize("who", ["account", "person"])
def test_the_deactivated_neither_sign_in_nor_stay(client: Client, ann: Account, who: str) -> None:
    try_in(client)
    if who == "account":
        Account.objects.update(is_active=False)
    else:
        Person.objects.update(active=False)
    assert client.get(PEOPLE).status_code == 302
    assert try_in(client) == 422


def test_a_wrong_name_and_a_wrong_password_read_the_same(client: Client, ann: Account) -> None:
    def said(username: str) -> str:
        html = client.post(SIGN_IN, {"username": username, "password": "wrong"}).content.decode()
        return re.sub(r'csrf\w+" value="\w+|"X-CSRFToken": "\w+|nonce="[^"]+', "", html).replace(username, "")

    assert said("ann") == said("bob")


@pytest.mark.parametrize(
    ("asked", "lands"),
    [
        (PEOPLE, PEOPLE),
        ("/audit/?run=3", "/audit/?run=3"),
        ("", "/"),
        ("//evil.example.org", "/"),
        ("https://evil.example.org/people/", "/"),
        ("/\\evil.example.org", "/"),
        ("\\\\evil.example.org", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///evil.example.org", "/"),
    ],
)
def test_one_lands_where_one_was_going_and_nowhere_else(client: Client, ann: Account, asked: str, lands: str) -> None:
    answer = client.post(SIGN_IN, {"username": "ann", "password": PASSWORD, "next": asked})
    assert answer.headers["Location"] == lands
    assert client.get(SIGN_IN, {"next": asked}).headers["Location"] == lands


def test_guessing_gets_slower_for_the_guesser_alone(client: Client, ann: Account) -> None:
    assert [try_in(client, f"guess {number}") for number in range(4)] == [422, 422, 422, 429]
    answer = client.post(SIGN_IN, {"username": "ann", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert "wait 1 s and try again" in answer.content.decode()
    assert try_in(Client(), address="192.0.2.8") == 302


def test_the_delay_grows_and_has_an_end() -> None:
    waits = [delay.delay_after(failures).total_seconds() for failures in range(11)]
    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert delay.delay_after(10**9) == timedelta(seconds=30)


def test_two_hundred_tries_later_the_commander_signs_in(client: Client, ann: Account) -> None:
    for number in range(200):
        try_in(client, f"guess {number}")
    wait(30)
    assert try_in(client) == 302
    assert not SignInDelay.objects.exists()
    assert len(kinds()) < 10


def test_tries_during_the_delay_do_not_make_it_longer(client: Client, ann: Account) -> None:
    for _ in range(3):
        try_in(client, "guess")
    SignInDelay.objects.update(failures=8)  # half a minute: fifty tries do not outlast it, however busy the machine
    for _ in range(50):
        assert try_in(client) == 429
    wait(30)
    assert try_in(client) == 302


def test_two_tries_at_once_are_not_both_let_through(ann: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    source = delay.source_of("192.0.2.7", "ann")
    for _ in range(2):
        delay.begin(source)
    seen = SignInDelay.objects.get()
    delay.begin(source)
    monkeypatch.setattr(SignInDelay.objects.none().__class__, "first", lambda self: seen)
    assert delay.begin(source)[0] == timedelta(seconds=1)


def test_an_hour_later_all_is_forgotten(client: Client, ann: Account) -> None:
    for _ in range(4):
        try_in(client, "guess")
    try_in(client, "guess", username="other")
    wait(3601)
    assert try_in(client, "guess") == 422
    assert SignInDelay.objects.get().failures == 1


def test_sources_are_addresses_not_names() -> None:
    one = delay.source_of("2001:db8:1:2::1", "ann")
    assert delay.source_of("2001:db8:1:2:ffff::9", "ann") == one
    assert delay.source_of("2001:db8:1:3::1", "ann") != one
    assert delay.source_of("", "ann") == delay.source_of("", "ann") != delay.source_of("", "bob")
    assert "ann" not in one


def test_failures_are_written_down_without_what_was_typed(client: Client, ann: Account) -> None:
    try_in(client, "wrong")
    try_in(client, "wrong", username="my-secret-password")
    assert kinds() == ["sign-in.failed", "sign-in.failed"]
    assert set(SideText.objects.values_list("text", flat=True)) == {
        "ann, from 192.0.2.7",
        "an unknown user name, from 192.0.2.7",
    }
    assert Event.objects.get(seq=2).object == str(ann.public_id)


def test_a_storm_of_failures_does_not_fill_the_record(client: Client, ann: Account) -> None:
    for number in range(60):
        try_in(client, "wrong", username=f"user{number}", address=f"192.0.2.{number}")
    assert kinds() == ["sign-in.failed"] * 30


def test_no_event_no_session(ann: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)

    def broken(*_: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr("audit.ledger._locked_head", broken)
    assert try_in(client) == 500
    monkeypatch.undo()
    assert client.get(PEOPLE).status_code == 302


def test_signing_out(client: Client, ann: Account) -> None:
    sign_out = reverse("people:sign-out")
    try_in(client)
    assert client.get(sign_out).status_code == 405
    assert client.get(PEOPLE).status_code == 200
    assert client.post(sign_out).headers["Location"] == SIGN_IN
    assert client.get(PEOPLE).status_code == 302
    assert kinds()[-1] == "sign-out.done"
    assert client.post(sign_out).status_code == 302


def test_a_post_from_elsewhere_is_refused(ann: Account) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(SIGN_IN, {"username": "ann", "password": PASSWORD})
    assert answer.status_code == 403
    assert "nothing was done" in answer.content.decode()


def test_a_fragment_of_a_page_whose_session_ended_replaces_nothing(client: Client) -> None:
    answer = client.get(SIGN_IN, headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "Signed out" in answer.content.decode()


def test_nothing_of_it_is_kept_by_caches(client: Client) -> None:
    assert "no-store" in client.get(SIGN_IN).headers["Cache-Control"]
