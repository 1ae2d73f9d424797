"""Planned durations: how long each step kind took in past runs of a pair."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import QuerySet

from runbooks.engine.kinds import Nature
from runbooks.engine.pace import Pace, pace
from runbooks.engine.states import Mode, StepState
from runbooks.models import StepRun

NEWEST = 1000  # steps of a pair: what was long ago says little of today's clusters


def paces(pair: str) -> Mapping[str, Pace]:
    """By step kind, from live runs and drills; none for a kind that was not done often enough."""
    lengths: dict[str, list[timedelta]] = {}
    for kind, begun, ended in _done(pair).values_list("kind", "started_at", "ended_at")[:NEWEST]:
        if begun and ended:
            lengths.setdefault(kind, []).append(ended - begun)
    found = {kind: pace(each) for kind, each in lengths.items()}
    return {kind: each for kind, each in found.items() if each is not None}


def pace_of(pair: str, kind: str) -> Pace | None:
    rows = _done(pair).filter(kind=kind).values_list("started_at", "ended_at")[:NEWEST]
    return pace(ended - begun for begun, ended in rows if begun and ended)


def is_slow(step: StepRun, usual: Pace | None, now: datetime) -> bool:
    """While it is under way, longer than almost ever before."""
    is_under_way = step.started_at is not None and step.ended_at is None and step.state != StepState.READY
    return bool(usual and is_under_way and step.started_at and usual.is_slow(now - step.started_at))


def _done(pair: str) -> QuerySet[StepRun]:
    """From the first command or look to the end. A person's word takes as long as the person does."""
    found = StepRun.objects.filter(run__pair=pair, state=StepState.SUCCEEDED.value, rehearsed="")
    found = found.exclude(run__mode=Mode.REHEARSAL.value).exclude(nature=Nature.ATTEST.value)
    return found.filter(started_at__isnull=False, ended_at__isnull=False).order_by("-ended_at")
