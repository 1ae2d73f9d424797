"""The engine that `config.database` names for PostgreSQL."""

from __future__ import annotations

import os
import threading
from typing import Any

from django.db import connections
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg import IsolationLevel

from config.postgresql.kept import Connection, Kept

_kept: dict[tuple[str, ...], Kept] = {}
_lock = threading.Lock()
_of_the_parent: list[object] = []
WHERE = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


class DatabaseWrapper(base.DatabaseWrapper):
    """Closing gives the connection back, and connecting takes one that was given back."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        self.isolation_level = IsolationLevel.READ_COMMITTED  # as for a new one
        if self.alias == NO_DB_ALIAS:
            return self._connect(conn_params)
        return self._shared().take(lambda: self._connect(conn_params))

    def close_pool(self) -> None:
        """Django asks for it before a test's database is made or dropped."""
        self._shared().close()

    def _connect(self, conn_params: dict[str, Any]) -> Connection:
        found: Connection = super().get_new_connection(conn_params)
        return found

    def _close(self) -> None:
        if self.connection is None or self.alias == NO_DB_ALIAS or self.in_atomic_block:
            super()._close()  # type: ignore[misc]  # the stubs leave it out
            return
        with self.wrap_database_errors:
            self._shared().give_back(self.connection)

    def _shared(self) -> Kept:
        where = tuple(str(self.settings_dict[name]) for name in WHERE)
        with _lock:
            return _kept.setdefault(where, Kept())


def _forget_after_fork() -> None:
    """A child must not speak on its parent's connections. Freeing them would say good-bye in the parent's name."""
    global _lock
    _lock = threading.Lock()
    _of_the_parent.append(dict(_kept))
    _kept.clear()
    for each in connections.all(initialized_only=True):
        if isinstance(each, DatabaseWrapper) and each.connection is not None:
            _of_the_parent.append(each.connection)
            each.connection = None


os.register_at_fork(after_in_child=_forget_after_fork)
