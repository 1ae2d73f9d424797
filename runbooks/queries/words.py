"""The states of steps and runs in words that say who must act. A chip is always word + shape + colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runbooks.engine.outcome import ItemState
from runbooks.engine.states import RunState, StepState
from runbooks.models import Approval, Attempt, Run, StepRun
from runbooks.queries.viewer import Viewer

S = StepState
OPEN = frozenset({S.READY, S.AWAITING_APPROVAL, S.BLOCKED, S.PARTIAL, S.FAILED, S.UNKNOWN})  # a person may act
AT_WORK = frozenset({S.QUEUED, S.CLAIMED, S.SENT, S.OBSERVING})  # machines act
OVER = frozenset({S.SUCCEEDED, S.SKIPPED, S.CANCELLED})


@dataclass(frozen=True)
class Chip:
    """A state as a page shows it: `kind` is its colour, `glyph` its shape, `word` who must act."""

    kind: str
    word: str
    glyph: str = ""


@dataclass(frozen=True)
class Votes:
    """Who has agreed to the live attempt. The confirmer counts as the first."""

    attempt: Attempt | None
    approvals: Sequence[Approval]
    needed: int

    @property
    def given(self) -> int:
        agreed = [word for word in self.approvals if word.verdict == Approval.Verdict.APPROVE]
        return len(agreed) + (self.attempt is not None)

    def has_spoken(self, person_id: int) -> bool:
        return any(word.approver_id == person_id for word in self.approvals)

    def waits_for(self, viewer: Viewer) -> bool:
        """Whether this viewer could give the next approval."""
        if self.attempt is None or not viewer.may_approve or viewer.is_(self.attempt.requester_id):
            return False
        return not self.has_spoken(viewer.person.pk)

    def __str__(self) -> str:
        return f"{self.given} of {self.needed + 1}"


@dataclass(frozen=True)
class Seen:
    """What the words of one step rest on, besides its own row."""

    votes: Votes
    items: Counter[ItemState]
    sent_at: datetime | None
    where: str  # the side it acts on; "" where not known
    refused_by: Sequence[str]  # codes of the guards that refused it
    waits_for: Sequence[int] = ()  # positions of the steps before it that are not done
    is_guided: bool = False  # a person runs the command

    @property
    def done(self) -> int:
        return self.items[ItemState.DONE]

    @property
    def all_items(self) -> int:
        return self.items.total()


REHEARSED = {
    "allowed": Chip("machine", "Would be allowed", "sensed"),
    "refused": Chip("blocked", "Would be refused"),
    "unjudged": Chip("unknown", "Cannot be judged yet"),
}
Say = Callable[[StepRun, Seen, Viewer], Chip]


def chip(step: StepRun, seen: Seen, viewer: Viewer) -> Chip:
    """The state of a step, for this viewer."""
    if step.rehearsed:
        return REHEARSED[step.rehearsed]
    if step.state == S.SUCCEEDED and step.drifted:
        return Chip("drifted", f"Done {clock(step.ended_at)}, no longer true")
    return SAY[StepState(step.state)](step, seen, viewer)


def clock(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%H:%M:%S") if at else "at a time not known"


def length(span: timedelta) -> str:
    """3:04 or 1:02:03, as a clock shows it."""
    whole = max(0, int(span.total_seconds()))
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def listed(names: Iterable[str], last: str = "and") -> str:
    words = list(names)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """With a capital and a full stop, whatever it was given."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?', '…')) else '.'}" if text else ""


def _locked(_step: StepRun, seen: Seen, _viewer: Viewer) -> Chip:
    if not seen.waits_for:
        return Chip("locked", "Locked")
    steps = f"step{'s' if len(seen.waits_for) > 1 else ''} {listed(map(str, seen.waits_for))}"
    return Chip("locked", f"Locked until {steps} {'are' if len(seen.waits_for) > 1 else 'is'} done")


def _ready(_step: StepRun, _seen: Seen, viewer: Viewer) -> Chip:
    return Chip("you", "Waiting for you") if viewer.may_command else Chip("machine", "Waiting for a commander", "you")


def _awaiting(_step: StepRun, seen: Seen, viewer: Viewer) -> Chip:
    if seen.votes.waits_for(viewer):
        return Chip("you", f"Waiting for you: approval ({seen.votes})")
    return Chip("machine", f"Waiting for another person ({seen.votes})", "approver")


def _queued(_step: StepRun, _seen: Seen, _viewer: Viewer) -> Chip:
    return Chip("machine", "Waiting for a worker", "queued")


def _claimed(step: StepRun, _seen: Seen, _viewer: Viewer) -> Chip:
    return Chip("machine", f"Judged again by {step.claimed_by}, nothing sent yet", "observing")


def _sent(_step: StepRun, seen: Seen, _viewer: Viewer) -> Chip:
    to = f" to {seen.where}" if seen.where else ""
    return Chip("machine", f"Sent{to} at {clock(seen.sent_at)}", "observing")


def _observing(step: StepRun, seen: Seen, _viewer: Viewer) -> Chip:
    progress = f": {seen.done} of {seen.all_items}" if seen.all_items > 1 else ""
    waits = f"Waiting for {seen.where or 'what was asked to be seen'}{progress}"
    return Chip("act", f"{waits}, overdue") if step.overdue else Chip("machine", waits, "observing")


def _unknown(_step: StepRun, seen: Seen, viewer: Viewer) -> Chip:
    if seen.is_guided and not seen.done:
        by = "you" if viewer.may_command else "a commander"
        return Chip("you" if viewer.may_command else "machine", f"Waiting for {by} to run the command", "you")
    return Chip("unknown", "Outcome unknown, looking")


def _blocked(_step: StepRun, seen: Seen, _viewer: Viewer) -> Chip:
    by = f" by {listed(seen.refused_by)}" if seen.refused_by else ""
    return Chip("blocked", f"Refused{by}, nothing was done")


def _partial(_step: StepRun, seen: Seen, _viewer: Viewer) -> Chip:
    return Chip("partial", f"Partly done: {seen.done} of {seen.all_items}")


def _failed(_step: StepRun, _seen: Seen, viewer: Viewer) -> Chip:
    return Chip("failed", "Failed, waiting for you" if viewer.may_command else "Failed, waiting for a commander")


def _succeeded(step: StepRun, _seen: Seen, _viewer: Viewer) -> Chip:
    word = "Attested" if step.nature == "attest" else "Done"
    return Chip(
        "machine", f"{word} {clock(step.ended_at or step.moved_at)}", "attested" if word == "Attested" else "sensed"
    )


def _skipped(step: StepRun, _seen: Seen, _viewer: Viewer) -> Chip:
    return Chip("locked", f"Skipped by {step.moved_by.name}" if step.moved_by else "Skipped", "skipped")


def _cancelled(_step: StepRun, _seen: Seen, _viewer: Viewer) -> Chip:
    return Chip("locked", "Cancelled", "cancelled")


SAY: dict[StepState, Say] = {
    S.LOCKED: _locked,
    S.READY: _ready,
    S.AWAITING_APPROVAL: _awaiting,
    S.QUEUED: _queued,
    S.CLAIMED: _claimed,
    S.SENT: _sent,
    S.OBSERVING: _observing,
    S.UNKNOWN: _unknown,
    S.BLOCKED: _blocked,
    S.PARTIAL: _partial,
    S.FAILED: _failed,
    S.SUCCEEDED: _succeeded,
    S.SKIPPED: _skipped,
    S.CANCELLED: _cancelled,
}

RUN_CHIPS: dict[RunState, Chip] = {
    RunState.RUNNING: Chip("machine", "Running", "observing"),
    RunState.PAUSING: Chip("watch", "Pausing: takes effect after what is under way"),
    RunState.PAUSED: Chip("watch", "Paused"),
    RunState.ABORTING: Chip("act", "Aborting: what was sent still gets its outcome"),
    RunState.ABORTED: Chip("locked", "Aborted", "cancelled"),
    RunState.COMPLETED: Chip("ok", "Completed", "sensed"),
    RunState.COMPLETED_WITH_EXCEPTIONS: Chip("overridden", "Completed with exceptions"),
}


def run_chip(run: Run) -> Chip:
    if run.held and not run.is_over:
        return Chip("act", "Held, nothing is sent")
    return RUN_CHIPS[RunState(run.state)]
