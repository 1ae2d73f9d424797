"""Whether a page can be used: by axe's rules, by a finger, and on a narrow screen."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from playwright.sync_api import Page

AXE = Axe()
# Each width in each theme, half of them on each database: axe reads the pages the longest of all tests.
LOOKS = {
    "sqlite": ((1280, "light"), (390, "dark")),
    "postgresql": ((1280, "dark"), (390, "light")),
}
OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# WCAG 2.5.8: 24 by 24, but for a link inside a sentence, whose height its neighbours decide. A box or a radio button
# inside its label is as large as the label.
TOO_SMALL = """[...document.querySelectorAll(
    "a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button], [tabindex='0']")]
  .filter((each) => each.checkVisibility() && !each.closest(".unseen"))
  .filter((each) => {
    const isLink = each.matches("a") && getComputedStyle(each).display === "inline";
    const around = [...each.parentNode.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    return !(isLink && around.some((node) => /\\p{L}{2}/u.test(node.textContent)));
  })
  .map((each) => [each, (each.matches("[type=checkbox], [type=radio]") && each.closest("label") || each)])
  .map(([each, target]) => [each, target.getBoundingClientRect()])
  .filter(([, box]) => box.width && Math.min(box.width, box.height) < 23.99)
  .map(([each, box]) => `${each.nodeName} ${each.textContent.trim().slice(0, 40) || each.name}: `
    + `${box.width.toFixed(1)} x ${box.height.toFixed(1)}`)"""


def is_usable(page: Page) -> None:
    """By day and by night, on a desk and on a phone, with everything opened that opens."""
    page.evaluate(OPEN_ALL)
    for width, scheme in LOOKS[connection.vendor]:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        where = f"{page.url} at {width} px, {scheme}"
        found = AXE.run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{where}: {found.generate_report()}"
        sideways = page.evaluate(SIDEWAYS)
        assert sideways <= 0, f"{where} is {sideways} px too wide"
        small = page.evaluate(TOO_SMALL)
        assert small == [], f"{where}: {small}"
