"""What a commander may do with a run as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clusters.inventory import semantic_diff
from dashboard import inventory
from runbooks.engine.states import RunState
from runbooks.models import Run
from runbooks.queries.offer import TO_CONFIRM, Asked
from runbooks.queries.viewer import Viewer


@dataclass(frozen=True)
class RunAct:
    """One form about the run. `act` names its address (`runbooks:run-<act>`)."""

    act: str
    button: str
    title: str
    explains: str
    needs_reason: bool = True
    reasons: Sequence[str] = ()
    hidden: Sequence[tuple[str, str]] = ()
    asks: Sequence[Asked] = ()
    phrase: str = ""
    phrase_label: str = TO_CONFIRM
    binds: str = ""
    why_not: str = ""
    lines: Sequence[str] = ()  # what it would accept, a sentence each
    is_due: bool = False  # stands open, because the run waits for it

    @property
    def id(self) -> str:
        return self.act


PAUSE = RunAct(
    "pause",
    "Pause",
    "Pause after what is under way…",
    "A promise: what is under way gets its outcome, then nothing begins until somebody resumes.",
    reasons=("to think", "waiting for another team", "hand-over"),
)
RESUME = RunAct("resume", "Resume", "Resume…", "Goes on where it was; guards are read again.", needs_reason=False)
ABORT = RunAct(
    "abort",
    "Abort this run",
    "Abort this run…",
    "It ends at the next boundary. What was sent still gets its outcome, and a step of unknown outcome stays watched.",
    reasons=("the side is back", "the wrong runbook", "decided to wait"),
)
TAKE = RunAct(
    "take-command",
    "Take command",
    "Take command…",
    "Everybody sees from then on that you are in command of this run.",
    reasons=("hand-over agreed on the bridge", "the commander cannot be reached"),
)


def changes(run: Run) -> list[str]:
    """What the inventory says differently now than when the run was started, or last adopted it."""
    pinned = inventory.version(run.inventory_digest)
    return [str(change) for change in semantic_diff(pinned, inventory.in_force())] if pinned else []


def run_acts(run: Run, viewer: Viewer) -> list[RunAct]:
    return [] if run.is_over or not viewer.may_command else list(_acts(run, viewer))


def _acts(run: Run, viewer: Viewer) -> Iterator[RunAct]:
    in_force = inventory.digest_in_force()
    if in_force and run.inventory_digest != in_force:
        yield RunAct(
            "adopt-inventory",
            "Adopt the inventory in force",
            "Adopt the changed inventory…",
            f"The inventory changed from {run.inventory_digest[:8]} to {in_force[:8]} while this run was under way. "
            "Adopting goes on with the new one; every confirmation and approval that was not carried out is void.",
            reasons=("reviewed: it does not concern this run", "reviewed: the change is what this run needs"),
            hidden=[("digest", in_force)],
            lines=changes(run),
            is_due=bool(run.held),
        )
    if run.state == RunState.RUNNING:
        yield PAUSE
    if run.state == RunState.PAUSED:
        yield RESUME
    if run.state != RunState.ABORTING:
        yield ABORT
    if not viewer.is_(run.commander_id):
        yield TAKE
