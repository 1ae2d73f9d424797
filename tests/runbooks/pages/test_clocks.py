"""The clock of a step says from when it counts, in every state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clusters.facts import Policy
from runbooks.engine.pace import Pace
from runbooks.engine.states import StepState
from runbooks.models import Run, StepRun
from runbooks.queries.clocks import Clock, clocks
from runbooks.queries.effort import Effort

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
READY, CLAIMED, MOVED = (NOW - timedelta(seconds=seconds) for seconds in (60, 40, 30))
S = StepState


def of_step(state: StepState, usual: Pace | None = None, **changes: object) -> Clock:
    ready = {} if state is S.LOCKED else {"ready_at": READY}
    step = StepRun(state=state, timeout=timedelta(minutes=10), moved_at=MOVED, **{**ready, **changes})
    effort = Effort(timedelta(), timedelta())
    return clocks(Run(incident=None, started_at=READY), step, effort, Policy(), NOW, None, usual)[1]


@pytest.mark.parametrize(
    ("state", "changes", "label", "note", "since"),
    [
        (S.LOCKED, {}, "This step", "Not begun. Allowed 10:00 once it begins.", None),
        (S.READY, {}, "This step", "Ready since 11:59:00 UTC. Allowed 10:00 once it begins.", READY),
        (S.OBSERVING, {"claimed_at": CLAIMED, "started_at": MOVED}, "This step", "Allowed 10:00.", MOVED),
        (S.UNKNOWN, {"claimed_at": CLAIMED}, "This step", "Outcome unknown since 11:59:30 UTC.", CLAIMED),
        (S.SUCCEEDED, {"claimed_at": CLAIMED, "ended_at": NOW}, "This step took", "Ended 12:00:00.", None),
    ],
)
def test_a_step_says_from_when_it_counts(
    state: StepState, changes: dict[str, object], label: str, note: str, since: datetime | None
) -> None:
    found = of_step(state, **changes)
    assert (found.label, found.note, found.since) == (label, note, since)


def test_a_page_begun_before_the_worker_wrote_its_start_draws_nothing_yet() -> None:
    found = of_step(S.OBSERVING, claimed_at=CLAIMED, started_at=NOW + timedelta(seconds=1))
    assert [bar.width for bar in found.budget.bars] == ["300", "0"]


USUAL = Pace(timedelta(seconds=12), timedelta(seconds=28.5), 8)


@pytest.mark.parametrize(
    ("state", "changes", "note", "is_over"),
    [
        (S.READY, {}, "Allowed 10:00 once it begins. Usually 12 s, 95 % under 29 s.", False),
        (S.OBSERVING, {"started_at": NOW - timedelta(seconds=28)}, "Allowed 10:00. Usually 12 s, 95 % under", False),
        (S.OBSERVING, {"started_at": MOVED}, "Slower than usual (usually 12 s, 95 % under 29 s).", True),
        (S.SUCCEEDED, {"started_at": READY, "ended_at": NOW}, "Ended 12:00:00.", False),
    ],
)
def test_a_step_says_what_is_usual_and_when_it_takes_longer(
    state: StepState, changes: dict[str, object], note: str, is_over: bool
) -> None:
    found = of_step(state, USUAL, **changes)
    assert note in found.note
    assert found.is_over is is_over
    assert ("Slower" in found.note) is is_over
