"""Steps as tasks. A message carries a step id and its fence and nothing else; the rows decide what it is worth."""

from __future__ import annotations

from celery import Task, shared_task

from runbooks.models import Outbox
from runbooks.perform import perform
from runbooks.services.beats import beat


@shared_task(bind=True, max_retries=0)
def advance_step(self: Task[..., None], step_id: int, fence: int) -> None:
    perform(Outbox.Task.ADVANCE, step_id, fence, f"celery:{self.request.id}")


@shared_task(bind=True, max_retries=0)
def look_at_step(self: Task[..., None], step_id: int, fence: int) -> None:
    perform(Outbox.Task.LOOK, step_id, fence, f"celery:{self.request.id}")


@shared_task(bind=True, max_retries=0)
def preflight_step(self: Task[..., None], step_id: int, fence: int) -> None:
    perform(Outbox.Task.PREFLIGHT, step_id, fence, f"celery:{self.request.id}")


@shared_task(bind=True, max_retries=0)
def pulse(self: Task[..., None], role: str) -> None:
    beat(str(self.request.hostname), role)
