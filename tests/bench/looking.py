"""Ten thousand mirrors on each side: one poll of both, and what a browser gets of them."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator

import httpx
import msgspec
from django.db import connection
from django.urls import reverse

from people.models import Account
from tests.bench.confirming import Browser, look
from tests.bench.figures import Board, Samples, timed
from tests.bench.stack import Stack

PAIR = "big"
FETCH = "fetch and typed decode of the mirrors, CPU"
ROWS = "query and page of 50 rows"
CHANGED = (
    "UPDATE dashboard_mirrornow SET max_lag = coalesce(max_lag, 0) + 1, total_lag = coalesce(total_lag, 0) + 1 "
    "WHERE pair = 'big' AND right(topic, 2) IN ('00', '20', '40', '60', '80')"
)


def poll(board: Board, mirrors: int, times: int) -> None:
    """CPU of this process for reading, since the simulated clusters take far longer to answer than real ones; wall time
    for what comes after the last byte."""
    from clusters.connections import Connections
    from clusters.reading import read_side
    from dashboard import inventory, memory
    from dashboard.poll import take

    board.say(f"c. One poll of two clusters with {mirrors:,} mirrors × 6 partitions each")
    entry = inventory.in_force().pairs[PAIR]
    board.floor(FETCH, Samples(tuple(_fetched() for _ in range(times))))
    opened, spent, own, judged = Connections(entry), [], [], []
    for _ in range(times + 1):
        cpu, stored, judging = 0.0, 0.0, 0.0
        for side in entry.sides:
            token = _token(side.name)
            before = memory.recall(PAIR, side.name)
            began = time.process_time()
            facts = read_side(opened, entry, side.name, deadline_s=60, previous=before.facts)
            cpu += time.process_time() - began
            if facts.mirrors is None or len(facts.mirrors) != mirrors:
                raise RuntimeError(f"{side.name} was not read: {facts.said}")
            began_wall, began = time.perf_counter(), time.process_time()
            take(entry, facts, before, token)
            stored += time.perf_counter() - began_wall
            judging += time.process_time() - began
        spent.append(cpu)
        own.append(stored)
        judged.append(judging)
    opened.close()
    board.durations("fetch and decode of everything, CPU", spent[1:], floor=FETCH)
    board.durations("first poll: judge and store every mirror", own[:1])
    board.durations("later polls: judge, store what changed", own[1:], goal="≤ 300 ms of our own")
    board.durations("  of which: CPU of this process", judged[1:])


def _token(side: str) -> str:
    from dashboard import inventory, leases
    from dashboard.models import SideLease

    SideLease.objects.filter(pair=PAIR, side=side).update(started_at=leases.LONG_AGO)
    token = leases.claim(PAIR, side, inventory.in_force().pairs[PAIR].policy.poll)
    if token is None:
        raise RuntimeError(f"{side} is polled by another process")
    return token


class Lag(msgspec.Struct):
    partition: int
    lag: int
    last_source_fetch_offset: int


class Mirror(msgspec.Struct):
    mirror_topic_name: str
    source_topic_name: str
    mirror_status: str
    mirror_lags: list[Lag]


class Mirrors(msgspec.Struct):
    data: list[Mirror]


def _fetched() -> float:
    with httpx.Client(trust_env=False, timeout=60) as http:
        http.get(next(_addresses()))
        began = time.process_time()
        for url in _addresses():
            msgspec.json.decode(http.get(url).content, type=Mirrors)
        return time.process_time() - began


def _addresses() -> Iterator[str]:
    from dashboard import inventory

    entry = inventory.in_force().pairs[PAIR]
    for side in entry.sides:
        rest = side.ways["rest"]
        yield f"{rest.url}{rest.base.value}/clusters/{side.cluster_id}/links/{entry.link}/mirrors"


def page(board: Board, stack: Stack, address: str, times: int) -> None:
    board.say("d. The pair page with them, over loopback, compressed")
    own = {"DJANGO_SETTINGS_MODULE": "tests.bench.floor.settings"}
    floor = stack.web("floor", [sys.executable, "-m", "tests.bench.floor.app"], **own)
    with httpx.Client(base_url=floor, trust_env=False) as http:
        board.floor(ROWS, timed(lambda: _bytes(http, "/rows"), times))
        least = _bytes(http, "/rows")
    stack.end(stack.children.pop())
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
        Browser(http, Account.objects.get(username="commander"))
        look(PAIR)
        first = reverse("dashboard:pair", args=[PAIR])
        paint = timed(lambda: _bytes(http, first), times)
        board.durations("first paint", paint.values, floor=ROWS, goal="≤ 15 ms (accepted: 50)")
        board.bytes("first paint", _bytes(http, first), floor=least, goal="≤ 15,000 (accepted: 20,000)")
        _refresh(board, http, first, times)


def _refresh(board: Board, http: httpx.Client, first: str, times: int) -> None:
    parts = [found.replace("&amp;", "&") for found in re.findall(r'hx-get="([^"]+tag=[^"]+)"', http.get(first).text)]
    if not parts:
        raise RuntimeError("the page refreshes nothing")
    quiet = timed(lambda: [http.get(part).status_code for part in parts], times)
    board.durations("refresh, nothing changed", quiet.values)
    with connection.cursor() as cursor:
        cursor.execute(CHANGED)
        board.say(f"  {cursor.rowcount:,} mirrors changed")
    sized = [_bytes(http, part) for part in parts]
    changed = timed(lambda: [_bytes(http, part) for part in parts], times)
    board.durations("refresh, 5 % changed", changed.values, floor=ROWS)
    board.bytes("refresh, 5 % changed", sum(sized), goal="≤ 5,000")


def _bytes(http: httpx.Client, path: str) -> int:
    """Of the body as it travels."""
    with http.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        if answer.status_code not in {200, 204}:
            raise RuntimeError(f"{path} was answered {answer.status_code}")
        return sum(len(piece) for piece in answer.iter_raw())
