"""Whatever goes wrong in a browser unseen: script errors, policy reports, dialogs, refused requests."""

from __future__ import annotations

from collections.abc import Collection

from playwright.sync_api import ConsoleMessage, Dialog, Page, Response

REPORTS = """document.addEventListener("securitypolicyviolation",
  (report) => console.error(`policy: ${report.violatedDirective} ${report.blockedURI}`))"""
# Chromium's own line for an answer of 4xx or 5xx, which is watched as an answer, with its address.
SAID_TWICE = "Failed to load resource: the server responded with a status of"


class Trouble:
    """Collects what went wrong in every page it watches."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def watch(self, page: Page, who: str, refusals: Collection[int]) -> None:
        def note(what: str) -> None:
            self.seen.append(f"{who} at {page.url}: {what}")

        def console(line: ConsoleMessage) -> None:
            if line.type in {"error", "warning"} and not line.text.startswith(SAID_TWICE):
                note(line.text)

        def dialog(found: Dialog) -> None:
            note(f"a dialog: {found.message}")
            found.dismiss()

        def answer(found: Response) -> None:
            if found.status >= 400 and found.status not in refusals:
                note(f"{found.request.method} {found.url} answered {found.status}")

        page.add_init_script(REPORTS)
        page.on("pageerror", lambda error: note(str(error)))
        page.on("console", console)
        page.on("dialog", dialog)
        page.on("response", answer)
