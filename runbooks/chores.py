"""Things done again and again beside the executor's slices, each in a thread of its own and never twice at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from django.db import DatabaseError, connection

log = logging.getLogger(__name__)


@dataclass
class Chore:
    does: Callable[[], object]
    every_s: float
    due: float = 0.0  # monotonic
    running: Future[None] | None = None


class Chores:
    def __init__(self, *chores: Chore) -> None:
        self._chores = chores
        self._pool = ThreadPoolExecutor(len(chores), thread_name_prefix="chore")

    def start_due(self) -> None:
        now = time.monotonic()
        for chore in self._chores:
            if now >= chore.due and (chore.running is None or chore.running.done()):
                chore.due = now + chore.every_s
                chore.running = self._pool.submit(_do, chore)

    def finish(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _do(chore: Chore) -> None:
    """The database may be away for a while: said in the log, and tried again."""
    try:
        chore.does()
    except (DatabaseError, OSError):
        log.exception("%s failed; it is tried again", getattr(chore.does, "__qualname__", chore.does))
    finally:
        connection.close()
