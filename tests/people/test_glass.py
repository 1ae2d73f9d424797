"""Break-glass: what the account can do, who is told, and the review that is owed."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from audit.clock import database_now
from audit.ledger import Actor
from audit.models import Event
from people import glass
from people.models import Account, BrokenGlass
from people.rights import Forbidden, Right, require, rights_of
from people.services import Refused
from tests.fixtures.people import glass_account, make_account

pytestmark = pytest.mark.django_db
PAGE, SIGN_IN, OVERVIEW = reverse("people:break-glass"), reverse("people:sign-in"), reverse("dashboard:overview")
PASSWORD = "a long sentence nobody guesses"
WHY = "Commander 2 does not answer the phone"


@pytest.fixture
def ann(settings) -> Account:
    """For break-glass, of a commander who has an everyday account too."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    account = glass_account(make_account("Ann", "commander", "admin"))
    account.set_password(PASSWORD)
    account.save()
    return account


@pytest.fixture
def browser(ann: Account) -> Client:
    client = Client()
    answer = client.post(SIGN_IN, {"username": ann.username, "password": PASSWORD, "next": "/runs/"})
    assert answer.headers["Location"] == f"{PAGE}?next=%2Fruns%2F"
    return client


def signed_in(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def broken(browser: Client) -> BrokenGlass:
    assert browser.post(PAGE, {"reason": WHY, "next": "/runs/"}).headers["Location"] == "/runs/"
    return BrokenGlass.objects.get()


def review_of(one: BrokenGlass) -> str:
    return reverse("people:break-glass-review", args=[one.pk])


def test_before_its_owner_said_why_it_only_looks(ann: Account, browser: Client) -> None:
    assert rights_of(ann) == {Right.LOOK}
    with pytest.raises(Forbidden, match="say why on its first page"):
        require(ann, Right.COMMAND)
    answer = browser.post(PAGE, {"reason": "  "})
    assert answer.status_code == 422
    assert "Say why, in a sentence" in answer.text
    assert not BrokenGlass.objects.exists()


def test_then_it_commands_alone_and_nothing_else_whatever_its_owner_may(ann: Account, browser: Client) -> None:
    broken(browser)
    assert rights_of(ann) == {Right.LOOK, Right.COMMAND, Right.WAIVE_APPROVAL}
    for right in (Right.APPROVE_STEP, Right.MANAGE_PEOPLE, Right.REVIEW_BREAK_GLASS):
        with pytest.raises(Forbidden):
            require(ann, right)
    with pytest.raises(Forbidden, match="never approves what somebody else confirmed"):
        require(ann, Right.APPROVE_STEP)


def test_it_makes_nobody_a_commander() -> None:
    account = glass_account(make_account("Vic", "viewer"))
    signed_in(account).post(PAGE, {"reason": WHY})
    assert rights_of(account) == {Right.LOOK}


def test_an_everyday_account_breaks_nothing_and_waives_nothing() -> None:
    account = make_account("Ben", "commander")
    answer = signed_in(account).post(PAGE, {"reason": WHY})
    assert answer.status_code == 403
    assert "break-glass has an account of its own" in answer.text
    assert Right.WAIVE_APPROVAL not in rights_of(account)
    assert "You are signed in with your everyday account" in signed_in(account).get(PAGE).text


def test_everybody_is_told_at_once_and_it_is_written_down(browser: Client, caplog: pytest.LogCaptureFixture) -> None:
    bystander = signed_in(make_account("Vic", "viewer"))
    assert "acts alone" not in bystander.get(OVERVIEW).text
    with caplog.at_level(logging.CRITICAL):
        one = broken(browser)
    page = bystander.get(OVERVIEW).text
    assert f"Break-glass: Ann acts alone since {one.opened_at:%H:%M} UTC." in page
    assert WHY in page
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert WHY in caplog.text
    event = Event.objects.get(kind="break-glass.opened")
    assert event.object == str(one)


def test_it_ends_by_hand_by_signing_out_and_by_itself(ann: Account, browser: Client) -> None:
    bystander = signed_in(make_account("Vic", "viewer"))
    broken(browser)
    browser.post(reverse("people:break-glass-end"))
    assert rights_of(ann) == {Right.LOOK}
    assert "acts alone" not in bystander.get(OVERVIEW).text

    browser.post(PAGE, {"reason": "again"})
    browser.post(reverse("people:sign-out"))
    assert rights_of(ann) == {Right.LOOK}
    assert Event.objects.filter(kind="break-glass.ended").count() == 2

    again = signed_in(ann)
    again.post(PAGE, {"reason": "a third time"})
    BrokenGlass.objects.filter(ended_at=None).update(ends_at=database_now() - timedelta(seconds=1))
    assert rights_of(ann) == {Right.LOOK}
    again.post(PAGE, {"reason": "a fourth time"})
    assert Right.COMMAND in rights_of(ann)
    assert BrokenGlass.objects.count() == 4


def test_said_twice_it_is_one(ann: Account, browser: Client) -> None:
    one = broken(browser)
    browser.post(PAGE, {"reason": "and another"})
    assert BrokenGlass.objects.get() == one
    assert "Your reason: " in browser.get(PAGE).text


def test_a_review_is_owed_until_another_person_has_written_one(ann: Account, browser: Client) -> None:
    one = broken(browser)
    reviewer = signed_in(make_account("Rae", "reviewer"))
    inbox = reverse("runbooks:inbox")
    assert "Ann acted alone" in reviewer.get(inbox).text
    page = reviewer.get(review_of(one)).text
    assert "Ann acted alone: a review is owed" in page
    assert "Ann broke the glass, to act alone" in page

    assert reviewer.post(review_of(one), {"found": ""}).status_code == 422
    assert reviewer.post(review_of(one), {"found": "right, and too slow"}).status_code == 302
    assert "right, and too slow" in reviewer.get(review_of(one)).text
    assert "Ann acted alone" not in reviewer.get(inbox).text
    assert rights_of(ann) == {Right.LOOK}, "a review ends it"
    event = Event.objects.get(kind="break-glass.reviewed")
    assert event.object == str(one)
    again = reviewer.post(review_of(one), {"found": "on second thoughts"})
    assert again.status_code == 409
    assert "Rae has reviewed this already" in again.text


def test_nobody_reviews_their_own_with_whatever_account(ann: Account, browser: Client) -> None:
    one, everyday = broken(browser), Account.objects.get(username="ann")
    for client in (browser, signed_in(everyday)):
        answer = client.post(review_of(one), {"found": "all fine"})
        assert answer.status_code == 403
    assert "another person reviews it" in answer.text
    assert "Reviewed</button>" not in signed_in(everyday).get(review_of(one)).text
    assert "Ann acted alone" not in signed_in(everyday).get(reverse("runbooks:inbox")).text
    with pytest.raises(IntegrityError, match="people_glass_review_not_own"), transaction.atomic():
        BrokenGlass.objects.update(reviewed_by=ann.person)


def test_who_may_not_review_is_refused(browser: Client) -> None:
    one = broken(browser)
    answer = signed_in(make_account("Ben", "commander")).post(review_of(one), {"found": "fine"})
    assert answer.status_code == 403
    assert "review what was done with a break-glass account" in answer.text


def test_it_is_made_at_the_shell(settings, capsys: pytest.CaptureFixture[str]) -> None:
    make_account("Ada Byron", "commander")
    call_command("add_break_glass", "ada byron", "ada-sealed", "--base-url", "https://console.example")
    said = capsys.readouterr().out
    assert "Ada Byron can break the glass with the user name ada-sealed." in said
    assert re.search(r"https://console\.example/people/set-password/\S+", said)
    assert Account.objects.get(username="ada-sealed").is_break_glass
    for name, username, why in (("Nobody", "x", "nobody here is called"), ("Ada Byron", "ada-sealed", "is taken")):
        with pytest.raises(CommandError, match=why):
            call_command("add_break_glass", name, username)


def test_it_is_made_on_the_people_page() -> None:
    person = make_account("Ben", "commander").person
    admin = signed_in(make_account("Adi", "admin"))
    admin.post(
        reverse("people:account-add", args=[person.public_id]), {"username": "ben-sealed", "is_break_glass": "on"}
    )
    assert Account.objects.get(username="ben-sealed").is_break_glass
    assert "(for break-glass)" in admin.get(reverse("people:person-list")).text


def test_a_shell_cannot_be_told_to_break_it_for_an_everyday_account() -> None:
    account = make_account("Ben", "commander")
    with pytest.raises(Forbidden):
        glass.break_glass(signed_in_actor(account), account, WHY)
    with pytest.raises(BrokenGlass.DoesNotExist):
        glass.review(signed_in_actor(account), make_account("Rae", "reviewer"), 99, "fine")
    assert issubclass(glass.Unsaid, Refused)


def signed_in_actor(account: Account) -> Actor:
    return Actor(str(account.person.public_id), account.person.name, "cli", account=str(account.public_id))
