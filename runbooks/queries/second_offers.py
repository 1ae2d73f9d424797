"""What else may be done with a step: take back, decline, override, skip, acknowledge; each opens on demand."""

from __future__ import annotations

from collections.abc import Iterator

from runbooks.engine.outcome import Level
from runbooks.engine.states import StepState
from runbooks.queries.offer import Offer, fence, vote
from runbooks.queries.steps import StepRows
from runbooks.queries.viewer import Viewer

S = StepState
ENDED_BADLY = frozenset({S.BLOCKED, S.PARTIAL, S.FAILED})


def seconds(rows: StepRows, viewer: Viewer) -> Iterator[Offer]:
    state, attempt = S(rows.step.state), rows.live
    if state == S.AWAITING_APPROVAL and rows.votes.waits_for(viewer):
        yield _decline(rows)
    if state in {S.AWAITING_APPROVAL, S.QUEUED} and attempt and viewer.is_(attempt.requester_id):
        explains = "The step is then ready again; nothing was sent."
        yield Offer("withdraw", "Take it back", "Take it back before it is sent…", explains, hidden=[fence(rows)])
    if not viewer.may_command:
        return
    if viewer.may_go_alone and rows.asks and state in {S.READY, S.AWAITING_APPROVAL, S.BLOCKED}:
        yield _waive(rows)
    if state in {S.READY, S.AWAITING_APPROVAL, S.BLOCKED}:
        yield from _overrides(rows)
    if state in ENDED_BADLY or (rows.step.is_optional and state in {S.READY, S.LOCKED}):
        yield _skip(rows)


def left_open(rows: StepRows, viewer: Viewer) -> Iterator[Offer]:
    """Of a run that is over: nothing but to stop watching what never came to an end."""
    if rows.step.state in {S.OBSERVING, S.UNKNOWN} and viewer.may_command:
        explains = (
            "It is still watched, and while it is no other command goes to its targets. See for yourself what became "
            "of them first: from here on it counts as failed."
        )
        yield Offer(
            "let-go",
            "Stop watching it",
            "Stop watching it…",
            explains,
            needs_reason=True,
            hidden=[fence(rows)],
            reasons=("settled by hand, outside Breakwater", "seen by hand: nothing of it was applied"),
        )


def _decline(rows: StepRows) -> Offer:
    return Offer(
        "decline",
        "Decline",
        "Decline…",
        "One decline returns the step to the one who asked; nothing is sent.",
        hidden=vote(rows),
        needs_reason=True,
        reasons=("not yet: I want to see more", "the wrong targets", "waiting is better now"),
    )


def _skip(rows: StepRows) -> Offer:
    return Offer(
        "skip",
        "Skip this step",
        "Skip this step…",
        "The run goes on without it. Skipping satisfies no guard of a later step.",
        needs_reason=True,
        hidden=[fence(rows)],
        reasons=("not needed here", "done outside Breakwater", "not possible now, will be made up for"),
    )


def _waive(rows: StepRows) -> Offer:
    explains = (
        "This step alone is confirmed by you alone. Everybody is shown that, and another person reviews it afterwards. "
        "Guards stay."
    )
    return Offer(
        "waive",
        "Go on alone",
        "Go on without another person…",
        explains,
        needs_reason=True,
        hidden=[fence(rows)],
        reasons=("nobody else can be reached", "waiting for the other person costs more than this"),
    )


def acknowledge(rows: StepRows) -> Offer:
    return Offer(
        "acknowledge",
        "Go on although it no longer holds",
        "Acknowledge by name…",
        f"{rows.step.drift_why} The next step waits until it is put right, or you say by name that it may stay so.",
        needs_reason=True,
        hidden=[("why", rows.step.drift_why)],
        reasons=("known, and harmless for what follows", "put right by hand, the reading follows"),
    )


def _overrides(rows: StepRows) -> Iterator[Offer]:
    for verdict in rows.refusals:
        if verdict["level"] == Level.OVERRIDABLE:
            code, name = verdict["code"], verdict.get("guard") or verdict["code"]
            yield Offer(
                "override",
                f"Override {code}",
                f"Override {code}, {verdict['title']}…",
                f"{verdict['says']} Your name and your reason stay marked in the run and in the report, for good.",
                needs_reason=True,
                hidden=[fence(rows), ("guard", name)],
            )
