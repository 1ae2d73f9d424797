"""Runs as a list: which state, who is awaited, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from runbooks.engine.states import RUN_OVER
from runbooks.models import Run
from runbooks.queries.steps import StepRows, current, steps_of
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import Chip, run_chip


@dataclass(frozen=True)
class RunLine:
    run: Run
    chip: Chip
    awaits: Chip | None
    step: str
    since: datetime


def runs(*, pair: str = "", state: str = "", mode: str = "") -> QuerySet[Run]:
    """Newest first. `state` is open or over; empty means any."""
    found = Run.objects.select_related("version__definition", "commander", "incident")
    if pair:
        found = found.filter(pair=pair)
    if mode:
        found = found.filter(mode=mode)
    if state:
        over = {"state__in": sorted(RUN_OVER)}
        found = found.filter(**over) if state == "over" else found.exclude(**over)
    return found.order_by("-started_at", "-pk")


def run_lines(page: Sequence[Run], viewer: Viewer) -> list[RunLine]:
    rows = steps_of(page)
    return [_line(run, rows[run.pk], viewer) for run in page]


def _line(run: Run, steps: Sequence[StepRows], viewer: Viewer) -> RunLine:
    at = current(steps)
    if run.is_over or at is None:
        return RunLine(run, run_chip(run), None, run.ending, run.finished_at or run.started_at)
    return RunLine(run, run_chip(run), at.chip(viewer), f"{at.step.position}. {at.step.title}", at.step.moved_at)
