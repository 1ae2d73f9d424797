"""Records by the Kafka protocol: read without a group, written once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from clusters.backends.kafka_admin.changes import MAY_HAVE_WORKED
from clusters.backends.kafka_admin.client import KafkaClient
from clusters.backends.kafka_admin.settings import client_config
from clusters.bounded import left
from clusters.errors import Configuration
from clusters.gateway import Delivery, Record, RecordSlice

AT_ONCE = 500
MARGIN_S = 0.2
# A group id is asked for, and never used: partitions are assigned, nothing is committed.
READING = {
    "group.id": "breakwater-export",
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
}
WRITING = {"acks": "all", "message.send.max.retries": 0, "enable.idempotence": False, "linger.ms": 5}


def read(client: KafkaClient, start: TopicPartition, end: int, *, most: int, deadline: float) -> RecordSlice:
    consumer = _made(client, Consumer, READING)
    found: list[Record] = []
    at = int(start.offset)
    try:
        consumer.assign([start])
        while at < end and len(found) < most and (rest := left(deadline) - MARGIN_S) > 0:
            for message in consumer.consume(min(AT_ONCE, most - len(found)), min(0.5, rest)):
                if message.error() is not None:
                    at = max(at, _end(client, message))
                    if at < end:
                        return RecordSlice(tuple(found), at)  # an open transaction holds back what lies above
                elif message.offset() < end:
                    found.append(_record(message))
                    at = message.offset() + 1
                else:
                    at = end
    finally:
        consumer.close()
    return RecordSlice(tuple(found), min(at, end))


def _end(client: KafkaClient, message: Any) -> int:  # noqa: ANN401  (the library has no types)
    if message.error().code() != KafkaError._PARTITION_EOF:
        raise client.error(message.error())
    return int(message.offset())


def _record(message: Any) -> Record:  # noqa: ANN401
    headers = tuple((str(name), value) for name, value in message.headers() or ())
    _, at_ms = message.timestamp()
    return Record(message.partition(), message.offset(), at_ms, message.key(), message.value(), headers)


def write(client: KafkaClient, topic: str, records: Sequence[Record], *, deadline: float) -> tuple[Delivery, ...]:
    """Each is handed to the library once, which has no retries: one whose answer does not come is unknown."""
    rest = client.rest(deadline)
    producer = _made(client, Producer, {**WRITING, "message.timeout.ms": max(1, round((rest - MARGIN_S) * 1000))})
    told: dict[int, Delivery] = {}
    for number, record in enumerate(records):
        producer.produce(
            topic,
            value=record.value,
            key=record.key,
            partition=record.partition,
            timestamp=max(0, record.at_ms),
            headers=list(record.headers),
            on_delivery=lambda error, message, number=number: told.__setitem__(number, _told(client, error, message)),
        )
    producer.flush(max(0.0, left(deadline)))
    producer.purge(in_queue=True, in_flight=True, blocking=True)
    producer.flush(0)
    return tuple(told.get(number, Delivery(None, "no answer in time")) for number in range(len(records)))


def _told(client: KafkaClient, error: KafkaError | None, message: Any) -> Delivery:  # noqa: ANN401
    if error is None:
        return Delivery(int(message.offset()))
    is_refused = error.code() == KafkaError._PURGE_QUEUE or (error.code() > 0 and error.code() not in MAY_HAVE_WORKED)
    return Delivery(None, client.said(error), is_refused)


def _made(client: KafkaClient, kind: Any, settings: dict[str, Any]) -> Any:  # noqa: ANN401
    try:
        return kind({**client_config(client.settings), **settings})
    except KafkaException as error:
        raise Configuration(client.side, f"the client cannot be made: {client.said(error.args[0])}") from error
