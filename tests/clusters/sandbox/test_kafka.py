"""The Kafka protocol, asked by the client library that production uses."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Iterator

import pytest
from confluent_kafka import (
    Consumer,
    ConsumerGroupState,
    ConsumerGroupTopicPartitions,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec, ResourceType

from clusters.sandbox.scenario import LEDGER
from clusters.sandbox.server import Sandbox
from clusters.sandbox.workloads import BY_HAND, Crew
from tests.clusters.sandbox.waiting import until


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("kafka"), scale=60, scenarios=(LEDGER,)) as running:
        yield running


@pytest.fixture
def pair(sandbox):
    yield sandbox.pair("ledger")
    sandbox.reset("ledger")


def admin(pair, side):
    brokers = ",".join(f"{broker.host}:{broker.port}" for broker in pair.sides[side].brokers)
    return AdminClient({"bootstrap.servers": brokers, "log_level": 0, "reconnect.backoff.max.ms": 100})


@pytest.fixture
def home(pair):
    return admin(pair, "eu-north")


@pytest.fixture
def away(pair):
    return admin(pair, "eu-south")


def offsets(client, group):
    asked = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=5)
    return {(p.topic, p.partition): p.offset for p in asked[group].result().topic_partitions}


def ends(client, topic, spec, partitions=6):
    asked = {TopicPartition(topic, partition): spec for partition in range(partitions)}
    return [future.result() for future in client.list_offsets(asked, request_timeout=5).values()]


def test_no_answer_waits_for_the_receipt_of_the_one_before(sandbox, pair, home):
    def sockets():
        home.list_topics(timeout=5)
        return [writer.get_extra_info("socket") for listener in sandbox._kafka._listeners for writer in listener._open]

    opened = until(sockets)
    assert all(each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for each in opened)


def test_metadata_names_the_cluster_its_brokers_and_its_topics(pair, home):
    found = home.list_topics(timeout=5)

    cluster = pair.sides["eu-north"]
    assert found.cluster_id == cluster.id
    assert {broker.id: broker.port for broker in found.brokers.values()} == {b.id: b.port for b in cluster.brokers}
    assert {name: len(topic.partitions) for name, topic in found.topics.items()} == dict.fromkeys(LEDGER.topics, 6)
    assert {p.leader for p in found.topics["entries"].partitions.values()} == {1, 2, 3}


def test_a_topic_that_is_not_there(home):
    assert home.list_topics("nothing", timeout=5).topics["nothing"].error.name() == "UNKNOWN_TOPIC_OR_PART"


def test_describe_cluster(pair, home):
    found = home.describe_cluster(request_timeout=5).result()

    assert (found.cluster_id, found.controller.id) == (pair.sides["eu-north"].id, 1)
    assert {node.id: node.rack for node in found.nodes} == {1: "eu-north-a", 2: "eu-north-b", 3: "eu-north-c"}


def test_groups_are_listed_and_described_with_their_members(home, away):
    found = home.list_consumer_groups(request_timeout=5).result()
    assert {group.group_id: group.state for group in found.valid} == dict.fromkeys(
        ("balances", "statements"), ConsumerGroupState.STABLE
    )
    idle = away.list_consumer_groups(states={ConsumerGroupState.EMPTY}, request_timeout=5).result()
    assert {group.group_id for group in idle.valid} == {"balances", "statements"}
    assert not home.list_consumer_groups(states={ConsumerGroupState.EMPTY}, request_timeout=5).result().valid

    described = {name: f.result() for name, f in home.describe_consumer_groups(["balances", "nothing"]).items()}
    assert described["balances"].state is ConsumerGroupState.STABLE
    assert sorted(member.client_id for member in described["balances"].members) == ["balances-0", "balances-1"]
    assert described["nothing"].state is ConsumerGroupState.DEAD


def test_members_started_by_hand_are_seen(pair, away):
    with pair.lock:
        pair.by_hand[("eu-south", "balances")] = Crew(BY_HAND, 1, ("entries",))

    def state():
        return away.describe_consumer_groups(["balances"])["balances"].result().state

    until(lambda: state() is ConsumerGroupState.STABLE)


def test_committed_offsets(pair, home, away):
    until(lambda: offsets(away, "balances"))
    with pair.lock:
        truth = {key: commit.offset for key, commit in pair.sides["eu-north"].groups["balances"].committed.items()}
    found = offsets(home, "balances")

    assert found.keys() == truth.keys()
    assert all(found[key] >= offset for key, offset in truth.items())
    asked = ConsumerGroupTopicPartitions("balances", [TopicPartition("entries", 0), TopicPartition("transfers", 0)])
    chosen = home.list_consumer_group_offsets([asked], request_timeout=5)["balances"].result().topic_partitions
    assert [partition.offset for partition in chosen][1] == -1001, "balances never read transfers"
    assert offsets(home, "nothing") == {}


def test_log_ends_and_starts(pair, home, away):
    pair.inject("link-down")
    for target in pair.targets.values():
        with pair.lock:
            target.place(None, 0, pair)
    until(lambda: [r.offset for r in ends(home, "entries", OffsetSpec.latest())] == _model_ends(pair, "eu-north"))

    assert [r.offset for r in ends(home, "entries", OffsetSpec.earliest())] == [0] * 6
    assert [r.offset for r in ends(away, "entries", OffsetSpec.latest())] == _model_ends(pair, "eu-south")


def _model_ends(pair, side):
    with pair.lock:
        pair.catch_up()
        return [log.end for log in pair.sides[side].topics["entries"].logs]


def test_time_stamps_of_records_travel_with_them(pair, home, away):
    """What an RPO in time is measured by: when the newest replicated record was written."""
    newest = [r.timestamp for r in ends(away, "entries", OffsetSpec.max_timestamp())]
    now = pair.clock.now() * 1000

    assert all(now - 60_000 < stamp <= now for stamp in newest)
    since = ends(home, "entries", OffsetSpec.for_timestamp(min(newest)))
    assert all(r.offset >= 0 for r in since)
    assert all(r.offset == -1 for r in ends(home, "entries", OffsetSpec.for_timestamp(int(now) + 60_000)))


def test_settings_of_topics_and_brokers(home):
    topic, broker, nothing = (
        ConfigResource(ResourceType.TOPIC, "entries"),
        ConfigResource(ResourceType.BROKER, "2"),
        ConfigResource(ResourceType.TOPIC, "nothing"),
    )
    found = home.describe_configs([topic, broker, nothing], request_timeout=5)

    assert found[topic].result()["confluent.tier.enable"].value == "false"
    assert found[broker].result()["process.roles"].value == "broker"
    assert found[broker].result()["ssl.keystore.password"].is_sensitive
    with pytest.raises(KafkaException):
        found[nothing].result()


def test_calls_that_are_not_served_fail_in_the_client(home):
    """Offsets of groups without members and records alone can be changed over the Kafka protocol."""
    from confluent_kafka.admin import NewTopic

    with pytest.raises(KafkaException):
        home.create_topics([NewTopic("new", 1)], request_timeout=2)["new"].result()
    commit = ConsumerGroupTopicPartitions("balances", [TopicPartition("entries", 0, 5)])
    (row,) = home.alter_consumer_group_offsets([commit], request_timeout=2)["balances"].result().topic_partitions
    assert row.error.name() == "UNKNOWN_MEMBER_ID"


def consumed(bootstrap: str, topic: str, start: int) -> list[tuple[int, bytes, bytes]]:
    """Partition 0 from `start` to the end as it is met."""
    settings = {"group.id": "t", "auto.offset.reset": "error", "enable.partition.eof": True, "log_level": 0}
    consumer = Consumer({"bootstrap.servers": bootstrap, "enable.auto.commit": False, **settings})
    consumer.assign([TopicPartition(topic, 0, start)])
    found, end = [], time.monotonic() + 10
    while time.monotonic() < end:
        for message in consumer.consume(100, 0.5):
            if message.error():
                consumer.close()
                assert message.error().name() == "_PARTITION_EOF", message.error()
                return found
            found.append((message.offset(), message.key(), message.value()))
    raise AssertionError(f"no end was met: {found}")


def test_records_are_read_with_the_gaps_that_compaction_left(pair):
    bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in pair.sides["eu-north"].brokers)
    with pair.lock:
        log = pair.sides["eu-north"].topics["entries"].logs[0]
        log.holes |= {log.end - 3, log.end - 4}
        start, holes = log.end - 6, set(log.holes)
    found = consumed(bootstrap, "entries", start)
    assert [at for at, _, _ in found[:4]] == [at for at in range(start, start + 6) if at not in holes]
    assert found[0][1] == f"entries-0-{start}".encode()
    assert found[0][2].startswith(b"eu-north#0:")


def test_what_a_producer_sends_is_kept_mirrored_and_journalled(pair, sandbox):
    bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in pair.sides["eu-north"].brokers)
    there = ",".join(f"{broker.host}:{broker.port}" for broker in pair.sides["eu-south"].brokers)
    producer = Producer({"bootstrap.servers": bootstrap, "message.send.max.retries": 0, "log_level": 0})
    told: list[int] = []
    sent = {"key": b"k", "value": b"v", "headers": [("breakwater-source", b"here/entries-0@5")]}
    producer.produce("entries", partition=0, on_delivery=lambda _, message: told.append(message.offset()), **sent)
    assert producer.flush(10) == 0
    until(lambda: pair.sides["eu-south"].topics["entries"].logs[0].end > told[0])
    for where in (bootstrap, there):
        assert consumed(where, "entries", told[0])[0] == (told[0], b"k", b"v")
    row = sandbox.journal.commands("ledger")[-1]
    assert (row["action"], row["outcome"], row["records"]) == ("produce", "accepted", ["here/entries-0@5"])


@pytest.mark.parametrize("name", ["region-down", "clients-cut"])
@pytest.mark.parametrize("mode", ["refuse", "hang"])
def test_a_side_that_is_gone_does_not_answer_and_one_that_is_back_does(name, mode, pair, home):
    assert home.list_topics(timeout=5).brokers
    pair.inject(name, "eu-north", {"mode": mode})
    with pytest.raises(KafkaException):
        home.list_topics(timeout=0.5)

    pair.clear_faults()

    def answers():
        try:
            return home.list_topics(timeout=2).brokers
        except KafkaException:
            return None

    until(answers)


def test_slow_answers(pair, home):
    assert home.list_topics(timeout=5).brokers
    pair.inject("slow", "eu-north", {"seconds": 0.8})
    with pytest.raises(KafkaException):
        home.list_topics(timeout=0.4)

    assert home.list_topics(timeout=10).brokers


def exchange(port, frame):
    async def talk():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(struct.pack(">i", len(frame)) + frame)
            (size,) = struct.unpack(">i", await asyncio.wait_for(reader.readexactly(4), 5))
            return await reader.readexactly(size)
        finally:
            writer.close()

    return asyncio.run(talk())


def test_a_client_from_the_future_is_told_which_versions_there_are(pair):
    answer = exchange(pair.sides["eu-north"].brokers[0].port, struct.pack(">hhih", 18, 99, 7, -1) + b"\x00")

    correlation, error, keys = struct.unpack(">ihi", answer[:10])
    assert (correlation, error, keys) == (7, 35, 1)


FRAMES = {
    "produce": struct.pack(">hhih", 0, 9, 1, -1),
    "noise": b"\xff" * 40,
    "short": b"x",
    "half a request": struct.pack(">hhih", 2, 7, 1, -1) + b"\0\0\0",
    "a string beyond the end": struct.pack(">hhih", 3, 12, 1, 500) + b"ab",
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_what_is_not_served_ends_the_connection_and_nothing_else(frame, pair, home):
    with pytest.raises(asyncio.IncompleteReadError):
        exchange(pair.sides["eu-north"].brokers[0].port, frame)

    assert home.list_topics(timeout=5).brokers
