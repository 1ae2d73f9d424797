"""What waits for whom, how many, how long, and the badge that says so on every page."""

from __future__ import annotations

from django.urls import reverse

from runbooks.queries import waiting_for
from runbooks.queries.viewer import Viewer
from tests.runbooks.pages.conftest import page_of

INBOX = reverse("runbooks:inbox")
RUNS = reverse("runbooks:run-list")


def test_nothing_waits_on_a_quiet_day(commander, people, in_force):
    assert commander.open(INBOX).headings[0] == "Nothing waits for you."
    assert waiting_for(Viewer.of(people.commander)).count == 0


def test_a_ready_step_waits_for_every_commander_and_for_nobody_else(commander, commander2, viewer, people, moving):
    for person in (commander, commander2):
        page = person.open(INBOX)
        assert page.headings[0] == "1 thing waits for you now."
        assert f"{page_of(moving)}?step=move#step-title" in page.html
    assert viewer.open(INBOX).headings[0] == "Nothing waits for you."
    assert "Waiting for others" in viewer.open(INBOX).headings
    assert waiting_for(Viewer.of(people.commander2)).count == 1
    assert waiting_for(Viewer.of(people.viewer)).count == 0
    assert "1 waiting for you" in commander.open(RUNS).words


def test_a_request_waits_for_the_others_until_it_runs_out(commander, commander2, people, moving):
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    page = commander2.open(INBOX)
    assert page.headings[0].startswith("1 thing waits for you now. The first ends in ")
    assert "then nothing is sent" in page.words
    assert "asked by commander" in page.words
    own = commander.open(INBOX)
    assert own.headings[0] == "Nothing waits for you."
    assert "Waiting for another person (1 of 2)" in own.words
    assert waiting_for(Viewer.of(people.commander)).count == 0


def test_runs_are_listed_with_who_is_awaited(commander, viewer, moving):
    page = viewer.open(RUNS)
    assert page.headings[0] == "1 run."
    assert "Waiting for a commander" in page.words
    assert "Waiting for you" in commander.open(RUNS).words
    assert viewer.open(f"{RUNS}?pair=orders&state=open&mode=live").headings[0] == "1 run of orders under way."
    assert viewer.open(f"{RUNS}?state=over").headings[0] == "No run fits."
    assert viewer.open(f"{RUNS}?mode=drill&page=7").headings[0] == "No run fits."
    commander.send(commander.open(page_of(moving)), "act-abort", reason="done")
    assert "nobody" in viewer.open(f"{RUNS}?state=over").words


def test_somebody_who_may_not_look_sees_nothing(people, moving):
    from people.models import RoleGrant
    from tests.runbooks.pages.reading import Person

    stripped = Person(people.viewer)
    RoleGrant.objects.filter(person=people.viewer.person).delete()
    for path in (INBOX, RUNS, page_of(moving), reverse("runbooks:definition-list")):
        assert stripped.get(path).status == 403
