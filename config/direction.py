"""Characters that turn text around are shown and not obeyed, so that no name rewrites the sentence it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# U+200E, U+200F, U+202A to U+202E and U+2066 to U+2069, as UTF-8. A name from a cluster, a reason or a runbook may
# hold one: "Send <U+202E>tsew-ue" reads as another cluster. Templates need not remember it if no page can.
TURNING = re.compile(rb"\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def show_turning(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, for pages alone: files keep every character."""

    def answer(request: HttpRequest) -> HttpResponse:
        found = get_response(request)
        if not found.streaming and found.headers.get("Content-Type", "").startswith("text/html"):
            found.content = TURNING.sub(_shown, found.content)
        return found

    return answer


def _shown(found: re.Match[bytes]) -> bytes:
    return f"⟨U+{ord(found[0].decode()):04X}⟩".encode()
