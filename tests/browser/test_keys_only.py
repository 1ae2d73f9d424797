"""A regional outage from the first look to the last step, by two people who only have keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import DONE_WITHIN, await_turn, bar, step
from tests.browser.keyboard import Keyboard
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAIRS = ("orders",)  # what is polled here
CLICKED = (
    "Confirm the outage",
    "Record the last known lag",
    "Stop the consumer groups of the failed side",
    "Start the consumer groups on the surviving side",
)


@pytest.mark.timeout(420)
def test_an_outage_needs_no_mouse(stage: Stage, visit: Callable[..., Page]) -> None:
    one, two = visit("commander"), visit("commander2")
    keys = Keyboard(one)
    one.goto("/")
    keys.follow(one.get_by_role("link", name="Sandbox"), "**/sandbox/")
    keys.push(one.get_by_role("button", name="Start Region down on us-east"))
    expect(one.get_by_role("button", name="Stop Region down on us-east")).to_be_visible()
    keys.follow(one.get_by_role("link", name="Overview"), stage.console.url + "/")
    declare(one, keys)
    start(one, keys)

    for title in CLICKED[:2]:
        keys.push(await_turn(one, title))
        await_done(one, title)
    reroute(one, keys, Keyboard(two))
    for title in CLICKED[2:]:
        keys.push(await_turn(one, title))
        await_done(one, title)
    expect(bar(one)).to_contain_text("This run is over.", timeout=DONE_WITHIN)


def declare(page: Page, keys: Keyboard) -> None:
    assess = page.locator("main").get_by_role("link", name="Assess us-east").first
    expect(assess).to_be_visible()
    keys.follow(assess, "**/assess/us-east/")
    expect(page.locator("form.bar")).not_to_contain_text("not confirmed yet", timeout=DONE_WITHIN)
    keys.type(page.get_by_label("Reason"), "nobody sees it")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("us-east is declared down")


def start(page: Page, keys: Keyboard) -> None:
    keys.follow(page.get_by_role("link", name="Start a runbook"), "**/assess/us-east/#runbooks-title")
    keys.follow(page.get_by_role("link", name="Regional outage, active-active"), "**/start/**")
    keys.go_to(page.get_by_label("storefront"))
    keys.press("Space", "Space")  # ticked and taken back
    keys.push(page.get_by_role("button", name="Start the run"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Regional outage, active-active")


def reroute(page: Page, keys: Keyboard, other: Keyboard) -> None:
    title = "Reroute producers to the surviving side"
    await_turn(page, title)
    keys.type(page.locator("#confirm input[name=phrase]"), "eu-west")
    keys.press("Enter")
    expect(step(page, title)).to_contain_text("Waiting for another person (1 of 2)")

    other.page.goto("/")
    other.follow(other.page.get_by_role("link", name="Inbox"), "**/inbox/")
    other.follow(other.page.get_by_role("link", name=title), "**/runs/**")
    await_turn(other.page, f"Approve: {title}")
    other.type(other.page.locator("#confirm input[name=phrase]"), "eu-west")
    other.press("Enter")
    await_done(page, title)


def await_done(page: Page, title: str) -> None:
    expect(step(page, title)).to_contain_text("Done", timeout=DONE_WITHIN)
