"""Writing a runbook, having it approved by somebody else, and retiring it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from people.models import Account
from runbooks.models import DefinitionVersion
from runbooks.services.definitions import LIBRARY
from tests.runbooks.driving import P1
from tests.runbooks.pages.reading import Person

LIST = reverse("runbooks:definition-list")
PAGE = reverse("runbooks:definition", args=[P1])
WRITE = reverse("runbooks:version-new", args=[P1])


def address(name: str, number: int = 2) -> str:
    return reverse(f"runbooks:{name}", args=[P1, number])


@pytest.fixture
def text(shipped) -> str:
    return DefinitionVersion.objects.get(definition__slug=P1).text


@pytest.fixture
def draft(admin, text) -> DefinitionVersion:
    page = admin.open(WRITE)
    admin.send(page, "editor", text=text.replace("approvals: 1", "approvals: 2"), act="save")
    return DefinitionVersion.objects.get(number=2)


@pytest.fixture
def in_review(admin, draft) -> DefinitionVersion:
    admin.send(admin.open(address("version")), address("version-submit"))
    draft.refresh_from_db()
    assert draft.state == "in_review"
    return draft


def test_the_library_shows_each_runbook_and_what_is_in_force(viewer, shipped):
    page = viewer.open(LIST)
    shipped_by_release = len(list(LIBRARY.glob("*.yaml")))
    assert page.headings[0] == f"{shipped_by_release} runbooks."
    assert page.words.count("v1 in force") == shipped_by_release
    assert "Write a new runbook" not in page.words
    version = viewer.open(address("version", 1))
    assert "Approved by the release" in version.words
    assert "types the cluster, 1 other person agrees" in version.words
    assert 'id="line-1"' in version.html


def test_everything_wrong_is_said_by_line_and_nothing_typed_is_lost(admin, text):
    wrong = text.replace("approvals: 1", "approvals: two").replace("kind: lag.record", "kind: lag.recrod")
    page = admin.send(admin.open(WRITE), "editor", text=wrong, act="check")
    assert page.status == 200
    assert page.form("editor").fields["text"][0].strip() == wrong.strip()
    assert "there is no step kind 'lag.recrod'; did you mean 'lag.record'?" in page.words
    assert "approvals must be a whole number" in page.words
    assert "2 errors" in page.words
    assert DefinitionVersion.objects.filter(definition__slug=P1).count() == 1


def test_a_text_without_a_name_is_not_saved_and_not_lost(admin, shipped):
    page = admin.open(reverse("runbooks:definition-new"))
    after = admin.send(page, "editor", text="<script>alert(1)</script>: [", act="save")
    assert after.status == 422
    assert after.form("editor").fields["text"][0].strip() == "<script>alert(1)</script>: ["
    assert "<script>alert(1)" not in after.html


def test_a_draft_is_saved_with_its_faults_but_not_submitted(admin, text):
    wrong = text.replace("approvals: 1", "approvals: two")
    page = admin.send(admin.open(WRITE), "editor", text=wrong, act="save")
    assert page.status == 200
    assert "Correct what is wrong before it goes to review." in page.words
    assert admin.post(address("version-submit"), {}).status == 422
    assert DefinitionVersion.objects.get(number=2).state == "draft"
    edited = admin.send(admin.open(address("version-edit")), "editor", text=text.replace("15m", "20m"), act="save")
    assert "timeout was 15:00, is now 20:00" in edited.words
    assert DefinitionVersion.objects.filter(definition__slug=P1).count() == 2


def test_another_person_approves_what_it_means(reviewer, in_review):
    inbox = reviewer.open(reverse("runbooks:inbox"))
    assert "You did not write it, so you may approve it." in inbox.words
    page = reviewer.open(address("version"))
    assert "1 change in meaning" in page.words
    assert "Step reroute-producers: approvals was 1, is now 2" in page.words
    wrong = reviewer.send(page, address("version-approve"), review_by="soon")
    assert wrong.status == 422
    assert "'soon' is not a day" in wrong.words
    after = reviewer.send(page, address("version-approve"), review_by="2099-05-20")
    assert after.status == 200
    in_review.refresh_from_db()
    assert (in_review.state, str(in_review.review_by)) == ("approved", "2099-05-20")
    assert DefinitionVersion.objects.get(definition__slug=P1, number=1).state == "retired"


def test_nobody_approves_their_own_by_any_account(admin, people, in_review):
    assert "You wrote it: another person has to approve it." in admin.open(address("version")).words
    again = Account(username="admin-again", person=people.admin.person)
    again.set_unusable_password()
    again.save()
    for person in (admin, Person(again)):
        assert address("version-approve") not in person.open(address("version")).html
        assert person.post(address("version-approve"), {"digest": in_review.digest}).status == 403
    in_review.refresh_from_db()
    assert in_review.state == "in_review"


def test_a_text_that_is_not_the_one_that_was_read_is_not_approved(reviewer, in_review):
    assert reviewer.post(address("version-approve"), {"digest": "0" * 64}).status == 409
    in_review.refresh_from_db()
    assert in_review.state == "in_review"


def test_it_is_sent_back_with_a_reason(admin, reviewer, in_review):
    page = reviewer.open(address("version"))
    assert reviewer.send(page, address("version-reject"), reason="").status == 422
    reviewer.send(page, address("version-reject"), reason="two is too many at night")
    again = admin.open(address("version"))
    assert "Sent back. two is too many at night" in again.words
    assert "Sent back: two is too many at night" in admin.open(reverse("runbooks:inbox")).words


def test_a_retired_runbook_starts_no_run(commander, reviewer, orders, shipped):
    retire = reverse("runbooks:definition-retire", args=[P1])
    page = reviewer.open(PAGE)
    assert reviewer.send(page, retire, reason="").status == 422
    assert "Retired" in reviewer.send(page, retire, reason="replaced").words
    assert commander.get(reverse("runbooks:run-new", args=["orders", P1])).status == 404


@pytest.mark.parametrize("name", ["viewer", "commander", "reviewer"])
def test_only_an_admin_writes(request, name, text):
    person = request.getfixturevalue(name)
    for path in (WRITE, reverse("runbooks:definition-new"), address("version-edit", 1)):
        assert person.get(path).status == 403
        assert person.post(path, {"text": text, "act": "save"}).status == 403
    assert DefinitionVersion.objects.filter(definition__slug=P1).count() == 1


@pytest.mark.parametrize("name", ["submit", "approve", "reject"])
def test_nothing_is_decided_by_looking(admin, shipped, name):
    assert admin.get(address(f"version-{name}", 1)).status == 405


def test_the_help_is_what_the_kinds_and_guards_say_of_themselves(viewer, shipped):
    page = viewer.open(reverse("runbooks:definition-help"))
    assert "mirrors.truncate-and-restore" in page.words
    assert "No way back." in page.words
    assert "R01" in page.words
