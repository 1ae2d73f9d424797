"""The README's tour, walked in browsers on the demo itself: a newcomer's first five minutes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import DONE_WITHIN, Run, await_outage, declare, step, switch
from tests.browser.watching import Trouble
from tests.fixtures.demo import Demo, running_demo

pytestmark = pytest.mark.browser

README = Path(__file__).resolve().parents[2] / "README.md"
REROUTE = "Reroute producers to the surviving side"
HOME = "Send the producers home"
Act = Callable[["Tour"], None]
STEPS: dict[str, Act] = {}


def titled(title: str) -> Callable[[Act], Act]:
    def register(act: Act) -> Act:
        STEPS[title] = act
        return act

    return register


class Tour:
    """Who is in which browser, and what has been opened so far."""

    def __init__(self, browser: Browser, demo: Demo, trouble: Trouble) -> None:
        self.browser, self.demo, self.trouble = browser, demo, trouble
        self.links = demo.links()
        self.one = self.sign_in("Commander 1")
        self.two = self.sign_in("Commander 2")
        self.incident = ""
        self.run: Run | None = None

    def sign_in(self, name: str) -> Page:
        page = self.browser.new_context(base_url=self.demo.address).new_page()
        page.set_default_timeout(DONE_WITHIN)
        self.trouble.watch(page, name, ())
        page.goto(self.links[name])
        page.get_by_role("button", name=f"Sign in as {name}").click()
        expect(page.get_by_role("banner")).to_contain_text(name)
        return page

    def start(self, title: str) -> Run:
        self.run = Run.start(self.one, self.two, self.incident, title)
        return self.run


@titled("Sign in as Commander 1: all three pairs are as they should be")
def overview(tour: Tour) -> None:
    tour.one.goto("/")
    expect(tour.one.get_by_role("heading", level=1)).to_contain_text("All 3 pairs are as they should be")


@titled("Switch a region off on the Sandbox page")
def switch_off(tour: Tour) -> None:
    switch(tour.one, "Start", "Region down", "orders", "us-east")


@titled("See on the pair page who no longer sees it")
def look(tour: Tour) -> None:
    tour.one.goto("/pairs/orders/")
    expect(tour.one.locator("main")).to_contain_text("us-east is not answering")
    board = tour.one.locator(".sheet").filter(has=tour.one.get_by_role("heading", name="Who sees us-east"))
    expect(board.get_by_role("listitem").filter(has_text="console")).to_contain_text("does not see it")


@titled("Assess: is it an outage, and is it better to wait or to act?")
def assess(tour: Tour) -> None:
    await_outage(tour.one, "orders", "us-east")
    for case in ("The case for waiting", "The case for acting"):
        expect(tour.one.get_by_role("heading", name=case)).to_be_visible()


@titled("Declare the outage: the lag is frozen as a receipt")
def freeze(tour: Tour) -> None:
    tour.incident = declare(tour.one, "orders", "us-east", "nobody sees us-east any more")
    expect(tour.one.locator("main")).to_contain_text("us-east.orders")


@titled("Start the runbook for a regional outage")
def begin(tour: Tour) -> None:
    tour.start("Regional outage, active-active")


@titled("Confirm the outage and record the lag")
def confirm(tour: Tour) -> None:
    assert tour.run
    tour.run.carry_out("Confirm the outage")
    tour.run.carry_out("Record the last known lag")


@titled("Reroute the producers: type the cluster's name, and let Commander 2 type it too and approve")
def reroute(tour: Tour) -> None:
    assert tour.run
    tour.run.carry_out(REROUTE, by_two=True)


@titled("Stop the consumer groups with proof, and start them on the other side")
def move_groups(tour: Tour) -> None:
    assert tour.run
    tour.run.carry_out("Stop the consumer groups of the failed side")
    tour.run.carry_out("Start the consumer groups on the surviving side")
    tour.run.await_end()


@titled("Switch the region on again and return home")
def return_home(tour: Tour) -> None:
    switch(tour.one, "Stop", "Region down", "orders", "us-east")
    run = tour.start("Return to the home region, active-active")
    names = step(tour.one, "").locator(".title")
    titles = [name.strip() for name in names.all_inner_texts()]
    assert len(titles) == 8, titles
    for title in titles:
        run.carry_out(title, by_two=title == HOME)
    run.await_end()


@titled("Close the incident")
def close(tour: Tour) -> None:
    tour.one.goto(tour.incident)
    expect(tour.one.get_by_role("heading", level=1)).to_contain_text("Nothing holds it open", timeout=DONE_WITHIN)
    tour.one.get_by_text("Close the incident…").click()
    tour.one.get_by_label("Reason").last.fill("everything is at home again")
    tour.one.get_by_role("button", name="Close the incident").click()
    expect(tour.one.get_by_role("heading", level=1)).to_contain_text("Closed")


@titled("Read the trail as Reviewer, and check the record")
def read(tour: Tour) -> None:
    reviewer = tour.sign_in("Reviewer")
    reviewer.goto("/audit/")
    expect(reviewer.locator("main")).to_contain_text(re.compile(r"Consistent from \d+ to \d+"))
    expect(reviewer.locator("main")).to_contain_text("Commander 1")


@pytest.fixture
def tour(browser: Browser) -> Iterator[Tour]:
    expect.set_options(timeout=30_000)
    trouble = Trouble()
    with running_demo() as demo:
        tour = Tour(browser, demo, trouble)
        yield tour
        for context in browser.contexts:
            context.close()
    assert trouble.seen == []


def test_the_steps_are_those_of_the_readme() -> None:
    section = README.read_text().partition("## A five-minute tour")[2].partition("\n## ")[0]
    assert re.findall(r"^\d+\. (.+)$", section, re.MULTILINE) == list(STEPS)


@pytest.mark.timeout(420)
def test_the_tour(tour: Tour) -> None:
    for act in STEPS.values():
        act(tour)
