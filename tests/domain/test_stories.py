"""Every shipped runbook whole, live, as a drill and rehearsed: each database, carrier, batch and confirmation in pairs.

The clusters' journal is what was meant, no more and no less; the record tells of every move; a rehearsal sends nothing.
"""

from __future__ import annotations

import os

import pytest

from runbooks.engine.states import Mode
from tests.domain import board, plan
from tests.domain.exact import inexact
from tests.domain.playing import Player
from tests.domain.stories import Run
from tests.faults.record import finding, mismatches

DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
CASES = [case for case in plan.cases() if case.how["database"] == DATABASE]
pytestmark = [pytest.mark.domain, pytest.mark.timeout(900)]


@pytest.mark.claims("P1 P2 P3 P4 P5 P6a P6b P7 P8 P9 P10 P11 P14 P15")
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_story_goes_to_its_end_and_the_journal_is_exact(case: plan.Case, carrier, shipped, people, control):
    story = case.story
    player = Player(story, people, control, confirmation=case.how["confirmation"], is_here=carrier == "here")
    done = player.play()

    sent = [run for run in done if not run.is_rehearsal]
    assert inexact(control, story.pair, sent) == []
    assert [wrong for run in done for wrong in mismatches(run)] == []
    assert finding() == ""
    for act, run in zip(story.runs, done, strict=True):
        assert run.state in ENDS[ended_by(act)], f"{act.slug}: {run.state}"
        if run.is_rehearsal:
            assert set(run.steps.values_list("rehearsed", "state")) <= REHEARSED
        else:
            assert set(run.steps.filter(state="skipped").values_list("key", flat=True)) == set(act.skips)
        board.note("runbooks", (act.slug, act.mode.value, told(act, case)))


ENDS = {
    "to its end": {"completed"},
    "with steps skipped": {"completed_with_exceptions"},
    "rehearsed": {"completed", "completed_with_exceptions"},
    "held": {"aborted"},
}
# A rehearsal goes on past what would be refused on a quiet day.
REHEARSED = {("allowed", "succeeded"), ("refused", "skipped"), ("unjudged", "skipped")}


def ended_by(act: Run) -> str:
    if act.held is not None:
        return "held"
    if act.skips:
        return "with steps skipped"
    return "rehearsed" if act.mode is Mode.REHEARSAL else "to its end"


def told(act: Run, case: plan.Case) -> str:
    how = f"{case.how['carrier']} on {case.how['database']}"
    return f"held at {act.held[0]} by {act.held[1]}, {how}" if act.held else how
