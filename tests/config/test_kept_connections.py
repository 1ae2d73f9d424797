"""Database connections are kept, and whatever happens to them or to who used them, the next one to ask gets one."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import psycopg
import pytest

from config.demo.children import ROOT, wait_for
from config.postgresql.kept import MOST, Kept
from tests.bench import stack as stacks
from tests.bench.stack import PATIENCE, Stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A PostgreSQL of its own, on either run of the suite; migrated."""
    with stacks.running() as stack:
        stacks.migrate(stack)
        yield stack


@pytest.fixture
def server(stack: Stack) -> Iterator[psycopg.Connection]:
    """Another client of the same server, who sees what is open there."""
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as server:
        yield server


@pytest.fixture
def connect(stack: Stack):
    return lambda: psycopg.connect(stack.env["DATABASE_URL"], autocommit=True)


def cut(server: psycopg.Connection) -> int:
    """What a restart does to everybody else: their number."""
    others = "pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'"
    return len(server.execute(f"SELECT pg_terminate_backend(pid, 10000) FROM {others}").fetchall())


def test_who_asks_next_gets_the_one_used_last(connect) -> None:
    kept = Kept()
    first, second = kept.take(connect), kept.take(connect)
    kept.give_back(first)
    kept.give_back(second)
    assert [kept.take(connect), kept.take(connect)] == [second, first]
    kept.close()


def test_dead_ones_are_passed_over(connect, server) -> None:
    kept = Kept()
    taken = [kept.take(connect) for _ in range(5)]
    for each in taken:
        kept.give_back(each)
    assert cut(server) >= 5
    fresh = kept.take(connect)
    assert fresh not in taken
    assert fresh.execute("SELECT 1").fetchone() == (1,)
    assert all(each.closed for each in taken)


def test_a_transaction_left_open_is_not_handed_on(connect) -> None:
    kept = Kept()
    left = kept.take(connect)
    left.execute("BEGIN")
    left.execute("CREATE TEMP TABLE mine (id int)")
    kept.give_back(left)
    assert left.closed
    assert kept.take(connect) is not left


def test_the_bound_is_said_and_ends_with_the_next_one_given_back(connect) -> None:
    kept = Kept(most=2, wait_s=0.0)
    first, _second = kept.take(connect), kept.take(connect)
    with pytest.raises(psycopg.OperationalError, match="all 2 database connections of this process stayed in use"):
        kept.take(connect)
    kept.give_back(first)
    assert kept.take(connect) is first


def test_one_who_waits_gets_what_another_gives_back(connect) -> None:
    kept, got = Kept(most=1, wait_s=PATIENCE), []
    taken = kept.take(connect)
    waiting = threading.Thread(target=lambda: got.append(kept.take(connect)))
    waiting.start()
    kept.give_back(taken)
    waiting.join(PATIENCE)
    assert got == [taken]


def test_what_a_thread_lost_by_ending_is_not_counted(connect) -> None:
    kept = Kept(most=1, wait_s=PATIENCE)
    kept.take(connect)  # and nobody holds it
    assert kept.take(connect).execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_is_away_is_said_at_once_and_holds_no_place(connect) -> None:
    kept = Kept(most=1, wait_s=0.0)

    def refused() -> psycopg.Connection:
        raise psycopg.OperationalError("connection refused")

    for _ in range(3):
        with pytest.raises(psycopg.OperationalError, match="connection refused"):
            kept.take(refused)
    assert not kept.take(connect).closed


FORKED = """
import os
from django.db import connection

def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

mine = backend()
for given_back in (False, True):
    if given_back:
        connection.close()
    child = os.fork()
    if child == 0:
        os._exit(0 if backend() != mine else 3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "the child spoke on its parent's connection"
    assert backend() == mine, "the child took its parent's connection with it"
"""


def test_a_forked_child_opens_its_own_and_leaves_its_parent_s_alone(stack: Stack) -> None:
    django(stack, FORKED)


def django(stack: Stack, code: str) -> None:
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code]
    subprocess.run(command, cwd=ROOT, env=stack.env, check=True, timeout=PATIENCE)


@pytest.fixture(scope="module")
def console(stack: Stack) -> tuple[str, int]:
    host, _, port = stack.console().removeprefix("http://").partition(":")
    return host, int(port)


def ready(console: tuple[str, int]) -> int:
    asking = http.client.HTTPConnection(*console, timeout=PATIENCE)
    asking.request("GET", "/readyz")  # asks the database what is migrated
    return asking.getresponse().status


def open_of(server: psycopg.Connection, waiting_for: str) -> int:
    found = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = %s AND datname = 'postgres'"
    row = server.execute(found, [waiting_for]).fetchone()
    return row[0] if row else 0


def test_requests_share_a_connection(console, server) -> None:
    ready(console)
    before = open_of(server, "Client")
    assert [ready(console) for _ in range(10)] == [200] * 10
    assert open_of(server, "Client") == before


def test_requests_that_nobody_waits_for_any_more_give_theirs_back(console, server, connect) -> None:
    """More than there are connections: none may be lost with a browser that was closed."""
    clients = [socket.create_connection(console) for _ in range(MOST + 10)]
    with connect() as locking, locking.transaction():
        locking.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        for client in clients:
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wait_for(lambda: open_of(server, "Lock") == MOST, PATIENCE)
        for client in clients:
            client.close()
    assert [ready(console) for _ in range(3)] == [200] * 3
    assert open_of(server, "Client") <= MOST


PULSES = "from runbooks.tasks import pulse\nfor _ in range(6): pulse.apply_async(('act',), queue='bench.act')"
BEATS = "SELECT count(*) FROM runbooks_workerbeat WHERE role = 'act'"


def test_a_request_and_a_task_work_after_the_server_cut_everybody_off(stack: Stack, console, server) -> None:
    stack.worker("act")
    for _ in range(2):
        assert ready(console) == 200
        django(stack, PULSES)
        assert wait_for(lambda: server.execute(BEATS).fetchone() == (1,), PATIENCE)
        # A beat of the round before may be what was just seen: the worker is cut off once it is connected again.
        assert wait_for(lambda: open_of(server, "Client") >= 2, PATIENCE)
        server.execute("DELETE FROM runbooks_workerbeat")
        assert cut(server) >= 2
    said = "\n".join(
        child.log.read_text(errors="replace") for child in stack.children if child.name in {"act", "console"}
    )
    assert "OperationalError" not in said
