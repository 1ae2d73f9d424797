"""A form is never taken out of somebody's hands by a page that refreshes, and an old one sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Response, expect

from audit.clock import database_now
from runbooks.models import Approval, Attempt, Outbox, Run
from runbooks.services import outbox, runs
from tests.browser.acting import await_turn, bar, type_phrase
from tests.browser.checking import is_usable
from tests.browser.prepared import declared, page_of, started, step_of
from tests.browser.stage import Stage
from tests.runbooks.driving import who
from tests.runbooks.texts import MOVE, approved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAIRS = ("orders",)  # what is polled here
TITLE = "Move them"


@pytest.fixture(scope="module")
def moving(stage: Stage) -> Iterator[Run]:
    """A run whose step asks for a typed phrase and for another person. Nothing is down."""
    commander = stage.accounts["commander"]
    run = started(commander, approved(MOVE % 1), "orders", declared(commander, "orders", "us-east"), PRODUCERS)
    yield run
    runs.abort(who(commander), run.pk, reason="the tests are over")


PRODUCERS = {"producers": ["checkout"]}


def await_refreshes(page: Page, run: Run, times: int) -> None:
    """Until the live parts of the page have been replaced so often: an answer of 204 replaces nothing."""

    def is_news(answer: Response) -> bool:
        return "/live/" in answer.url and answer.status == 200

    for _ in range(times):
        with page.expect_event("response", is_news):
            outbox.enqueue(step_of(run, "move"), Outbox.Task.PREFLIGHT, database_now())  # the same facts, read anew


def test_what_is_typed_and_opened_survives_four_refreshes(visit: Callable[..., Page], moving: Run) -> None:
    page = visit("commander")
    page.goto(page_of(moving))
    await_turn(page, TITLE)
    page.get_by_text("Abort this run…").click()
    page.locator("#act-abort input[name=reason]").fill("half a rea")
    phrase = page.locator("#confirm input[name=phrase]")
    phrase.press_sequentially("eu-w")
    await_refreshes(page, moving, 4)

    expect(phrase).to_have_value("eu-w")
    expect(phrase).to_be_focused()
    expect(page.locator("#act-abort")).to_be_visible()
    expect(page.locator("#act-abort input[name=reason]")).to_have_value("half a rea")
    expect(page.locator("#panel-stale")).to_be_hidden()
    phrase.press_sequentially("est")  # the caret stands where it stood
    expect(phrase).to_have_value("eu-west")


def test_the_form_can_be_used_by_everybody(visit: Callable[..., Page], moving: Run) -> None:
    page = visit("commander")
    page.goto(page_of(moving))
    await_turn(page, TITLE)
    is_usable(page)


def test_an_old_page_says_so_and_its_form_sends_nothing(stage: Stage, visit: Callable[..., Page], moving: Run) -> None:
    old, other = visit("commander", refusals={409}), visit("commander2")
    old.goto(page_of(moving))
    await_turn(old, TITLE)
    old.locator("#confirm input[name=phrase]").press_sequentially("eu-w")
    other.goto(page_of(moving))
    button = await_turn(other, TITLE)
    type_phrase(other)
    button.click()
    expect(bar(other)).to_contain_text("Waiting for another person (1 of 2)")

    expect(old.locator("#panel-stale")).to_be_visible()
    expect(old.locator("#panel-stale")).to_contain_text("This page is older than the run.")
    expect(old.locator("#confirm input[name=phrase]")).to_have_value("eu-w")
    old.locator("#confirm input[name=phrase]").fill("eu-west")
    old.keyboard.press("Enter")
    assert Attempt.objects.filter(step__run=moving).count() == 1

    # Sent all the same, as a browser without script would.
    old.evaluate("HTMLFormElement.prototype.submit.call(document.getElementById('confirm'))")
    expect(old.locator("#refused")).to_contain_text("This page is older than the run: Commander 2")
    expect(old.locator("#refused")).to_contain_text("Nothing of what you sent was done.")
    assert Attempt.objects.filter(step__run=moving).count() == 1
    assert not Approval.objects.exists()
    assert step_of(moving, "move").state == "awaiting_approval"
    assert [row for row in stage.control.journal("orders") if row["side"]] == []
