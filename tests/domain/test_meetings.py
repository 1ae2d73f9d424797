"""Each fault of the sandbox at the first step of each kind that sends, once: nothing is sent twice, and what was asked
for comes true once the fault is gone, or is refused for good where the fault has made it wrong.
"""

from __future__ import annotations

import os

import pytest

from audit import body
from audit.models import Event
from runbooks.models import StepRun
from tests.domain import board, plan
from tests.domain.meeting import Troubling
from tests.domain.playing import Player
from tests.faults.judge import doubled
from tests.faults.record import finding, mismatches
from tests.runbooks.driving import Drive

DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
CASES = [case for case in plan.meetings() if case.database == DATABASE]
pytestmark = [pytest.mark.domain, pytest.mark.timeout(900)]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_fault_meets_each_kind_of_step_and_nothing_is_sent_twice(
    case: plan.Meeting, on_pair, here, shipped, people, control
):
    Drive(on_pair).look()
    player = Player(case.story, people, control)
    troubling = Troubling(case, player)
    player.watch, player.is_at_end = troubling.watch, troubling.is_at_end
    done = player.play()

    assert set(troubling.met) == set(case.kinds)
    *before, last = [run.state for run in done]
    assert before == ["completed"] * len(before)
    assert last in troubling.ends
    assert doubled(control, on_pair, done) == []
    assert [wrong for run in done for wrong in mismatches(run)] == []
    assert finding() == ""
    for kind, met in troubling.met.items():
        board.note("faults", (case.fault, kind, path(met.step)))


def path(step: int) -> str:
    """The states it went through, without those that every step goes through."""
    states = [body.read(bytes(row.body))["after"] for row in Event.objects.filter(step=step).order_by("seq")]
    odd = [state for state in states if state in {"blocked", "failed", "partial", "unknown"}]
    return ", ".join([*dict.fromkeys(odd), StepRun.objects.get(pk=step).state])
