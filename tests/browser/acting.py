"""What people do in the browser, in the words they see."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

# A step that was confirmed is done within this; machines are busy, and the simulated clusters take their time.
DONE_WITHIN = 60_000
DONE = re.compile("Done|Attested")


def switch(page: Page, verb: str, fault: str, pair: str, side: str) -> None:
    """Start or stop a fault of a simulated pair, on its page."""
    page.goto(f"/sandbox/?pair={pair}")
    page.get_by_role("button", name=f"{verb} {fault} on {side}").click()
    other = {"Start": "Stop", "Stop": "Start"}[verb]
    expect(page.get_by_role("button", name=f"{other} {fault} on {side}")).to_be_visible()


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Next action")


def await_outage(page: Page, pair: str, side: str) -> None:
    """On the assess page, until two vantage points have agreed for as long as the pair's policy asks."""
    page.goto(f"/pairs/{pair}/assess/{side}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{side} is down for everybody")
    expect(page.locator("body")).not_to_contain_text("The outage is not confirmed yet", timeout=DONE_WITHIN)


def declare(page: Page, pair: str, side: str, reason: str) -> str:
    """From the assess page; the address of the incident."""
    page.goto(f"/pairs/{pair}/assess/{side}/")
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=f"Declare {side} down").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{side} is declared down")
    return page.url


def step(page: Page, title: str) -> Locator:
    """Its line in the list of steps."""
    return page.get_by_role("navigation", name="Steps of this run").get_by_role("link").filter(has_text=title)


def await_turn(page: Page, title: str) -> Locator:
    """Until this person may press the button with that title; the button."""
    button = bar(page).locator("button.primary").filter(has_text=title)
    expect(button).to_be_enabled(timeout=DONE_WITHIN)
    return button


def type_phrase(page: Page) -> None:
    """What the form asks for, as it is shown."""
    phrase = page.locator("#confirm .phrase")
    if phrase.count():
        page.locator("#confirm input[name=phrase]").fill(phrase.inner_text())


@dataclass(frozen=True)
class Run:
    """A run that `commander` walks through in one browser, and `other` approves in another."""

    url: str
    commander: Page
    other: Page

    @classmethod
    def start(cls, commander: Page, other: Page, incident: str, title: str) -> Run:
        """From the incident's page, with what the form suggests."""
        commander.goto(incident)
        commander.get_by_role("link", name="Start a runbook").click()
        commander.get_by_role("link", name=title).click()
        commander.get_by_role("button", name="Start the run").click()
        expect(commander.get_by_role("heading", level=1)).to_contain_text(title)
        return cls(commander.url.partition("#")[0], commander, other)

    def confirm(self, title: str, words: str = "") -> None:
        """Type what the form asks for, the phrase as it is shown and `words` elsewhere, and press the button."""
        button = await_turn(self.commander, title)
        for field in self.commander.locator("#confirm input[name^=input]").all():
            field.fill(words)
        type_phrase(self.commander)
        button.click()

    def approve(self, title: str) -> None:
        """Type what the confirmer had to type as well, and press the button."""
        self.other.goto(self.url)
        button = await_turn(self.other, f"Approve: {title}")
        type_phrase(self.other)
        button.click()

    def await_done(self, title: str) -> None:
        expect(step(self.commander, title)).to_contain_text(DONE, timeout=DONE_WITHIN)

    def carry_out(self, title: str, words: str = "", *, by_two: bool = False) -> None:
        """Confirm a step, have another person approve where it asks for one, and see it done."""
        self.confirm(title, words)
        if by_two:
            self.approve(title)
        self.await_done(title)

    def await_end(self) -> None:
        expect(bar(self.commander)).to_contain_text("This run is over.", timeout=DONE_WITHIN)
