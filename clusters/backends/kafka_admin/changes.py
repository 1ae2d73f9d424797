"""The one thing this way changes: committed offsets of groups without members."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition

from clusters.backends.kafka_admin.client import KafkaClient
from clusters.errors import ClusterError, NoAnswer, Rejected
from clusters.gateway import Prepared

Offsets = Mapping[tuple[str, int], int]
# Said by a broker that may have done it all the same. Every other code of a broker is a refusal.
MAY_HAVE_WORKED = {KafkaError.REQUEST_TIMED_OUT, KafkaError.UNKNOWN, KafkaError.NETWORK_EXCEPTION}


def offsets_setting(client: KafkaClient, group: str, offsets: Offsets) -> Prepared:
    rows = [{"topic": topic, "partition": number, "offset": offset} for (topic, number), offset in _ordered(offsets)]
    request = {"call": "AlterConsumerGroupOffsets", "group": group, "offsets": rows}
    return Prepared(request, _command(client, group, offsets), lambda deadline: _set(client, group, offsets, deadline))


def _ordered(offsets: Offsets) -> list[tuple[tuple[str, int], int]]:
    return sorted(offsets.items())


def _command(client: KafkaClient, group: str, offsets: Offsets) -> str:
    """The tool reads the offsets from a file of lines `topic,partition,offset`, made here on the way."""
    lines = "\\n".join(f"{topic},{number},{offset}" for (topic, number), offset in _ordered(offsets))
    tool = ["kafka-consumer-groups", "--bootstrap-server", client.bootstrap, "--command-config", "CLIENT.properties"]
    made = shlex.join([*tool, "--group", group, "--reset-offsets", "--from-file", "OFFSETS.csv", "--execute"])
    return f"printf '{lines}\\n' > OFFSETS.csv && {made}"


def _set(client: KafkaClient, group: str, offsets: Offsets, deadline: float) -> str:
    parts = [TopicPartition(topic, number, offset) for (topic, number), offset in _ordered(offsets)]
    asked = ConsumerGroupTopicPartitions(group, parts)
    # Looked up before anything is sent: what fails here has provably sent nothing.
    admin, rest = client.admin(), client.rest(deadline)
    future = admin.alter_consumer_group_offsets([asked], request_timeout=rest)[group]
    try:
        rows = client.wait(future, deadline).topic_partitions
    except KafkaException as error:
        raise proves(client, error.args[0]) from error
    return _judged(client, rows)


def _judged(client: KafkaClient, rows: list[Any]) -> str:
    """All or nothing is a fact; some of it is for a look to find out."""
    refused = [row for row in rows if row.error is not None]
    if not refused:
        return f"{len(rows)} offsets committed"
    said = f"{refused[0].topic}-{refused[0].partition}: {refused[0].error.str()}"
    if len(refused) < len(rows):
        raise NoAnswer(client.side, f"{len(refused)} of {len(rows)} offsets were not taken ({said})")
    raise proves(client, refused[0].error)


def proves(client: KafkaClient, error: KafkaError) -> ClusterError:
    """A lost connection proves nothing of a write, whatever it proves of a read."""
    said = client.said(error)
    if error.code() > 0 and error.code() not in MAY_HAVE_WORKED:
        return Rejected(client.side, said)
    client.close()
    return NoAnswer(client.side, said)
