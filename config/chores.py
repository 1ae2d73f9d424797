"""What `run_executor` looks after beside steps: polls that beat left undone, readiness, and runbooks on paper."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import DatabaseError, connection

from audit.clock import database_now
from dashboard import inventory, poll, readiness
from runbooks.models import WorkerBeat
from runbooks.paper import rounds

log = logging.getLogger(__name__)
GIVEN_S = 3.0  # how long workers that answer are given to take a side that is due
ANSWERS = timedelta(seconds=15)
_due_since: dict[poll.Due, float] = {}
_under_way: set[poll.Due] = set()
_pool = ThreadPoolExecutor(8, thread_name_prefix="poll")  # one dead side never keeps another from being looked at


def polls_left_undone() -> None:
    """Polls each side that is due and that no worker takes."""
    inventory.load_file("executor")
    now, due = time.monotonic(), set(poll.due_polls())
    given = GIVEN_S if due and _workers_answer() else 0.0
    for side in set(_due_since) - due:
        del _due_since[side]
    for side in due - _under_way:
        if now - _due_since.setdefault(side, now) >= given:
            _under_way.add(side)
            _pool.submit(_poll, side)


def papers_left_unwritten() -> None:
    """Sheets of today's runbooks and inventory lie in PAPER_FOLDER."""
    rounds.keep_written()


def readiness_due() -> None:
    """Judges each pair again whose readiness was not judged for a while."""
    with inventory.kept():
        readiness.judge_due()


def _workers_answer() -> bool:
    return WorkerBeat.objects.filter(role="observe", at__gte=database_now() - ANSWERS).exists()


def _poll(side: poll.Due) -> None:
    try:
        with inventory.kept():
            poll.poll_side(side.pair, side.side)
    except DatabaseError:
        log.exception("%s/%s could not be stored; it is polled again", side.pair, side.side)
    finally:
        _under_way.discard(side)  # first: nothing that fails here may keep the side from being polled again
        connection.close()
