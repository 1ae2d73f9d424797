"""The record: appending as services do, one event in each durable transaction; and verifying it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from tests.bench.figures import Board, timed

WRITERS = 16
BATCH = 10_000  # events of one transaction, where they are only made to be verified
INSERTED = "plain INSERT of such a row, one in each transaction"
HASHED = "read and hash the bodies"
TABLE = "CREATE TABLE floor_event (id bigserial PRIMARY KEY, body bytea, hash text UNIQUE, at timestamptz)"
PLAIN = "INSERT INTO floor_event (body, hash, at) VALUES (%s, %s, clock_timestamp())"


def append(board: Board, number: int) -> None:
    from audit.ledger import Actor, ledger
    from audit.models import Event

    board.say("f. The record (one writer, PostgreSQL with fsync)")
    body = bytes(Event.objects.order_by("-seq").values_list("body", flat=True)[0])
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    board.floor_rate(INSERTED, _rate(number, lambda each: _plain(body, each)))

    def one(each: int) -> None:
        with ledger(Actor.product("bench")) as book:
            book.add("step.claimed", object="orders-1/say-so", run=1, step=each, fence=each, facts={"call": each})

    board.rate("append", _rate(number, one), floor=INSERTED, goal="≥ 0.8× of one SQL function")
    _writers(board, one, number)


def _writers(board: Board, one: Callable[[int], None], number: int) -> None:
    """Each with a connection of its own, all after the one lock of the record's head."""

    def write(writer: int) -> list[float]:
        try:
            return list(timed(lambda: one(writer), number).values)
        finally:
            connection.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        took = [each for found in pool.map(write, range(WRITERS)) for each in found]
    board.rate(f"append, {WRITERS} writers", len(took) / (time.perf_counter() - began), goal="≥ 300 per s")
    board.durations("  of which: each append", took, goal="p99 ≤ 250 ms")


def _plain(body: bytes, each: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PLAIN, [body, hashlib.sha256(body + str(each).encode()).hexdigest()])


def _rate(number: int, act) -> float:
    act(0)
    began = time.perf_counter()
    for each in range(1, number + 1):
        act(each)
    return number / (time.perf_counter() - began)


def verify(board: Board, number: int) -> None:
    from audit.ledger import Actor, ledger
    from audit.models import Head
    from audit.verify import verify as verified

    while (left := number - Head.objects.get().seq) > 0:
        with ledger(Actor.product("bench")) as book:
            for each in range(min(left, BATCH)):
                facts = {"call": each, "items": ["accounts", "entries"], "summary": "sent 2 of 2"}
                book.add("step.sent", object="orders-1/say-so", run=1, step=each, fence=3, facts=facts)
    number = Head.objects.get().seq
    began = time.perf_counter()
    _hash_all()
    board.floor_rate(HASHED, number / (time.perf_counter() - began))
    began = time.perf_counter()
    result = verified()
    took = time.perf_counter() - began
    board.rate(f"verify {number:,} events", number / took, floor=HASHED, goal="500,000 per s")
    board.say(f"    {result}, in {took:.1f} s (1,000,000 in 10 s at most)")


def _hash_all() -> None:
    last = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT seq, prev, body FROM audit_event WHERE seq > %s ORDER BY seq LIMIT 2000", [last])
            rows = cursor.fetchall()
            if not rows:
                return
            for seq, prev, body in rows:
                hashlib.sha256(bytes.fromhex(prev) + body).hexdigest()
                last = seq
