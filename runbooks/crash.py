"""Named points where a test can kill or freeze this process: BREAKWATER_CRASH_AT names one. Refused in production.

`sent` kills the process there with SIGKILL; `sent:freeze` stops it there until somebody continues it.
"""

from __future__ import annotations

import os
import signal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VARIABLE = "BREAKWATER_CRASH_AT"
FREEZE = ":freeze"
POINTS = frozenset({"claimed", "intended", "sent", "recorded"})


def check() -> None:
    """At start-up: a production process never carries one."""
    named = os.environ.get(VARIABLE, "")
    if named and (settings.PRODUCTION or named.removesuffix(FREEZE) not in POINTS):
        raise ImproperlyConfigured(f"{VARIABLE} is {named!r}: it exists for tests alone ({', '.join(sorted(POINTS))})")


def point(name: str) -> None:
    """Does to itself what the test has named for this point."""
    named = os.environ.get(VARIABLE, "")
    if named.removesuffix(FREEZE) == name and not settings.PRODUCTION:
        os.kill(os.getpid(), signal.SIGSTOP if named.endswith(FREEZE) else signal.SIGKILL)
