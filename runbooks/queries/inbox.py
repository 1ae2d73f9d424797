"""What waits for a person, and what waits for somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from audit.models import Event as Recorded
from people import glass
from people.models import BrokenGlass
from people.rights import Right
from runbooks.engine.states import RUN_OVER, Mode, StepState
from runbooks.models import DefinitionVersion, Run, VersionState
from runbooks.queries.steps import StepRows, steps_that_wait
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import AT_WORK, Chip, run_chip

S = StepState
VERBS: dict[StepState, Chip] = {
    S.READY: Chip("you", "Confirm"),
    S.AWAITING_APPROVAL: Chip("you", "Approve"),
    S.BLOCKED: Chip("you", "Look again"),
    S.PARTIAL: Chip("you", "Decide"),
    S.FAILED: Chip("you", "Decide"),
}


@dataclass(frozen=True)
class Waits:
    """One thing. `until` is when it ends by itself, and `then` what happens; `asked_by` is whoever asked."""

    chip: Chip
    title: str
    href: str
    text: str
    since: datetime
    asked_by: str
    until: datetime | None = None
    then: str = ""


@dataclass(frozen=True)
class Inbox:
    now: Sequence[Waits] = field(default_factory=tuple)
    reviews: Sequence[Waits] = field(default_factory=tuple)
    others: Sequence[Waits] = field(default_factory=tuple)

    @property
    def mine(self) -> list[Waits]:
        return [*self.now, *self.reviews]

    @property
    def first_end(self) -> datetime | None:
        return min((item.until for item in self.now if item.until), default=None)


@dataclass(frozen=True)
class Waiting:
    """For the badge: how many, and for how long the oldest."""

    count: int = 0
    oldest: timedelta = timedelta()


def waiting_for(viewer: Viewer) -> Waiting:
    mine = inbox(viewer).mine
    if not mine:
        return Waiting()
    return Waiting(len(mine), timezone.now() - min(item.since for item in mine))


def inbox(viewer: Viewer) -> Inbox:
    runs = list(
        Run.objects.filter(mode__in=[Mode.LIVE, Mode.DRILL]).exclude(state__in=RUN_OVER).select_related("commander")
    )
    rows = steps_that_wait(runs)
    now: list[Waits] = []
    others: list[Waits] = []
    for run in runs:
        for waits, is_mine in _of_run(run, rows[run.pk], viewer):
            (now if is_mine else others).append(waits)
    far = timezone.now() + timedelta(days=400)
    now.sort(key=lambda item: (item.until or far, item.since))
    return Inbox(now, list(_reviews(viewer)), others)


def _of_run(run: Run, steps: Sequence[StepRows], viewer: Viewer) -> Iterator[tuple[Waits, bool]]:
    if run.held:
        chip = Chip("you", "Adopt") if viewer.may_command else run_chip(run)
        since = (
            Recorded.objects.filter(run=run.pk, kind="run.held").order_by("-seq").values_list("at", flat=True).first()
        )
        title = f"{run} is held"
        yield Waits(chip, title, _href(run), run.held, since or run.started_at, str(run)), viewer.may_command
    for rows in steps:
        if waits := _of_step(run, rows, viewer):
            yield waits


def _of_step(run: Run, rows: StepRows, viewer: Viewer) -> tuple[Waits, bool] | None:
    step, state = rows.step, S(rows.step.state)
    is_open = state in VERBS and not run.held and run.state == "running"
    if not (is_open or state in AT_WORK or state == S.UNKNOWN or rows.is_drifted):
        return None
    is_mine = _is_mine(rows, viewer) and (is_open or rows.is_drifted)
    chip = (Chip("you", "Acknowledge") if rows.is_drifted else VERBS[state]) if is_mine else rows.chip(viewer)
    live = rows.live if state == S.AWAITING_APPROVAL else None
    waits = Waits(
        chip,
        f"{run}: {step.title}",
        _href(run, step.key),
        _text(rows),
        step.moved_at,
        live.requester.name if live else str(run),
        live.expires_at if live else None,
        "then nothing is sent" if live else "",
    )
    return waits, is_mine


def _is_mine(rows: StepRows, viewer: Viewer) -> bool:
    return rows.votes.waits_for(viewer) if rows.step.state == S.AWAITING_APPROVAL else viewer.may_command


def _text(rows: StepRows) -> str:
    step = rows.step
    if rows.is_drifted:
        return f"Done, and no longer true: {step.drift_why}"
    if step.state == S.AWAITING_APPROVAL:
        digest = rows.live.digest[:8] if rows.live else ""
        way = " No way back." if step.is_irreversible else ""
        return f"Approval, {rows.votes} given.{way} Digest {digest}."
    return step.summary or f"Step {step.position}, {step.kind}."


def _href(run: Run, key: str = "") -> str:
    return reverse("runbooks:run", args=[run.pk]) + (f"?step={key}#step-title" if key else "")


def _reviews(viewer: Viewer) -> Iterator[Waits]:
    if Right.REVIEW_BREAK_GLASS in viewer.rights:
        yield from (_of_glass(broken) for broken in glass.owed() if not viewer.is_(broken.person_id))
    if Right.APPROVE_DEFINITION in viewer.rights:
        waiting = DefinitionVersion.objects.filter(state=VersionState.IN_REVIEW).exclude(author=viewer.person)
        for version in waiting.select_related("definition", "author"):
            text = "You did not write it, so you may approve it."
            yield _of_version(version, "Review", text, version.submitted_at or version.made_at)
    rejected = DefinitionVersion.objects.filter(state=VersionState.DRAFT, author=viewer.person).exclude(rejection="")
    for version in rejected.select_related("definition", "author"):
        yield _of_version(
            version, "Correct", f"Sent back: {version.rejection}", version.submitted_at or version.made_at
        )


def _of_glass(broken: BrokenGlass) -> Waits:
    href = reverse("people:break-glass-review", args=[broken.pk])
    title, name = f"{broken.person.name} acted alone", broken.person.name
    return Waits(Chip("act", "Review"), title, href, broken.reason, broken.opened_at, name)


def _of_version(version: DefinitionVersion, verb: str, text: str, since: datetime) -> Waits:
    href = reverse("runbooks:version", args=[version.definition.slug, version.number])
    asked_by = version.author.name if version.author else "the release"
    return Waits(
        Chip("ok", verb), f"Runbook {version.definition.slug}, version {version.number}", href, text, since, asked_by
    )
