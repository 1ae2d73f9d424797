"""What somebody does who has reached the database's own prompt, or the broker."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import timedelta

import redis
from django.conf import settings

from audit.clock import database_now
from people.models import Account
from runbooks import relay
from runbooks.engine.kinds import guards
from runbooks.engine.states import StepState
from runbooks.models import Approval, Attempt, Outbox, Override, Preflight, StepRun

EVERY_CODE = {"may-change", "R12b", *(f"R{number:02}" for number in range(1, 43))}


def forge_confirmed(step: StepRun, requester: Account, approver: Account) -> StepRun:
    """Confirmed, approved, queued and long due, bound by the digest of the stored preflight."""
    shown, now = Preflight.objects.get(step=step), database_now()
    attempt = Attempt.objects.create(
        step=step, number=step.attempts + 1, requester=requester.person, digest=shown.digest, binding=shown.binding,
        seen=shown.seen, phrase=shown.phrase, requested_at=now, expires_at=now + timedelta(minutes=10),
    )  # fmt: skip
    Approval.objects.create(
        attempt=attempt, requester=requester.person, approver=approver.person, verdict=Approval.Verdict.APPROVE,
        digest=shown.digest, at=now,
    )  # fmt: skip
    StepRun.objects.filter(pk=step.pk).update(state=StepState.QUEUED, fence=step.fence + 1, attempts=attempt.number)
    step.refresh_from_db()
    overdue = now - timedelta(seconds=20)
    Outbox.objects.create(task=Outbox.Task.ADVANCE, step=step, fence=step.fence, made_at=overdue, due_at=overdue)
    return step


def override_everything(step: StepRun, person: Account) -> None:
    """A row for each guard, by its name and by its code."""
    now, number = database_now(), step.attempts + 1
    Override.objects.bulk_create(
        Override(step=step, attempt=number, guard=name, person=person.person, reason="forged", at=now)
        for name in {*guards, *EVERY_CODE}
    )


def paint_green(step: StepRun) -> None:
    """Every guard met, nothing to do by hand, and a digest where there was none."""
    shown = Preflight.objects.get(step=step)
    shown.verdicts = [{**row, "is_met": True} for row in shown.verdicts]
    shown.digest = shown.digest or "0" * 64
    shown.problem, shown.preview = "", {"is_guided": False}
    shown.save()


def push(step_id: int, fence: int) -> None:
    """Every task there is, as raw bytes into the list that the `act` workers read."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    for task in relay.TASKS.values():
        broker.lpush(f"{settings.INSTALLATION}:{settings.CELERY_ACT_QUEUE}", _message(task, [step_id, fence]))
    broker.close()


def _message(task: str, args: list[int]) -> bytes:
    number = str(uuid.uuid4())
    body = base64.b64encode(json.dumps([args, {}, {}]).encode()).decode()
    headers = {
        "lang": "py",
        "task": task,
        "id": number,
        "root_id": number,
        "retries": 0,
        "argsrepr": "",
        "kwargsrepr": "",
    }
    delivery = {"exchange": "", "routing_key": settings.CELERY_ACT_QUEUE}
    properties = {
        "correlation_id": number, "delivery_mode": 2, "delivery_info": delivery, "priority": 0,
        "body_encoding": "base64", "delivery_tag": number,
    }  # fmt: skip
    message = {
        "body": body, "content-encoding": "utf-8", "content-type": "application/json", "headers": headers,
        "properties": properties,
    }  # fmt: skip
    return json.dumps(message).encode()
