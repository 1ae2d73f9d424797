"""What refreshes by itself says the same as a page that is loaded anew, wherever the reader stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import Run, await_outage, bar, declare, switch
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_open_pages_follow_an_outage(stage: Stage, visit: Callable[..., Page]) -> None:
    stage.reset()
    one, two, onlooker = visit("commander"), visit("commander2"), visit("viewer")
    onlooker.goto("/pairs/orders/")
    two.goto("/")
    expect(two).to_have_title("All 3 pairs are as they should be. Overview · Breakwater")
    switch(one, "Start", "Region down", "orders", "us-east")
    one.goto("/pairs/orders/assess/us-east/")

    is_down = "us-east is down for everybody. Orders needs no mirror command: move its clients to eu-west."
    is_silent = "us-east is not answering. The other 2 pairs are as they should be."
    expect(onlooker).to_have_title("Critical: orders · Breakwater")
    expect(two).to_have_title(f"{is_silent} Overview · Breakwater")
    expect(one).to_have_title(f"{is_down} · Assess · Breakwater")
    expect(one.locator("form.bar")).not_to_contain_text("not confirmed yet")


def test_a_heading_that_has_the_focus_asks_what_the_step_asks(stage: Stage, visit: Callable[..., Page]) -> None:
    stage.reset()
    one, two = visit("commander"), visit("commander2")
    switch(one, "Start", "Region down", "orders", "us-east")
    await_outage(one, "orders", "us-east")
    run = Run.start(one, two, declare(one, "orders", "us-east", "down"), "Regional outage, active-active")
    run.confirm("Confirm the outage")  # the answer puts the focus on the heading
    heading = one.locator("#step-title")
    expect(bar(one)).to_contain_text("Record the last known lag")
    expect(heading).to_be_focused()
    expect(heading).to_have_text("What of us-east had arrived on eu-west?")
    expect(one).to_have_title("Waiting for you: step 2 of 5 · Regional outage, active-active: orders · Breakwater")
