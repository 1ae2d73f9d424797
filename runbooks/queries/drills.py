"""What it takes to go through a runbook when nothing is broken, told before anybody meets a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from clusters.declared import PairEntry
from runbooks.engine.vantage import span
from runbooks.engine.written import RunbookDefinition

CONFIRMS = "outage.confirm"
REHEARSAL = "A rehearsal needs no fault: it sends nothing, and says what each step would do or why it would be refused."


@dataclass(frozen=True)
class Practice:
    """`text` says what a drill needs; `is_sandbox`: its fault can be switched on in the sandbox controls."""

    text: str
    is_sandbox: bool


def practice(entry: PairEntry, runbook: RunbookDefinition, side: str) -> Practice | None:
    """None where no step of the runbook confirms an outage."""
    steps = [(number, step.title) for number, step in enumerate(runbook.steps, 1) if step.kind == CONFIRMS]
    if not steps:
        return None
    number, title = steps[0]
    long = span(entry.policy.unreachable_for)
    refuses = (
        f"Step {number}, {title}, is refused (R27) until 2 vantage points have had no answer from {side} for {long}."
    )
    return Practice(f"{refuses} {_how(entry, side)}", _is_sandbox(entry))


def practice_on(entry: PairEntry, side: str) -> Practice:
    """The same, of all runbooks for an outage."""
    text = f"A drill sends real commands, so {side} has to be really gone. {_how(entry, side)}"
    return Practice(text, _is_sandbox(entry))


def _how(entry: PairEntry, side: str) -> str:
    if _is_sandbox(entry):
        return f"This pair is simulated: switch on “Region down” on {side} for a drill. {REHEARSAL}"
    return (
        f"Breakwater breaks no cluster: those who run {side} take it down for a drill, on topics that are made for it. "
        f"{REHEARSAL}"
    )


def _is_sandbox(entry: PairEntry) -> bool:
    return entry.sandbox is not None
