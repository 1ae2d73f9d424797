"""Somebody who has no mouse: Tab, Enter, Space and typing, and who must always see where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page

MOST_STOPS = 250  # on one page, before one gives up
# What shows the focus, and whether anything else lies over all of it. null where nothing on the page has the focus.
STOP = """() => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const points = [[.5, .5], [.1, .5], [.9, .5], [.5, .2], [.5, .8]]
    .map(([x, y]) => [box.left + box.width * x, box.top + box.height * y])
    .filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight);
  const isSeen = points.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && (at.contains(top) || top.contains(at));
  });
  return {what: `${at.nodeName} ${at.textContent.trim().slice(0, 40) || at.name || at.id}`, ring, isSeen};
}"""


@dataclass
class Keyboard:
    page: Page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def go_to(self, target: Locator) -> None:
        """Tab until `target` has the focus; every stop on the way shows that it has it."""
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            self.check_stop()
            if target.count() == 1 and target.evaluate("e => e === document.activeElement"):
                return
        raise AssertionError(f"{target} was not reached in {MOST_STOPS} stops")

    def check_stop(self) -> None:
        stop = self.page.evaluate(STOP)
        if stop is not None:  # past the last one the browser's own controls have the focus
            assert stop["ring"], f"{self.page.url}: nothing shows that {stop['what']} has the focus"
            assert stop["isSeen"], f"{self.page.url}: {stop['what']} has the focus and lies out of sight"

    def push(self, target: Locator) -> None:
        self.go_to(target)
        self.press("Enter")

    def follow(self, link: Locator, path: str) -> None:
        """`path` is a glob of the address it leads to."""
        self.push(link)
        self.page.wait_for_url(path)

    def type(self, target: Locator, text: str) -> None:
        self.go_to(target)
        self.page.keyboard.type(text)
