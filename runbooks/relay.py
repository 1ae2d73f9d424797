"""Rings the bell right after a commit: one thread in each process publishes outbox rows.

Publishing is a hint. It never happens inside a request, and whatever goes wrong here, `run_executor` finds the row.
"""

from __future__ import annotations

import heapq
import logging
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from runbooks.models import Outbox

log = logging.getLogger(__name__)
TASKS = {
    Outbox.Task.ADVANCE.value: "runbooks.tasks.advance_step",
    Outbox.Task.LOOK.value: "runbooks.tasks.look_at_step",
    Outbox.Task.PREFLIGHT.value: "runbooks.tasks.preflight_step",
}
MARK_EVERY_S = 0.25  # one write for many bells: on SQLite each would take the lock the worker is waiting for
REST_S = 2.0  # after a failure: a broker that hangs would make every bell wait for its time-out


@dataclass(order=True)
class Bell:
    """One message to publish when it is due. `row` is its outbox row, 0 for none."""

    due: float  # monotonic
    task: str = field(compare=False)
    args: tuple[Any, ...] = field(compare=False)
    row: int = field(default=0, compare=False)
    queue: str | None = field(default=None, compare=False)
    expires: float | None = field(default=None, compare=False)


def ring_after_commit(rows: Iterable[Outbox], now: datetime) -> None:
    """Publish these rows when the open transaction has committed, each when it is due."""
    bells = [bell_of(row, now) for row in rows]
    transaction.on_commit(lambda: ring(bells), robust=True)


def bell_of(row: Outbox, now: datetime) -> Bell:
    due = time.monotonic() + (row.due_at - now).total_seconds()
    return Bell(due, TASKS[row.task], (row.step_id, row.fence), row.pk)


def ring(bells: Iterable[Bell]) -> None:
    _relay().put(bells)


def is_in_vain() -> bool:
    """Whether this process last found the broker taking no messages: who would be rung then has to be done for."""
    return _running is not None and _running.is_alive and _running.is_in_vain


def pulse() -> None:
    """Ask each queue for a sign of life. A worker that is deaf to its queue does not give one."""
    queues = (settings.CELERY_ACT_QUEUE, settings.CELERY_OBSERVE_QUEUE)
    roles = ("act", "observe")
    now = time.monotonic()
    ring(
        Bell(now, "runbooks.tasks.pulse", (role,), queue=queue, expires=5.0)
        for role, queue in zip(roles, queues, strict=True)
    )


class Relay:
    def __init__(self) -> None:
        self.process = os.getpid()
        self._bells: list[Bell] = []
        self._woken = threading.Condition()
        self._rung: dict[bool, list[int]] = {True: [], False: []}
        self._rests_until = 0.0
        self.is_in_vain = False  # the last bell could not be rung
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """A forked child inherits the object, but not its thread."""
        return self.process == os.getpid() and self._thread.is_alive()

    def put(self, bells: Iterable[Bell]) -> None:
        with self._woken:
            for bell in bells:
                heapq.heappush(self._bells, bell)
            self._woken.notify()

    def _run(self) -> None:
        marked_at = time.monotonic()
        while True:
            if bell := self._next(until=marked_at + MARK_EVERY_S if any(self._rung.values()) else None):
                rung = self._publish(bell)
                if bell.row:
                    self._rung[rung].append(bell.row)
            if any(self._rung.values()) and time.monotonic() >= marked_at + MARK_EVERY_S:
                self._mark()
                marked_at = time.monotonic()

    def _next(self, until: float | None) -> Bell | None:
        """The next bell that is due; None when it is time to write down which were rung."""
        with self._woken:
            while True:
                now = time.monotonic()
                if self._bells and self._bells[0].due <= now:
                    return heapq.heappop(self._bells)
                if until is not None and now >= until:
                    return None
                ends = [end for end in (until, self._bells[0].due if self._bells else None) if end is not None]
                self._woken.wait(min(ends) - now if ends else None)

    def _publish(self, bell: Bell) -> bool:
        """False when the broker cannot be reached within its time-out (1 s)."""
        if time.monotonic() < self._rests_until:
            return False
        where: dict[str, Any] = {"queue": bell.queue} if bell.queue else {}
        try:
            current_app.send_task(
                bell.task, args=bell.args, ignore_result=True, retry=False, expires=bell.expires, **where
            )
        except (OperationalError, RedisError, OSError) as error:
            log.warning("the broker does not take messages (%s); the executor does the work", error)
            self._rests_until, self.is_in_vain = time.monotonic() + REST_S, True
            return False
        self.is_in_vain = False
        return True

    def _mark(self) -> None:
        try:
            for rung, column in ((True, "published_at"), (False, "unpublishable_at")):
                rows, self._rung[rung] = self._rung[rung], []
                if rows:
                    Outbox.objects.filter(pk__in=rows, done_at=None).update(**{column: Now()})
        except DatabaseError as error:
            log.warning("which messages were sent could not be written down: %s", error)
        finally:
            connection.close()


_lock = threading.Lock()
_running: Relay | None = None


def _relay() -> Relay:
    """The process's own."""
    global _running
    with _lock:
        if _running is None or not _running.is_alive:
            _running = Relay()
        return _running


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()  # the parent's may have been held by a thread that the child does not have


os.register_at_fork(after_in_child=_after_fork)
