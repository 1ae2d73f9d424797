"""The loop that needs no broker: finds work that is due and that nobody does, and does it.

It reads rows only. While messages arrive it has nothing to do but put right what died; without a broker it does it all.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import MappingProxyType

from django.conf import settings
from django.db import DatabaseError, connection

from audit.clock import database_now
from dashboard import inventory
from runbooks import relay
from runbooks.chores import Chore, Chores
from runbooks.models import Outbox
from runbooks.perform import perform
from runbooks.services import drift, measuring, outbox, policy, sweeping
from runbooks.services.beats import beat

log = logging.getLogger(__name__)
NAME = "executor"
SLICES = 4  # at once: a slice that waits for a dead region must not keep the others


class Executor:
    """`chores` are further things to look after, each every so many seconds; what they are is the project's."""

    def __init__(self, chores: Mapping[Callable[[], object], float] = MappingProxyType({})) -> None:
        self._under_way: set[int] = set()  # outbox rows
        self._pool = ThreadPoolExecutor(SLICES, thread_name_prefix="slice")
        self._stop, self._wake = threading.Event(), threading.Event()
        self._chores = Chores(
            Chore(put_right, policy.PUT_RIGHT_S),
            Chore(DriftSeen(), 2.0),
            Chore(measure, 2.0),
            Chore(relay.pulse, 5.0),
            Chore(sweeping.prune, 300.0),
            *(Chore(chore, every_s) for chore, every_s in chores.items()),
        )

    def run(self) -> None:
        """Until `stop`. Without a database there is nothing to do but to wait for it."""
        while not self._stop.is_set():
            try:
                self.sweep()
            except DatabaseError:
                log.exception("the sweep failed; it is tried again")
                connection.close()
            self._wake.wait(policy.SWEEP_S)
            self._wake.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._chores.finish()

    def stop(self) -> None:
        """Claims nothing more; slices under way are finished before `run` returns."""
        self._stop.set()
        self._wake.set()

    def sweep(self) -> None:
        now = database_now()
        for row in () if settings.READ_ONLY else outbox.due(now):
            self._take(row, now)
        self._chores.start_due()

    def _take(self, row: Outbox, now: datetime) -> None:
        """Ring again what nobody claimed for a while; do it here after a while longer, or where nobody can be rung."""
        age, rest = now - row.due_at, policy.REPUBLISH_AFTER
        if row.unpublishable_at is not None or relay.is_in_vain() or age >= policy.TAKE_OVER_AFTER:
            self._submit(row)
        elif age >= rest and (row.published_at is None or now - row.published_at >= rest):
            relay.ring([relay.bell_of(row, now)])

    def _submit(self, row: Outbox) -> None:
        if row.pk not in self._under_way and not self._stop.is_set():
            self._under_way.add(row.pk)  # before it begins: a slice may be over before `submit` returns
            self._pool.submit(self._perform, row)

    def _perform(self, row: Outbox) -> None:
        try:
            perform(row.task, row.step_id, row.fence, NAME)
        finally:
            self._under_way.discard(row.pk)  # first: nothing that fails here may keep the row from being taken again
            self._wake.set()
            connection.close()


def put_right() -> None:
    if not settings.READ_ONLY:
        beat(f"{NAME}@{socket.gethostname()}:{os.getpid()}", NAME)
        sweeping.put_right(NAME)


class DriftSeen:
    def __init__(self) -> None:
        self._watch = drift.Watch()

    def __call__(self) -> None:
        if not settings.READ_ONLY:
            with inventory.kept():
                self._watch.sweep(NAME)


def measure() -> None:
    if not settings.READ_ONLY:
        with inventory.kept():
            measuring.sweep(NAME)
