"""Doing one slice, for whoever found it: a Celery task or the executor. The one place that catches everything."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError

from dashboard import inventory
from runbooks.engine.states import StepState
from runbooks.models import Outbox, StepRun
from runbooks.services import execution, looking, preflights
from runbooks.services.moves import live_attempt
from runbooks.services.refusing import refuse_broken

log = logging.getLogger(__name__)
SLICES: dict[str, Callable[[int, int, str], None]] = {
    Outbox.Task.ADVANCE.value: execution.advance,
    Outbox.Task.LOOK.value: looking.look,
    Outbox.Task.PREFLIGHT.value: preflights.make,
}


def perform(task: str, step_id: int, fence: int, by: str) -> None:
    """`by` names the worker in the record: `celery:<task id>` or `executor`. In a read-only process nothing is done."""
    if settings.READ_ONLY:
        return
    try:
        with inventory.kept():
            SLICES[task](step_id, fence, by)
    except Exception as error:
        log.exception("%s of step %s at fence %s failed", task, step_id, fence)
        # A database that was away for a moment is no reason to ask a person again: the lease frees what was claimed.
        if task == Outbox.Task.ADVANCE and not isinstance(error, OperationalError | InterfaceError):
            _try_to_give_back(step_id, fence, by, error)


def _try_to_give_back(step_id: int, fence: int, by: str, error: Exception) -> None:
    try:
        _give_back(step_id, fence, by, error)
    except DatabaseError:
        log.warning("step %s cannot be given back without a database: its lease, or its deadline, frees it", step_id)


def _give_back(step_id: int, fence: int, by: str, error: Exception) -> None:
    """A claim of ours that could not be judged is blocked at once. What was sent stays sent: only looking decides."""
    step = StepRun.objects.filter(pk=step_id, fence=fence + 1, state=StepState.CLAIMED.value, claimed_by=by)
    if found := step.select_related("run").first():
        refuse_broken(found, live_attempt(found), f"the step could not be judged ({type(error).__name__}: {error})", by)
