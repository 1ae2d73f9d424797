"""A topic, best on a cluster that its owners cannot change: kafka://broker:9092/breakwater-audit?properties=/run/secrets/kafka

The account needs the right to write to the topic and no other. `properties` is a file of librdkafka settings, one
KEY=VALUE each line: what a secured cluster asks for. The topic is kept for ever, and is not compacted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, parse_qs

from audit.anchors import PATIENCE, AddressUnusable, AnchorDown, shown
from audit.heads import SignedHead

SCHEMES = ("kafka",)
LONGEST = 900_000  # a broker takes 1 MiB unless it is told otherwise
# One at a time: a head that is offered again must never come to lie behind a newer one.
ALWAYS: dict[str, str | int] = {
    "acks": "all",
    "max.in.flight": 1,
    "message.timeout.ms": int(PATIENCE * 1000),
    "log_level": 2,
}


@dataclass(frozen=True)
class Kafka:
    name: str
    topic: str
    settings: dict[str, str | int]

    def send(self, head: SignedHead) -> None:
        """Taken when every in-sync replica has it."""
        from confluent_kafka import KafkaException, Producer  # made after a fork, and only where it is wanted

        said: list[str] = []
        try:
            producer = Producer(self.settings)
            producer.produce(
                self.topic, _message(head), key=head.checkpoint.origin.encode(),
                on_delivery=lambda error, _: said.append(str(error.str()) if error else ""),
            )  # fmt: skip
            producer.flush(PATIENCE + 1)
        except (KafkaException, BufferError, ValueError) as error:
            raise AnchorDown(f"{self.name}: {error}") from error
        if said != [""]:
            raise AnchorDown(f"{self.name}: {said[0] if said else 'nothing was acknowledged in time'}")


def _message(head: SignedHead) -> bytes:
    """Without its leaves where a broker would find it too long."""
    line = head.line()
    return (line if len(line) < LONGEST else replace(head, leaves=()).line()).rstrip("\n").encode()


def open_anchor(address: SplitResult) -> Kafka:
    topic, brokers = address.path.strip("/"), address.netloc.rpartition("@")[2]
    if not brokers or not topic or "/" in topic:
        raise AddressUnusable(f"{shown(address)!r} names no topic; write kafka://broker:9092/topic")
    file = parse_qs(address.query).get("properties", [""])[0]
    return Kafka(shown(address), topic, {**_properties(file), "bootstrap.servers": brokers, **ALWAYS})


def _properties(file: str) -> dict[str, str | int]:
    if not file:
        return {}
    try:
        lines = [line.strip() for line in Path(file).read_text().splitlines()]
    except OSError as error:
        raise AddressUnusable(f"the properties {file} cannot be read: {error.strerror}") from error
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {key.strip(): value.strip() for key, _, value in pairs}
