"""What a service says when it refuses. Nothing was changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from runbooks.models import StepRun


class Invalid(Exception):
    """What was said cannot be used. `problems` maps the name of a field ("" for the whole) to a sentence."""

    def __init__(self, problems: Mapping[str, str] | str) -> None:
        self.problems = {"": problems} if isinstance(problems, str) else dict(problems)
        super().__init__(" ".join(self.problems.values()))


class NotProved(Invalid):
    """Somebody has to prove again who they are; what they said is kept."""


class Stale(Exception):
    """The page, form or message is older than the run: `who` moved it on at `at`, and it is `now`."""

    def __init__(self, said: str, *, who: str = "", at: datetime | None = None, now: str = "") -> None:
        super().__init__(said)
        self.who, self.at, self.now = who, at, now


class Reused(Stale):
    """A form's one-time number came back with another body."""


def overtaken(step: StepRun) -> Stale:
    """Who moved this step on, when, and what it is now."""
    step.refresh_from_db()
    who = step.moved_by.name if step.moved_by else (step.claimed_by or "Breakwater")
    said = (
        f"This page is older than the run: {who} moved “{step.title}” on at {step.moved_at:%H:%M:%S} UTC, and it is "
        f"now {step.state.replace('_', ' ')}. Nothing of what you sent was done."
    )
    return Stale(said, who=who, at=step.moved_at, now=step.state)
