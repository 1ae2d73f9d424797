"""`python -m tests.domain` prints docs/drills.md: what `make drills` runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from clusters.sandbox.faults import FAULTS
from runbooks.engine.states import Mode
from tests.domain import plan, stories
from tests.domain.board import matrix
from tests.domain.own import OWN


def page() -> str:
    return "\n".join([*_head(), *_runbooks(), *_pairs(), *_faults(), ""])


def _head() -> Iterator[str]:
    yield "# What is drilled"
    yield ""
    yield (
        "Made by `python -m tests.domain`; a test fails when this page and the plan differ, and when a shipped "
        "runbook, a kind of step that sends or a fault of the sandbox is not in it. `make drills` runs all of it "
        "and prints both tables again, with what came of each. The clusters' own journal has to be exact: every "
        "command and every order that was meant was received once, and no other."
    )
    yield ""


def _runbooks() -> Iterator[str]:
    lines = [(f"`{run.slug}`", run.mode.value, _told(run, case)) for case in plan.cases() for run in case.story.runs]
    own = ", ".join(f"`{slug}`" for slug in OWN)
    yield from ("## Every runbook in every mode", "")
    yield from (f"{own} is not shipped: it has the kind of step that no shipped runbook has.", "")
    yield from (*matrix(lines, [mode.value for mode in Mode]), "")


def _told(run: stories.Run, case: plan.Case) -> str:
    held = f", held at `{run.held[0]}` by `{run.held[1]}`" if run.held else ""
    return f"{case.story.name}{held}"


def _pairs() -> Iterator[str]:
    yield from ("## How each story is carried, in pairs", "", f"| story | {' | '.join(plan.FACTORS)} |")
    yield f"|{' --- |' * (len(plan.FACTORS) + 1)}"
    for case in plan.cases():
        yield f"| {case.story.name} | {' | '.join(case.how[factor] for factor in plan.FACTORS)} |"
    yield ""


def _faults() -> Iterator[str]:
    lines = [
        (f"`{meeting.fault}`", kind, _ends(meeting.fault, kind, meeting.database))
        for meeting in plan.meetings()
        for kind in meeting.kinds
    ]
    yield from ("## Every fault at every kind of step that sends", "")
    yield (
        "On which database. The fault is there when the step is about to be sent, and gone a second later; the step "
        "then comes to its end, or is refused for good by the guard that is named. What "
        f"{', '.join(f'`{fault}`' for fault in sorted(plan.STAYS))} does stays done: each kind meets it in a story of "
        "its own, which ends with that step."
    )
    yield ""
    yield from matrix(lines, sorted(stories.sending()))
    yield ""
    yield from (f"- `{name}`: {fault.help}" for name, fault in FAULTS.items())


def _ends(fault: str, kind: str, database: str) -> str:
    held = plan.HELD.get((fault, kind))
    return f"{database}, refused by `{held}`" if held else database


if __name__ == "__main__":
    sys.stdout.write(page())
