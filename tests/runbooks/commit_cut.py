"""A connection to the database that drops inside one COMMIT: what was committed, nobody here can know.

On PostgreSQL a proxy on its socket cuts it, before the server has read the COMMIT or after it was carried out. SQLite
has no connection to lose; there the commit itself fails, before or after it is on the disk.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from django.db import OperationalError, connection

SOCKET = ".s.PGSQL.5432"


@contextmanager
def commit_cut(statement: str, folder: Path, *, applied: bool) -> Iterator[Callable[[], bool]]:
    """The transaction that executes `statement` first ends in a lost commit; yields whether that has happened."""
    way = _through_a_proxy if connection.vendor == "postgresql" else _in_the_library
    with way(folder, applied) as cut, connection.execute_wrapper(_arming(statement, cut)):
        yield lambda: cut.is_done


class Cut:
    def __init__(self, *, applied: bool) -> None:
        self.applied, self.is_armed, self.is_done = applied, False, False

    def take(self) -> bool:
        """Whether this commit is the one, for the first who asks."""
        is_this, self.is_armed = self.is_armed, False
        self.is_done = self.is_done or is_this
        return is_this


def _arming(statement: str, cut: Cut):
    def execute(proceed, sql, params, many, context):
        cut.is_armed = cut.is_armed or (statement in sql and not cut.is_done)
        return proceed(sql, params, many, context)

    return execute


@contextmanager
def _in_the_library(folder: Path, applied: bool) -> Iterator[Cut]:
    cut, commit = Cut(applied=applied), connection._commit

    def fail() -> None:
        is_this = cut.take()
        if applied or not is_this:
            commit()
        if is_this:
            raise OperationalError("disk I/O error")

    connection._commit = fail
    try:
        yield cut
    finally:
        del connection._commit
        connection.close()


@contextmanager
def _through_a_proxy(folder: Path, applied: bool) -> Iterator[Cut]:
    cut, real = Cut(applied=applied), connection.settings_dict["HOST"]
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(folder / SOCKET))
        listening.listen()
        threading.Thread(target=_serve, args=(listening, f"{real}/{SOCKET}", cut), daemon=True).start()
        connection.close()
        connection.settings_dict["HOST"] = str(folder)
        try:
            yield cut
        finally:
            connection.close()
            connection.close_pool()
            connection.settings_dict["HOST"] = real


def _serve(listening: socket.socket, real: str, cut: Cut) -> None:
    with suppress(OSError):
        while True:
            client, server = listening.accept()[0], socket.socket(socket.AF_UNIX)
            server.connect(real)
            threading.Thread(target=_questions, args=(client, server, cut), daemon=True).start()


def _questions(client: socket.socket, server: socket.socket, cut: Cut) -> None:
    """What the client says, to the server; what that answers goes back in a thread of its own."""
    is_lost = threading.Event()
    threading.Thread(target=_answers, args=(client, server, is_lost), daemon=True).start()
    with ExitStack() as ends, suppress(OSError):
        ends.callback(_end, server)
        while said := client.recv(65536):
            if b"COMMIT" in said and cut.take():
                is_lost.set()
                if not cut.applied:
                    _end(client)
                    return
            server.sendall(said)


def _answers(client: socket.socket, server: socket.socket, is_lost: threading.Event) -> None:
    with ExitStack() as ends, suppress(OSError):
        ends.callback(_end, client)
        while said := server.recv(65536):
            if is_lost.is_set():
                return
            client.sendall(said)


def _end(side: socket.socket) -> None:
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
    side.close()
