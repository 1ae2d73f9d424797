"""The canary: a record written on one side and looked for in its mirror on the other. Its age is the RPO in time.

Real records through the real client, one producer and one consumer per side, made at first use and after a fork. The
consumer assigns and never commits, so that no group appears on the cluster.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from clusters.backends.kafka_admin.client import kept_over_forks, quiet
from clusters.backends.kafka_admin.settings import KafkaSettings, client_config
from clusters.bounded import left
from clusters.errors import ClusterError, Configuration, NoAnswer, NotSent, Rejected
from clusters.outbound import printable

C = TypeVar("C")
GROUP = "breakwater-canary"  # a consumer needs a name; nothing is ever committed under it
WRITES = {"acks": "all", "linger.ms": 0, "message.timeout.ms": 4000, "message.send.max.retries": 0}
READS = {
    "group.id": GROUP,
    "enable.auto.commit": False,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
    "allow.auto.create.topics": False,
    "fetch.wait.max.ms": 100,
}


@dataclass(frozen=True)
class Beat:
    """What a canary record says: which one it is, and when it was written by the clock of whoever wrote it."""

    pair: str
    side: str
    number: int
    at: datetime

    def encoded(self) -> bytes:
        said = {"breakwater": 1, "pair": self.pair, "side": self.side, "number": self.number}
        return json.dumps({**said, "at": self.at.isoformat()}).encode()

    @classmethod
    def decoded(cls, raw: bytes | None) -> Beat | None:
        """None for a record that is no canary: somebody else writes to that topic."""
        try:
            said = json.loads(raw or b"")
            at = datetime.fromisoformat(said["at"])
            return cls(str(said["pair"]), str(said["side"]), int(said["number"]), at) if at.tzinfo else None
        except (ValueError, KeyError, TypeError):
            return None


class _Producer(Producer):
    """A class of ours can be referred to weakly, which the library's own cannot."""


class _Consumer(Consumer):
    """As above."""


class Kept(Generic[C]):
    """One client, made at first use; anew after a fork, and after it failed."""

    def __init__(self, side: str, make: Callable[..., C], settings: KafkaSettings, config: dict[str, Any]) -> None:
        self._side, self._make, self._settings, self._config = side, make, settings, config
        self._client: C | None = None
        self._made_in = 0

    def get(self) -> C:
        if self._client is None or self._made_in != os.getpid():
            try:
                self._client = self._make({**client_config(self._settings), **self._config}, logger=quiet)
            except KafkaException as error:
                said = printable(f"the client cannot be made: {error.args[0].str()}")
                raise Configuration(self._side, said) from error
            self._made_in = os.getpid()
            kept_over_forks(self._client)
        return self._client

    def drop(self) -> None:
        self._client = None


class CanarySide:
    """Writes and reads canaries on one side. Every call ends by its deadline (monotonic)."""

    def __init__(self, side: str, settings: KafkaSettings) -> None:
        self._side = side
        self._producer: Kept[_Producer] = Kept(side, _Producer, settings, WRITES)
        self._consumer: Kept[_Consumer] = Kept(side, _Consumer, settings, READS)
        self._writing, self._reading = threading.Lock(), threading.Lock()

    def write(self, topic: str, beat: Beat, *, deadline: float) -> None:
        """Returns once the brokers acknowledged it; raises what is known where they did not."""
        ended: list[KafkaError | None] = []
        with self._writing:
            producer = self._producer.get()
            self._produce(producer, topic, beat, ended)
            while not ended and self._rest(deadline) > 0:
                producer.poll(min(0.1, self._rest(deadline)))
            if not ended:
                self._producer.drop()
                raise NoAnswer(self._side, f"no broker acknowledged a record for {topic} in time")
            if (error := ended[0]) is not None:
                raise self._said(error, self._producer)

    def _produce(self, producer: Producer, topic: str, beat: Beat, ended: list[KafkaError | None]) -> None:
        key = f"{beat.pair}/{beat.side}"
        try:
            producer.produce(topic, beat.encoded(), key=key, on_delivery=lambda error, _: ended.append(error))
        except KafkaException as error:
            raise self._said(error.args[0], self._producer) from error

    def newest(self, topic: str, *, deadline: float) -> Beat | None:
        """The newest canary that can be read there, of whatever partition; None where there is none yet."""
        with self._reading:
            try:
                return self._newest(self._consumer.get(), topic, deadline)
            except KafkaException as error:
                raise self._said(error.args[0], self._consumer) from error

    def close(self) -> None:
        self._producer.drop()
        self._consumer.drop()

    def _newest(self, consumer: Consumer, topic: str, deadline: float) -> Beat | None:
        tails = []
        for number in self._partitions(consumer, topic, deadline):
            at = TopicPartition(topic, number)
            low, high = consumer.get_watermark_offsets(at, timeout=self._some(deadline), cached=False)
            if high > low:
                tails.append(TopicPartition(topic, number, high - 1))
        if not tails:
            return None
        consumer.assign(tails)
        try:
            beats = list(self._read(consumer, {tail.partition for tail in tails}, deadline))
        finally:
            consumer.unassign()
        return max(beats, key=lambda beat: beat.at, default=None)

    def _partitions(self, consumer: Consumer, topic: str, deadline: float) -> list[int]:
        found = consumer.list_topics(topic, timeout=self._some(deadline)).topics[topic]
        if found.error is not None:
            raise Rejected(self._side, printable(f"{topic}: {found.error.str()}"))
        return sorted(found.partitions)

    def _read(self, consumer: Consumer, waiting: set[int], deadline: float) -> list[Beat]:
        """Each partition's last record, or its end where that holds none."""
        beats = []
        while waiting:
            message = consumer.poll(self._some(deadline))
            if message is None:
                continue
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise self._said(error, self._consumer)
            waiting.discard(message.partition() or 0)
            if error is None and (beat := Beat.decoded(message.value())) is not None:
                beats.append(beat)
        return beats

    def _rest(self, deadline: float) -> float:
        return max(0.0, left(deadline))

    def _some(self, deadline: float) -> float:
        if (rest := self._rest(deadline)) <= 0:
            self._consumer.drop()
            raise NoAnswer(self._side, "no answer from the brokers in time")
        return min(rest, 2.0)

    def _said(self, error: KafkaError, client: Kept[Any]) -> ClusterError:
        """Where brokers were lost, the next call gets a new client, as for every other read."""
        text = printable(f"{error.name()}: {error.str()}")
        if error.code() in {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE}:
            client.drop()
            return NotSent(self._side, text)
        if error.code() in {KafkaError._MSG_TIMED_OUT, KafkaError._TIMED_OUT}:
            client.drop()
            return NoAnswer(self._side, text)
        return Rejected(self._side, text)
