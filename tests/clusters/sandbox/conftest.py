"""Pairs on a clock that only the test moves, and the whole sandbox over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from clusters.sandbox.clock import ManualClock
from clusters.sandbox.http import wsgi
from clusters.sandbox.journal import Journal
from clusters.sandbox.mirror import Mirror
from clusters.sandbox.model import Pair
from clusters.sandbox.rest import ClusterRest
from clusters.sandbox.scenario import ARCHIVE, LEDGER, ORDERS, Scenario, build
from clusters.sandbox.server import Sandbox
from tests.clusters.sandbox import contract
from tests.clusters.sandbox.socketed import Wired


class World:
    """One pair in-process: its REST through the real handler, its time in the test's hands."""

    def __init__(self, scenario: Scenario) -> None:
        self.clock = ManualClock(scale=60.0)
        self.pair: Pair = build(scenario, self.clock)
        self.journal = Journal()
        self.link = f"{scenario.name}-link"
        self.home, self.away = scenario.sides
        self.http = {side: self._client(side) for side in scenario.sides}

    def _client(self, side: str) -> httpx.Client:
        transport = httpx.WSGITransport(wsgi(ClusterRest(self.pair, side, self.journal).handle))
        url = f"http://{side}/kafka/v3/clusters/{self.pair.sides[side].id}"
        return contract.client(transport=transport, base_url=url)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.pair.catch_up()

    def get(self, side: str, path: str, **query: Any) -> Any:
        answer = self.http[side].get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def command(self, side: str, action: str, topics: list[str], **query: Any) -> dict[str, dict[str, Any]]:
        """Send a mirror action (path segment of REST); the answer's rows by topic."""
        path = f"/links/{self.link}/mirrors:{action}"
        answer = self.http[side].post(path, params=query, json={"mirror_topic_names": topics})
        assert answer.status_code == 200, answer.text
        return {row["mirror_topic_name"]: row for row in answer.json()["data"]}

    def accepted(self, side: str, action: str, topics: list[str]) -> None:
        refused = {topic: row["error_message"] for topic, row in self.command(side, action, topics).items()}
        assert refused == dict.fromkeys(topics), refused

    def mirror(self, side: str, topic: str, **query: Any) -> dict[str, Any]:
        return dict(self.get(side, f"/links/{self.link}/mirrors/{topic}", **query))

    def status(self, side: str, topic: str) -> str:
        return str(self.mirror(side, topic)["mirror_status"])

    def statuses(self, side: str) -> set[str]:
        rows = self.get(side, f"/links/{self.link}/mirrors")["data"]
        return {row["mirror_status"] for row in rows}

    def lags(self, side: str, topic: str) -> dict[int, tuple[int, int]]:
        rows = self.mirror(side, topic)["mirror_lags"]
        return {row["partition"]: (row["lag"], row["last_source_fetch_offset"]) for row in rows}

    def ends(self, side: str, topic: str) -> list[int]:
        return [log.end for log in self.pair.sides[side].topics[topic].logs]

    def model(self, side: str, topic: str) -> Mirror:
        return self.pair.sides[side].links[self.link].mirrors[topic]

    def move(self, target: str, side: str | None) -> None:
        self.pair.targets[target].place(side, 2 if side else 0, self.pair)

    def stop_clients(self) -> None:
        """Nobody produces or consumes any more, and everything that was on its way has arrived."""
        for name in self.pair.targets:
            self.move(name, None)
        self.advance(5)

    def write(self, side: str, topic: str, partition: int, count: int) -> bool:
        return self.pair.sides[side].write(topic, partition, count, self.clock.now())

    def committed(self, side: str, group: str) -> dict[tuple[str, int], int]:
        found = self.pair.sides[side].groups.get(group)
        return {key: commit.offset for key, commit in found.committed.items()} if found else {}

    def state(self, side: str, group: str) -> str:
        found = self.pair.sides[side].groups.get(group)
        return found.state if found else "DEAD"

    def fail_over(self) -> None:
        """T2 after an outage of home: everything stopped on the other side, clients moved there."""
        self.pair.inject("region-down", self.home)
        self.advance(6)
        topics = sorted(self.pair.sides[self.away].topics)
        self.accepted(self.away, "failover", topics)
        self.advance(1)
        assert self.statuses(self.away) == {"STOPPED"}


@pytest.fixture
def orders() -> World:
    return World(ORDERS)


@pytest.fixture
def ledger() -> World:
    return World(LEDGER)


@pytest.fixture
def archive() -> World:
    return World(ARCHIVE)


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """For real sockets; held against the published description like everything else."""
    with contract.client() as asking:
        yield asking


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("wired"), scale=600, scenarios=(ORDERS, LEDGER)) as sandbox:
        yield sandbox


@pytest.fixture
def wired(running: Sandbox) -> Iterator[Wired]:
    """The ledger pair over real sockets, as on its first day."""
    found = Wired(running)
    yield found
    found.control.close()
    for pair in running.pairs:
        running.reset(pair)
    running.journal.clear()
