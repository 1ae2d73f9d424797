"""Canaries through the real client: against librdkafka's own mock brokers, and over a simulated link."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer

from clusters.backends.kafka_admin.settings import KafkaSettings
from clusters.canary import Beat, CanarySide
from clusters.errors import ClusterError, Rejected
from clusters.inventory import InventoryError, load
from tests.clusters.servers import closed_port
from tests.clusters.wire import soon

AT = datetime(2026, 11, 20, 2, 14, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    """Three brokers inside the library, on real sockets; they live as long as the client that began them."""
    holder = Producer({"bootstrap.servers": "nowhere", "test.mock.num.brokers": 3, "log_level": 0})
    found = holder.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in found)
    del holder


@pytest.fixture
def canary(brokers: str) -> Iterator[CanarySide]:
    made = CanarySide("mock", KafkaSettings(brokers))
    yield made
    made.close()


def beat(number: int, seconds: float = 0.0) -> Beat:
    return Beat("orders", "us-east", number, AT + timedelta(seconds=seconds))


def test_what_was_acknowledged_is_read_back_the_newest_first(canary: CanarySide) -> None:
    for number in (1, 2, 3):
        canary.write("canary-order", beat(number, number), deadline=soon(10))
    assert canary.newest("canary-order", deadline=soon(10)) == beat(3, 3)
    canary.write("canary-order", beat(4, 4), deadline=soon(10))
    assert canary.newest("canary-order", deadline=soon(10)) == beat(4, 4)


def test_a_foreign_record_is_no_canary_and_hides_none_of_another_partition(canary: CanarySide, brokers: str) -> None:
    canary.write("canary-foreign", beat(1), deadline=soon(10))
    foreign = Producer({"bootstrap.servers": brokers, "log_level": 0})
    for partition in foreign.list_topics("canary-foreign", timeout=10).topics["canary-foreign"].partitions:
        foreign.produce("canary-foreign", b"not ours", partition=partition)
    foreign.flush(10)
    assert canary.newest("canary-foreign", deadline=soon(10)) is None


def test_brokers_that_are_not_there_are_told_in_time() -> None:
    gone = CanarySide("mock", KafkaSettings(f"127.0.0.1:{closed_port()}"))
    for call in (
        lambda: gone.write("canary", beat(1), deadline=soon(0.5)),
        lambda: gone.newest("canary", deadline=soon(0.5)),
    ):
        began = soon(0)
        with pytest.raises(ClusterError):
            call()
        assert soon(0) - began < 4


@pytest.mark.parametrize(
    "raw", [None, b"", b"{}", b"[]", b"1", b'{"pair": "a", "side": "b", "number": 1, "at": "2026-11-20T02:14:08"}']
)
def test_only_a_record_with_all_it_needs_is_a_canary(raw: bytes | None) -> None:
    assert Beat.decoded(raw) is None
    assert Beat.decoded(beat(7).encoded()) == beat(7)


def test_over_a_link_it_arrives_and_a_mirror_takes_none(inventory, control) -> None:
    control.ask("POST", "/pairs/ledger/topics", {"topic": "canary"})
    entry = inventory.pairs["ledger"]
    north, south = (CanarySide(side.name, side.ways["kafka"]) for side in entry.sides)
    sent = Beat("ledger", "eu-north", 1, datetime.now(UTC))
    north.write("canary", sent, deadline=soon(10))
    deadline = soon(10)
    while south.newest("canary", deadline=deadline) != sent:
        pass
    with pytest.raises(Rejected, match="POLICY_VIOLATION"):
        south.write("canary", sent, deadline=soon(10))
    north.close()
    south.close()


def test_it_needs_a_topic_of_its_own(sandbox) -> None:
    text = sandbox.inventory_text()
    named = text.replace("    topology: active-passive", "    canary: accounts\n    topology: active-passive", 1)
    assert named != text
    with pytest.raises(InventoryError, match="canary 'accounts' is a topic of ledger-writer"):
        load(named)
    assert load(named.replace("canary: accounts", "canary: canary")).pairs["ledger"].canary == "canary"
