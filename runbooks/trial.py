"""What tests alone set in a process's environment, refused in production: where it dies, and how fast its waits pass.

BREAKWATER_CRASH_AT names a point: `sent` kills the process there with SIGKILL, `sent:freeze` stops it there until
somebody continues it, `sent:kill-group` takes its whole process group along, `sent:kill@0.05` kills it so many seconds
later, wherever it is by then. A folder in its place holds one file for each death to come, named `<point>-<step id>`,
with one of these words in it; whoever meets a file takes it away first, so that each happens once.

BREAKWATER_PACE=0.1 makes a wait of 30 s one of 3 s.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

CRASH_AT, PACE = "BREAKWATER_CRASH_AT", "BREAKWATER_PACE"
POINTS = frozenset({"taken", "claimed", "intended", "sent", "recorded", "seen", "concluded"})
DEATHS: dict[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "kill-group": lambda: os.killpg(0, signal.SIGKILL),
    "freeze": lambda: os.kill(os.getpid(), signal.SIGSTOP),
}


def check() -> None:
    """At start-up: a production process never carries any of it."""
    said = os.environ.get(CRASH_AT, "")
    if said and (settings.PRODUCTION or not (Path(said).is_dir() or _is_known(*_read(said)))):
        raise ImproperlyConfigured(f"{CRASH_AT} is {said!r}: it exists for tests alone ({', '.join(sorted(POINTS))})")
    if pace() != 1.0 and settings.PRODUCTION:
        raise ImproperlyConfigured(f"{PACE} is {os.environ[PACE]!r}: it exists for tests alone")


def pace() -> float:
    """What every wait of the executor is multiplied by."""
    said = os.environ.get(PACE, "1")
    try:
        found = float(said)
    except ValueError:
        found = 0.0
    if not 0 < found <= 1:
        raise ImproperlyConfigured(f"{PACE} is {said!r}; say a number above 0 and up to 1")
    return found


def point(name: str, step_id: int) -> None:
    """Does to its own process what a test has planned for this point."""
    said = os.environ.get(CRASH_AT, "")
    if not said or settings.PRODUCTION:
        return
    planned, death = (name, _taken(Path(said) / f"{name}-{step_id}")) if os.sep in said else _read(said)
    if planned == name and death:
        _die(death)


def _read(said: str) -> tuple[str, str]:
    planned, _, death = said.partition(":")
    return planned, death or "kill"


def _is_known(planned: str, death: str) -> bool:
    return planned in POINTS and death.partition("@")[0] in DEATHS


def _taken(plan: Path) -> str:
    """The death this file holds, for the first who asks; nothing for anybody after."""
    with suppress(FileNotFoundError):
        death = plan.read_text()
        plan.unlink()
        return death
    return ""


def _die(death: str) -> None:
    how, _, later = death.partition("@")
    if later:
        threading.Timer(float(later), DEATHS[how]).start()
    else:
        DEATHS[how]()
