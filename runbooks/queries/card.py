"""The card of one step: challenge, evidence, response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clusters.declared import PairEntry
from runbooks.engine.states import StepState
from runbooks.engine.written import StepDefinition
from runbooks.models import Outbox, Run, StepRun
from runbooks.queries.guards import GuardRow, RefusalBox, guard_rows, refusal_boxes, summary
from runbooks.queries.sent import Items, Sent, items_of, sent_of
from runbooks.queries.steps import StepRows
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import OVER, Chip, clock, length, sentence

S = StepState
BEFORE_SENDING = frozenset({S.LOCKED, S.READY, S.AWAITING_APPROVAL, S.QUEUED, S.CLAIMED, S.BLOCKED})
SLOW = timedelta(seconds=3)


@dataclass(frozen=True)
class Vote:
    title: str
    note: str
    is_given: bool


@dataclass(frozen=True)
class Card:
    rows: StepRows
    of: int
    chip: Chip
    challenge: str
    done_means: str
    help: str
    notices: Sequence[RefusalBox]
    guards: Sequence[GuardRow]
    guards_summary: str
    preview: Mapping[str, Any]
    undo: str
    command: str
    is_guided: bool
    items: Items | None
    sent: Sent | None
    votes: Sequence[Vote]
    rehearsed: str

    @property
    def read_at(self) -> datetime | None:
        return self.rows.preflight.at if self.rows.preflight else None

    @property
    def oldest_at(self) -> datetime | None:
        return self.rows.preflight.oldest_at if self.rows.preflight else None

    @property
    def is_over(self) -> bool:
        return self.rows.step.state in OVER and not self.rows.step.rehearsed

    @property
    def has_line(self) -> bool:
        """The point of no return stands inside this card, between evidence and response."""
        return self.rows.step.is_irreversible and self.rows.step.state in BEFORE_SENDING


def _rehearsed(step: StepRun) -> str:
    """What a rehearsal found, in a sentence; its refusals stand below it, each for itself."""
    found = {"refused": "would be refused on today's facts", "unjudged": step.summary.partition(" Today:")[0]}
    return sentence(found.get(step.rehearsed, step.summary)) if step.rehearsed else ""


def card(
    run: Run,
    rows: StepRows,
    of: int,
    viewer: Viewer,
    definition: StepDefinition,
    entry: PairEntry | None,
    now: datetime,
) -> Card:
    step, preflight = rows.step, rows.preflight
    guards = guard_rows(rows.verdicts, rows.overridden) if step.state in BEFORE_SENDING or step.rehearsed else []
    preview = preflight.preview if preflight else {}
    if step.state not in BEFORE_SENDING:
        preview = {**preview, "problems": {}}  # of a dry run before what was sent since
    return Card(
        rows,
        of,
        rows.chip(viewer),
        challenge=(preflight.challenge if preflight else "") or f"{step.title}?",
        done_means=_done_means(rows),
        help=definition.help,
        notices=[*_notices(run, rows, now)],
        guards=guards,
        guards_summary=summary(guards),
        preview=preview,
        undo=definition.undo,
        command=str(preview.get("command", "")),
        is_guided=bool(preview.get("is_guided")) or bool(rows.attempt and rows.attempt.is_guided),
        items=items_of(rows, entry),
        sent=sent_of(rows, entry, now),
        votes=_votes(rows, viewer),
        rehearsed=_rehearsed(step),
    )


def _done_means(rows: StepRows) -> str:
    targets = len(rows.preflight.targets) if rows.preflight else 0
    what = f"all {targets} are seen in their end state" if targets > 1 else "it is seen in its end state"
    said = {"check": "what is asked is seen", "attest": "a person has given their word"}.get(rows.step.nature, what)
    return f"Done means: {said}. Allowed time {length(rows.step.timeout)}."


def _votes(rows: StepRows, viewer: Viewer) -> list[Vote]:
    if rows.live is None or not rows.asks:
        return []
    live, needed = rows.live, rows.asks + 1
    typed = "typed and " if live.phrase else ""
    asked = f"{typed}asked {clock(live.requested_at)} UTC"
    found = [Vote(f"1 of {needed} · {viewer.name_of(live.requester)}", asked, True)]
    for number, word in enumerate(rows.approvals, start=2):
        who, agreed = viewer.name_of(word.approver), f"{typed}agreed {clock(word.at)} UTC"
        found.append(Vote(f"{number} of {needed} · {who}", agreed, True))
    for number in range(len(found) + 1, needed + 1):
        is_you = number == len(found) + 1 and rows.votes.waits_for(viewer)
        who = f"you, {viewer.person.name}" if is_you else "another person"
        found.append(Vote(f"{number} of {needed} · {who}", f"not {viewer.name_of(live.requester)}", False))
    return found


def _notices(run: Run, rows: StepRows, now: datetime) -> Iterator[RefusalBox]:
    step = rows.step
    if run.held and not run.is_over:
        yield RefusalBox("The run is held, nothing is sent.", run.held, "")
    if run.state == "paused":
        yield RefusalBox("The run is paused.", "No step begins until somebody resumes it.", "", "warn")
    if rows.alone:
        who, why = rows.alone.person.name, rows.alone.reason
        yield RefusalBox(f"{who} goes on without another person.", sentence(why), "", "warn")
    if step.drifted:
        yield RefusalBox("Done, and no longer true.", sentence(step.drift_why), _drift_holds(rows), "warn")
    if step.state in {S.READY, S.AWAITING_APPROVAL, S.BLOCKED} or step.rehearsed:
        yield from refusal_boxes(rows.refusals)
    if say := SAYS.get(S(step.state)):
        yield from say(rows, now)
    if rows.preflight and rows.preflight.problem and step.state in BEFORE_SENDING:
        yield RefusalBox("It cannot be said yet what would be done.", rows.preflight.problem, "", "odd")
    if step.overdue:
        yield RefusalBox(
            "Longer than allowed.",
            f"The allowed time of {length(step.timeout)} is over. Nothing is called failed by the "
            "clock: wait on, look at the transition errors below, or abort the run.",
            "",
            "warn",
        )


def _drift_holds(rows: StepRows) -> str:
    word = rows.acknowledged
    if word is None:
        return "The next step waits until it is put right, or acknowledged by name."
    return f"{word.person.name} said at {clock(word.at)} UTC that it may stay so: “{word.reason}”"


def _ready(rows: StepRows, _now: datetime) -> Iterator[RefusalBox]:
    if rows.attempt and rows.attempt.ending:
        at = clock(rows.attempt.ended_at)
        yield RefusalBox(
            "The last request came to nothing; nothing was sent.", f"{rows.attempt.ending} ({at} UTC)", "", "warn"
        )


def _blocked(rows: StepRows, _now: datetime) -> Iterator[RefusalBox]:
    if rows.step.summary and not rows.refusals:
        yield RefusalBox("Refused right before sending; nothing was done.", rows.step.summary, "")


def _queued(rows: StepRows, now: datetime) -> Iterator[RefusalBox]:
    row = Outbox.objects.filter(step=rows.step, fence=rows.step.fence, task=Outbox.Task.ADVANCE, done_at=None).first()
    if row is None or now - row.made_at < SLOW:
        return
    why = "The message broker does not answer." if row.unpublishable_at else "No worker has taken it yet."
    yield RefusalBox(
        f"{why} Your decision is safe and will be carried out once.",
        f"It was committed {clock(row.made_at)} UTC with its audit event. The broker is only the doorbell: "
        "the executor takes over within seconds.",
        "",
        "warn",
    )


def _unknown(rows: StepRows, _now: datetime) -> Iterator[RefusalBox]:
    if rows.seen.is_guided:
        when = clock(rows.live.sent_at if rows.live else None)
        yield RefusalBox(
            f"Run the command now, if it was not run since {when} UTC.",
            "Guards were met right before. Breakwater sends nothing: it looks for what the command brings about.",
            "",
            "warn",
        )
        return
    said = sentence(rows.step.summary or "the connection ended before a usable answer came")
    yield RefusalBox("Not known, and not sent again.", f"{said} Only what the cluster shows settles it.", "", "odd")


def _ended_badly(rows: StepRows, _now: datetime) -> Iterator[RefusalBox]:
    yield RefusalBox(sentence(rows.step.summary or "it did not succeed"), "Nothing is tried again by itself.", "", "")


def _partly(rows: StepRows, _now: datetime) -> Iterator[RefusalBox]:
    stays = "What is done stays. Nothing is tried again by itself."
    yield RefusalBox(sentence(rows.step.summary or "partly done"), stays, "", "warn")


SAYS = {
    S.READY: _ready,
    S.BLOCKED: _blocked,
    S.QUEUED: _queued,
    S.UNKNOWN: _unknown,
    S.FAILED: _ended_badly,
    S.PARTIAL: _partly,
}
