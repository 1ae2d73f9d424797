"""The open connections of one process to one database: a bounded number, and those given back are used again.

Every request, slice and chore has a thread of its own, and a new connection costs more than the statements of a
confirm. Not psycopg_pool: it sleeps a second and more for each dead connection it meets after a restart of the server,
backs off for minutes while there is none, and Celery's fix-up closes it as a whole around each task.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.pq import TransactionStatus

Connection = psycopg.Connection[Any]
# The executor is the largest: 4 slices, 5 chores, 8 polls, its sweep and its relay hold one each, also while they wait
# for a dead region. And no process may take so many that another finds none: PostgreSQL gives 100 in all.
MOST = 20
WAIT_S = 10.0  # for one of them: as long as a statement may wait for a lock
REST_S = 60.0  # unused for longer, it is closed: a wave of requests must not hold its connections for ever
LIFE_S = 300.0  # in all: whoever is still connected to a server that others have left comes away from it


class Kept:
    """A thread takes a connection and gives it back; what a thread lost by ending is counted no longer."""

    def __init__(self, most: int = MOST, wait_s: float = WAIT_S) -> None:
        self._most, self._wait_s = most, wait_s
        self._opened: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()  # monotonic, when
        self._resting: list[tuple[float, Connection]] = []  # since when, the one used last at the end
        self._connecting = 0
        self._changed = threading.Condition()

    def take(self, connect: Callable[[], Connection]) -> Connection:
        """One that rested here and is alive, else a new one; OperationalError where all stay in use."""
        found = self._reserve()
        if found is None:
            try:
                found = connect()
            finally:
                with self._changed:
                    self._connecting -= 1
                    if found is not None:
                        self._opened[found] = time.monotonic()
                    self._changed.notify()
        return found

    def give_back(self, connection: Connection) -> None:
        """It rests here, unless a transaction was left open on it, its server is gone or it has lived long enough."""
        with self._changed:
            if _is_clean(connection) and self._is_young(connection):
                self._resting.append((time.monotonic(), connection))
            else:
                self._drop(connection)
            while self._resting and self._resting[0][0] < time.monotonic() - REST_S:
                self._drop(self._resting.pop(0)[1])
            self._changed.notify()

    def close(self) -> None:
        """All that rest; those in use are closed when they are given back."""
        with self._changed:
            for _, connection in self._resting:
                connection.close()
            self._resting.clear()
            self._opened.clear()

    def _reserve(self) -> Connection | None:
        """A resting one; None once there is room for a new one."""
        end = time.monotonic() + self._wait_s
        with self._changed:
            while True:
                if (found := self._alive()) is not None:
                    return found
                if len(self._opened) + self._connecting < self._most:
                    self._connecting += 1
                    return None
                if time.monotonic() >= end:
                    raise psycopg.OperationalError(
                        f"all {self._most} database connections of this process stayed in use for {self._wait_s:g} s"
                    )
                self._changed.wait(0.25)  # what a thread lost by ending is not announced

    def _alive(self) -> Connection | None:
        while self._resting:
            _, found = self._resting.pop()
            if self._is_young(found) and _is_quiet(found):
                return found
            self._drop(found)
        return None

    def _is_young(self, connection: Connection) -> bool:
        opened = self._opened.get(connection)
        return opened is not None and opened > time.monotonic() - LIFE_S

    def _drop(self, connection: Connection) -> None:
        self._opened.pop(connection, None)
        connection.close()


def _is_clean(connection: Connection) -> bool:
    """Autocommit is off inside a transaction, also before its first statement."""
    return connection.autocommit and connection.pgconn.transaction_status == TransactionStatus.IDLE


def _is_quiet(connection: Connection) -> bool:
    """The server says nothing unasked but that it is going: a look at the socket tells, without a round trip."""
    if connection.closed:
        return False
    asked = select.poll()
    asked.register(connection.pgconn.socket, select.POLLIN)
    return not asked.poll(0)
