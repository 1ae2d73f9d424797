"""A run's steps with all that belongs to each: one query for each kind of row, whatever the number of steps."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q

from runbooks.engine.outcome import ItemState, Level
from runbooks.engine.states import StepState
from runbooks.models import Approval, Attempt, DriftAcknowledgement, Item, Override, Preflight, Run, StepRun
from runbooks.models.decisions import APPROVAL
from runbooks.queries.guards import override_of
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import OVER, REHEARSED, Chip, Seen, Votes, chip

LEFT = (ItemState.PLANNED, ItemState.REFUSED, ItemState.FAILED, ItemState.NOT_APPLIED)
# What waits for a person, for a worker, or for the world to answer. All others wait for these, or are over.
WAIT = frozenset(StepState) - OVER - {StepState.LOCKED}
FOR_A_PERSON = frozenset({StepState.READY, StepState.BLOCKED, StepState.PARTIAL, StepState.FAILED})
CODE = re.compile(r"\bR\d\d[a-z]?\b|\bmay_change\b")


@dataclass(frozen=True)
class StepRows:
    """One step. `attempt` is its newest arming, live or not."""

    step: StepRun
    attempt: Attempt | None
    approvals: Sequence[Approval]
    items: Counter[ItemState]
    overrides: Sequence[Override]
    preflight: Preflight | None
    where: str
    waits_for: Sequence[int] = ()
    acknowledged: DriftAcknowledgement | None = None

    @property
    def is_drifted(self) -> bool:
        """Done, no longer true, and nobody has said by name that it may stay so."""
        return self.step.drifted and self.acknowledged is None

    @property
    def live(self) -> Attempt | None:
        return self.attempt if self.attempt and self.attempt.is_live else None

    @property
    def alone(self) -> Override | None:
        """The word of somebody who broke the glass: the arming at hand needs nobody else."""
        return self.overridden.get(APPROVAL)

    @property
    def asks(self) -> int:
        """How many other persons have to agree."""
        return 0 if self.alone else self.step.approvals

    @property
    def votes(self) -> Votes:
        return Votes(self.live, self.approvals if self.live else (), self.asks)

    @property
    def verdicts(self) -> Sequence[Mapping[str, Any]]:
        return self.preflight.verdicts if self.preflight else ()

    @property
    def overridden(self) -> dict[str, Override]:
        """By guard: those that count for the arming at hand, or for the newest one that ended."""
        newest = self.step.attempts + (self.live is None and self.step.state not in OVER)
        return {row.guard: row for row in self.overrides if row.attempt == newest}

    @property
    def refusals(self) -> list[Mapping[str, Any]]:
        """What would refuse it as it was last judged, overrides taken off; warnings never refuse."""
        return [
            verdict
            for verdict in self.verdicts
            if not verdict["is_met"] and verdict["level"] != Level.WARNING and not override_of(verdict, self.overridden)
        ]

    @property
    def all_left(self) -> int:
        """Items that another arming would cover."""
        return sum(self.items[state] for state in LEFT)

    @property
    def refused_by(self) -> list[str]:
        said = CODE.findall(self.step.summary)
        return list(dict.fromkeys(said or [verdict["code"] for verdict in self.refusals]))

    @property
    def seen(self) -> Seen:
        sent_at = self.attempt.sent_at if self.attempt else None
        is_guided = bool(self.live and self.live.is_guided)
        return Seen(self.votes, self.items, sent_at, self.where, self.refused_by, self.waits_for, is_guided)

    def chip(self, viewer: Viewer) -> Chip:
        return chip(self.step, self.seen, viewer)

    @property
    def mark(self) -> tuple[str, str]:
        """The kind of mark and what it says aloud."""
        step = self.step
        if step.rehearsed:
            shape = REHEARSED[step.rehearsed]
            return shape.glyph or shape.kind, f"rehearsed: {shape.word.lower()}"
        if step.drifted:
            return "drifted", "done, no longer true"
        if step.state == StepState.SUCCEEDED:
            if self.overrides:
                return "overridden", f"done, {', '.join(row.guard for row in self.overrides)} overridden"
            return ("attested", "attested") if step.nature == "attest" else ("sensed", "sensed")
        if self.overridden:
            return "overridden", "a guard is overridden"
        return MARKS[StepState(step.state)]


MARKS: dict[StepState, tuple[str, str]] = {
    StepState.LOCKED: ("locked", "locked"),
    StepState.READY: ("you", "ready"),
    StepState.AWAITING_APPROVAL: ("approver", "waiting for approval"),
    StepState.QUEUED: ("queued", "waiting for a worker"),
    StepState.CLAIMED: ("observing", "being judged"),
    StepState.SENT: ("observing", "sent"),
    StepState.OBSERVING: ("observing", "being observed"),
    StepState.UNKNOWN: ("unknown", "outcome unknown"),
    StepState.BLOCKED: ("blocked", "refused"),
    StepState.PARTIAL: ("partial", "partly done"),
    StepState.FAILED: ("failed", "failed"),
    StepState.SKIPPED: ("skipped", "skipped"),
    StepState.CANCELLED: ("cancelled", "cancelled"),
}


def steps_of(runs: Iterable[Run]) -> dict[int, list[StepRows]]:
    """The steps of each run, in order, by run id."""
    return _with_rows([run.pk for run in runs], Q())


def steps_that_wait(runs: Iterable[Run]) -> dict[int, list[StepRows]]:
    """Those of their steps that wait for somebody or something: every page asks, to count what waits for whom."""
    return _with_rows([run.pk for run in runs], Q(state__in=WAIT) | Q(drifted=True))


def _with_rows(run_ids: Sequence[int], which: Q) -> dict[int, list[StepRows]]:
    found: dict[int, list[StepRows]] = {run_id: [] for run_id in run_ids}
    steps = list(StepRun.objects.filter(which, run__in=run_ids).select_related("moved_by").order_by("run", "position"))
    # Where a list is empty, here and below, Django asks the database nothing.
    ids = [step.pk for step in steps]
    attempts = _newest_attempts(ids)
    approvals = _by_attempt(attempts)
    items = _items(attempts)
    overrides: dict[int, list[Override]] = defaultdict(list)
    for row in Override.objects.filter(step__in=ids).select_related("person"):
        overrides[row.step_id].append(row)
    words = DriftAcknowledgement.objects.filter(step__in=[step.pk for step in steps if step.drifted])
    acknowledged = {(row.step_id, row.why): row for row in words.select_related("person")}
    preflights = {row.step_id: row for row in Preflight.objects.filter(step__in=ids)}
    for step in steps:
        attempt, preflight = attempts.get(step.pk), preflights.get(step.pk)
        key = attempt.pk if attempt else 0
        before = [each.step for each in found[step.run_id] if each.step.key in step.needs]
        found[step.run_id].append(
            StepRows(
                step,
                attempt,
                approvals[key],
                items[key],
                overrides[step.pk],
                preflight,
                _where(attempt, preflight),
                [need.position for need in before if need.state not in OVER],
                acknowledged.get((step.pk, step.drift_why)),
            )
        )
    return found


def current(steps: Sequence[StepRows], viewer: Viewer | None = None) -> StepRows | None:
    """Where the run is: a step whose result no longer holds, else the first that is not over, else the last.

    Of steps that are open side by side, one that waits for a person comes before one that waits for the world; and
    before both, for `viewer`, one that somebody has confirmed and that hangs on their approval.
    """
    drifted = [rows for rows in steps if rows.is_drifted]
    begun = [rows for rows in steps if rows.step.state not in OVER and rows.step.state != StepState.LOCKED]
    begun.sort(key=lambda rows: (not _asks(rows, viewer), rows.step.state not in FOR_A_PERSON))
    waiting = [rows for rows in steps if rows.step.state not in OVER]
    return next(iter([*begun, *drifted, *waiting, *reversed(steps)]), None)


def _asks(rows: StepRows, viewer: Viewer | None) -> bool:
    """Whether an approval of this viewer is what it waits for."""
    return viewer is not None and rows.step.state == StepState.AWAITING_APPROVAL and rows.votes.waits_for(viewer)


def _newest_attempts(steps: list[int]) -> dict[int, Attempt]:
    of_steps = Attempt.objects.filter(step__in=steps)
    newest = of_steps.values("step").annotate(newest=Max("pk")).values("newest")
    return {row.step_id: row for row in Attempt.objects.filter(pk__in=newest).select_related("requester")}


def _by_attempt(attempts: Mapping[int, Attempt]) -> dict[int, list[Approval]]:
    found: dict[int, list[Approval]] = defaultdict(list)
    ids = [attempt.pk for attempt in attempts.values()]
    for row in Approval.objects.filter(attempt__in=ids).select_related("approver"):
        found[row.attempt_id].append(row)
    return found


def _items(attempts: Mapping[int, Attempt]) -> dict[int, Counter[ItemState]]:
    found: dict[int, Counter[ItemState]] = defaultdict(Counter)
    ids = [attempt.pk for attempt in attempts.values()]
    for row in Item.objects.filter(attempt__in=ids).values("attempt", "state").annotate(many=Count("pk")).order_by():
        found[row["attempt"]][ItemState(row["state"])] = row["many"]
    return found


def _where(attempt: Attempt | None, preflight: Preflight | None) -> str:
    """The side a step acts on: it is among the facts that a decision binds."""
    binding = attempt.binding if attempt else preflight.binding if preflight else {}
    return str(binding.get("facts", {}).get("acts_on") or "")
