"""The page of a run in a real browser: a form in use is left alone, an old one is not sent."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from runbooks.models import Attempt, StepRun
from tests.runbooks.pages.conftest import page_of

pytestmark = pytest.mark.django_db(transaction=True)


def refreshes(page: Page, times: int) -> None:
    """Wait until the page has asked for news so often, and been answered."""
    for _ in range(times):
        page.wait_for_event("response", lambda answer: "/live/" in answer.url, timeout=20_000)


def test_what_is_typed_survives_refreshes_and_an_old_form_is_not_sent(new_page, people, orders, moving):
    page = new_page(people.commander)
    page.goto(page_of(moving))
    page.fill("#confirm-phrase", "eu-w")
    refreshes(page, 2)
    orders.preflight(orders.step(moving, "move"))  # new readings of the same facts: the page has news to show
    refreshes(page, 2)
    expect(page.locator("#confirm-phrase")).to_have_value("eu-w")
    expect(page.locator("#confirm-phrase")).to_be_focused()
    expect(page.locator("#panel-stale")).to_be_hidden()

    orders.confirm(people.commander2, orders.step(moving, "move"))
    expect(page.locator("#panel-stale")).to_be_visible(timeout=20_000)
    expect(page.locator("#panel-stale")).to_contain_text("This page is older than the run.")
    expect(page.locator("#confirm-phrase")).to_have_value("eu-w")
    expect(page.locator("#run-said")).to_contain_text("approval (1 of 2)")
    page.press("#confirm-phrase", "Enter")
    expect(page).to_have_url(page.url)
    assert Attempt.objects.count() == 1

    page.click("#panel-stale a")
    expect(page.locator("#bar button")).to_have_text("Approve: Move them")
    expect(page.locator("#panel-stale")).to_be_hidden()


def test_a_form_that_nobody_uses_is_replaced_by_the_one_that_is_due(new_page, people, orders, moving):
    page = new_page(people.commander)
    page.goto(page_of(moving))
    expect(page.locator("#bar button")).to_have_text("Move them")
    orders.confirm(people.commander2, orders.step(moving, "move"))
    expect(page.locator("#bar button")).to_have_text("Approve: Move them", timeout=20_000)
    page.fill("#confirm-phrase", "eu-west")
    page.click("#bar button")
    expect(page.locator("#step-title")).to_be_focused()
    assert StepRun.objects.get(run=moving, key="move").state == "queued"


def test_what_a_reader_opened_stays_open(new_page, people, orders, moving):
    page = new_page(people.commander)
    page.goto(page_of(moving))
    page.click("text=Abort this run…")
    orders.preflight(orders.step(moving, "move"))
    refreshes(page, 2)
    expect(page.locator("#act-abort")).to_be_visible()


def test_a_decision_needs_no_mouse(new_page, people, moving):
    page = new_page(people.commander)
    page.goto(page_of(moving))
    page.keyboard.press("n")
    expect(page.locator("#confirm-phrase")).to_be_focused()
    page.keyboard.type("eu-west")
    page.keyboard.press("Enter")
    expect(page.locator("#step-title")).to_be_focused()
    assert StepRun.objects.get(run=moving, key="move").state == "awaiting_approval"
    outline = page.locator("#step-title").evaluate("(e) => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
