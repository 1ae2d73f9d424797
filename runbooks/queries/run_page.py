"""All that the page of a run shows, and the two tags by which the page knows that it has something new to show."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse

from audit.models import Event as Recorded
from clusters.declared import PairEntry
from clusters.facts import Policy
from dashboard import inventory
from runbooks.engine.states import StepState
from runbooks.engine.written import RunbookDefinition
from runbooks.models import DefinitionVersion, Evidence, Mark, Run, VersionState
from runbooks.queries.bar import Bar, bar
from runbooks.queries.board import Board, board
from runbooks.queries.card import Card, card
from runbooks.queries.clocks import Clock, clocks
from runbooks.queries.effort import effort, moves_of
from runbooks.queries.offer import Offers
from runbooks.queries.offers import offers
from runbooks.queries.pace import is_slow, pace_of
from runbooks.queries.run_acts import RunAct, run_acts
from runbooks.queries.sent import not_proven
from runbooks.queries.steps import StepRows, current, steps_of
from runbooks.queries.timeline import TimelineLine, timeline
from runbooks.queries.together import beside_of, group_above
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import AT_WORK, Chip, run_chip
from runbooks.services.script import runbook_of

HEALTHY = "T8"


@dataclass(frozen=True)
class StepLine:
    """One line of the step list, as the component draws it."""

    number: int
    title: str
    who: str
    href: str
    is_current: bool
    mark: str
    mark_word: str
    state: Chip | None
    zone: str = ""
    no_return: bool = False
    is_moving: bool = False
    group: str = ""
    beside: str = ""


@dataclass(frozen=True)
class RunPage:
    run: Run
    title: str
    chip: Chip
    definition: RunbookDefinition
    entry: PairEntry | None
    steps: Sequence[StepLine]
    card: Card
    offers: Offers
    bar: Bar
    clocks: Sequence[Clock]
    said: str
    viewer: Viewer
    follows: bool
    now: datetime
    seq: int
    run_acts: Sequence[RunAct]
    is_slow: bool  # the step that is shown takes longer than almost ever before

    @cached_property
    def timeline(self) -> list[TimelineLine]:
        """Read only where it is shown: an answer that nothing is new needs none of it."""
        return timeline(self.run, self.definition)

    @cached_property
    def board(self) -> Board:
        return board(self.run, self.entry)

    @cached_property
    def evidence(self) -> list[Evidence]:
        return list(Evidence.objects.filter(run=self.run))

    @cached_property
    def newer(self) -> DefinitionVersion | None:
        """What a run started now would follow; this one keeps its own text."""
        version, approved = self.run.version, DefinitionVersion.objects.filter(state=VersionState.APPROVED)
        newer = approved.filter(definition=version.definition_id, number__gt=version.number)
        return newer.order_by("-number").first()

    @property
    def must_adopt(self) -> bool:
        """Nothing of this run goes on before its commander adopts the inventory in force."""
        return any(act.is_due for act in self.run_acts)

    @property
    def here(self) -> str:
        """The address that shows the same again."""
        return address(self.run) + ("" if self.follows else f"?step={self.card.rows.step.key}")

    @property
    def watches(self) -> bool:
        """Whether this viewer's looking keeps the preflight fresh."""
        may_decide = self.viewer.may_command or self.viewer.may_approve
        is_open = self.card.rows.step.state in {StepState.READY, StepState.AWAITING_APPROVAL, StepState.BLOCKED}
        return may_decide and is_open and not self.run.is_over and not self.run.is_rehearsal

    @property
    def is_moving(self) -> bool:
        is_read = self.card.read_at is not None or not self.watches
        return not self.run.is_over and (not is_read or any(line.is_moving for line in self.steps))

    @property
    def panel_tag(self) -> str:
        """Of the forms: another one means that something else can be done, or on other facts."""
        rows = self.card.rows
        digest = rows.preflight.digest if rows.preflight and self.offers.primary else ""
        return _hash(
            rows.step.key,
            rows.step.state,
            rows.step.drift_why,
            digest,
            self.offers.names,
            self.run.state,
            self.run.held,
            [act.id for act in self.run_acts],
        )

    @property
    def tag(self) -> str:
        """Of everything that moves by more than the clock."""
        preflight = self.card.rows.preflight
        return _hash(
            self.panel_tag,
            self.seq,
            self.run.fence,
            preflight.at if preflight else None,
            [(line.mark, line.state, line.who) for line in self.steps],
            self.card.notices,
            self.bar,
            self.card.sent.looked_at if self.card.sent else None,
            self.is_slow,
        )


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def run_page(run: Run, viewer: Viewer, now: datetime, *, step_key: str = "") -> RunPage:
    """`step_key` shows another step than the one the run is at. LookupError where the run has no such step."""
    steps = steps_of([run])[run.pk]
    at = current(steps, viewer)
    shown = next((rows for rows in steps if rows.step.key == step_key), None) if step_key else at
    if shown is None:
        raise LookupError(f"{run} has no step {step_key!r}")
    definition, entry = runbook_of(run), inventory.pair_entry(run.pair)
    policy = entry.policy if entry else Policy()
    offered = offers(run, shown, viewer, not_proven=not_proven(shown, entry))
    chip = shown.chip(viewer)
    spent = effort(moves_of([run.pk]), run.started_at, run.finished_at or now)
    usual = pace_of(run.pair, shown.step.kind)
    return RunPage(
        run,
        title(run, definition),
        run_chip(run),
        definition,
        entry,
        lines(run, steps, viewer, shown, definition),
        card(run, shown, len(steps), viewer, definition.step(shown.step.key), entry, now),
        offered,
        bar(run, shown, chip, offered),
        clocks(run, shown.step, spent, policy, now, healthy_at(run), usual),
        said(run, steps, viewer),
        viewer,
        not step_key or shown is at,
        now,
        Recorded.objects.filter(run=run.pk).order_by("-seq").values_list("seq", flat=True).first() or 0,
        run_acts(run, viewer),
        is_slow(shown.step, usual, now),
    )


def address(run: Run) -> str:
    return reverse("runbooks:run", args=[run.pk])


def title(run: Run, definition: RunbookDefinition) -> str:
    return f"{definition.title}: {run.pair}"


def healthy_at(run: Run) -> datetime | None:
    if run.incident_id is None:
        return None
    return Mark.objects.filter(incident=run.incident_id, name=HEALTHY).values_list("at", flat=True).first()


def lines(
    run: Run, steps: Sequence[StepRows], viewer: Viewer, shown: StepRows | None, definition: RunbookDefinition
) -> list[StepLine]:
    beside, groups = beside_of({rows.step.key: rows.step.needs for rows in steps}), _groups(definition)
    no_return = next((rows.step.position for rows in steps if rows.step.is_irreversible), None)
    found: list[StepLine] = []
    for rows in steps:
        mark, word = rows.mark
        chip = rows.chip(viewer)
        is_waiting = rows.step.state not in QUIET or rows.step.drifted or rows.step.rehearsed in {"refused", "unjudged"}
        found.append(
            StepLine(
                rows.step.position,
                rows.step.title,
                chip.word,
                f"{address(run)}?step={rows.step.key}#step-title",
                rows is shown,
                mark,
                word,
                chip if is_waiting else None,
                _zone(rows.step.position, no_return),
                rows.step.position == no_return,
                rows.step.state in AT_WORK or rows.step.state == StepState.UNKNOWN,
                groups[rows.step.key],
                beside[rows.step.key],
            )
        )
    return found


def _groups(definition: RunbookDefinition) -> dict[str, str]:
    """The heading above each step."""
    before = ("", *(step.group for step in definition.steps))
    return {step.key: group_above(step.group, last) for step, last in zip(definition.steps, before, strict=False)}


QUIET = frozenset({StepState.LOCKED, StepState.SUCCEEDED, StepState.SKIPPED, StepState.CANCELLED})


def _zone(position: int, no_return: int | None) -> str:
    if no_return is None:
        return "No step here is without a way back." if position == 1 else ""
    if position == no_return:
        return "Forward only. Each step states its own way on."
    return "Each of these can still be taken back." if position == 1 else ""


def said(run: Run, steps: Sequence[StepRows], viewer: Viewer) -> str:
    """One sentence for those who listen: who must act now, and at which step."""
    at = current(steps, viewer)
    if run.is_over or at is None:
        return f"{run} is {run_chip(run).word.lower()}. {run.ending}".strip()
    return f"Step {at.step.position} of {len(steps)}, {at.step.title}: {_spoken(at, viewer)}."


def _spoken(at: StepRows, viewer: Viewer) -> str:
    """Without what counts by itself, so that it is read out when the state changes and not at every look."""
    chip = at.chip(viewer)
    return chip.word.partition(":")[0] if at.step.state in AT_WORK else chip.word
