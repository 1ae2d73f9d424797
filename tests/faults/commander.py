"""Two careful people at their pages: whatever happens to a run, they do the next thing that it asks of a person."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

from people.models import Account
from runbooks.engine.states import IllegalMove
from runbooks.models import Preflight, Run, StepRun
from runbooks.services import decisions, nonces, preflights, recovery
from runbooks.services.errors import Invalid, Stale
from runbooks.services.unknown import is_proven_untouched
from tests.runbooks.driving import who

OVER = {"succeeded", "skipped", "cancelled"}
Words = Mapping[str, Mapping[str, str]]


class Commander:
    """`attend` makes at most one decision on each step that waits for one. `words` are said with a confirmation.

    Every decision goes through the service a form goes through, with what its page would have shown. An open page
    asks for its checks once a second; where eight of these share two cores that would be most of the work.
    """

    asks_every_s = 1.0

    def __init__(self, one: Account, other: Account, words: Words) -> None:
        self.one, self.other, self.words = who(one), who(other), words
        self.rearmed = 0
        self._asked: dict[tuple[int, int], float] = {}

    def attend(self, run: Run) -> None:
        for step in StepRun.objects.filter(run=run).exclude(state__in=[*OVER, "locked"]).order_by("position"):
            with suppress(Stale, Invalid, IllegalMove):  # somebody or something was faster: it is looked at again
                self._attend(step)

    def _attend(self, step: StepRun) -> None:
        match step.state:
            case "ready":
                self._confirm(step)
            case "awaiting_approval":
                self._approve(step)
            case "blocked" if self._is_time(step):
                recovery.look_again(self.one, step.pk, fence=step.fence)
            case "failed" | "partial":
                self._rearm(step)
            case "unknown" if (attempt := step.armings.filter(is_live=True).first()) and is_proven_untouched(attempt):
                self._rearm(step)

    def _confirm(self, step: StepRun) -> None:
        if (shown := self._shown(step)) is not None:
            decisions.request_step(
                self.one, step.pk, fence=step.fence, digest=shown.digest, nonce=nonces.issue(self.one, step),
                phrase=shown.phrase, inputs=self.words.get(step.key, {}),
            )  # fmt: skip

    def _approve(self, step: StepRun) -> None:
        attempt = step.armings.get(is_live=True)
        decisions.approve(
            self.other, step.pk, fence=step.fence, digest=attempt.digest, nonce=nonces.issue(self.other, step),
            phrase=attempt.phrase,
        )  # fmt: skip

    def _rearm(self, step: StepRun) -> None:
        recovery.rearm(self.one, step.pk, fence=step.fence, reason=f"it is {step.state}: {step.summary}"[:200])
        self.rearmed += 1

    def _shown(self, step: StepRun) -> Preflight | None:
        """What the page shows, where it can be confirmed."""
        if self._is_time(step):
            preflights.want(self.one, step.pk)
        shown = Preflight.objects.filter(step=step, fence=step.fence).exclude(digest="").first()
        is_met = shown and all(row["is_met"] or row["level"] == "warning" for row in shown.verdicts)
        return shown if shown and is_met and not shown.problem else None

    def _is_time(self, step: StepRun) -> bool:
        """A step that has just come to its turn is looked at by itself."""
        now = time.monotonic()
        if now - self._asked.setdefault((step.pk, step.fence), now) < self.asks_every_s:
            return False
        self._asked[step.pk, step.fence] = now
        return True
