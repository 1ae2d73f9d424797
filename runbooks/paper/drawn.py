"""A sheet as one page that needs nothing else: styles inside, no script, nothing fetched."""

from __future__ import annotations

import base64
import hashlib

from django.template.loader import render_to_string

from runbooks.paper.sheet import Sheet
from runbooks.pdf.letters import untwisted

BLANKS = ("In command", "Second person", "Bridge: number or address", "Began at (UTC)", "Incident number")
RULES = (
    "Unknown is not yes: what cannot be read is not so.",
    "Send a command once. After a time-out or an error nobody understands, look; do not send it again.",
    "Accepted is not done: a mirror is done when it reads its end state, topic by topic.",
    "A group runs on one side only. Unreachable is not stopped.",
    "Always name topics one by one; never act on all mirrors of a link. Never delete the link.",
    "Words in capitals (INSTANCES, VERSION, CLIENT.properties) are filled in; the shell puts secrets in, never paper.",
)


def drawn(sheet: Sheet) -> str:
    return untwisted(render_to_string("paper/sheet.html", {"sheet": sheet, "blanks": BLANKS, "rules": RULES}))


def style_source() -> str:
    """The one style that a page may hold, for the content security policy."""
    digest = hashlib.sha256(render_to_string("paper/sheet.css").encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
