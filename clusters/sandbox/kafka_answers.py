"""What the brokers of one simulated cluster answer to the Kafka protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .configs import Entry, broker_entries, topic_entries
from .kafka_acls import described_acls
from .kafka_codec import REQUESTS, RESPONSES, SERVED, Message
from .records import batch

if TYPE_CHECKING:
    from .cluster import Broker, Cluster, Topic
    from .groups import Group

Fields = dict[str, Any]

OFFSET_OUT_OF_RANGE = 1
UNKNOWN_TOPIC = 3
INVALID_REQUEST = 42
TOPIC_RESOURCE, BROKER_RESOURCE = 2, 4
STATES = {"EMPTY": "Empty", "DEAD": "Dead", "STABLE": "Stable", "PREPARING_REBALANCE": "PreparingRebalance"}
SOURCES = {"DYNAMIC_TOPIC_CONFIG": 1, "STATIC_BROKER_CONFIG": 4, "DEFAULT_CONFIG": 5}
LATEST, EARLIEST, MAX_TIMESTAMP = -1, -2, -3


class Answers:
    """One method per call, each from a decoded request to the fields of its response."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def answer(self, name: str, request: Message) -> Fields:
        fields: Fields = getattr(self, f"on_{name}")(request)
        return fields

    def on_ApiVersions(self, request: Message) -> Fields:
        row = RESPONSES[18].ApiVersion
        keys = [row(api_key=key, min_version=_lowest(key), max_version=highest) for key, highest in SERVED.items()]
        return {"error_code": 0, "api_keys": keys, "throttle_time_ms": 0}

    def on_Metadata(self, request: Message) -> Fields:
        wanted = list(self._cluster.topics) if request.topics is None else [topic.name for topic in request.topics]
        row = RESPONSES[3].MetadataResponseBroker
        return {
            "throttle_time_ms": 0,
            "brokers": [
                row(node_id=broker.id, host=broker.host, port=broker.port, rack=broker.rack)
                for broker in self._cluster.brokers
            ],
            "cluster_id": self._cluster.id,
            "controller_id": self._cluster.brokers[0].id,
            "topics": [self._topic_metadata(name) for name in wanted],
        }

    def _topic_metadata(self, name: str) -> Message:
        row, topic = RESPONSES[3].MetadataResponseTopic, self._cluster.topics.get(name)
        partitions = range(len(topic.logs)) if topic else ()
        return row(
            error_code=0 if topic else UNKNOWN_TOPIC,
            name=name,
            topic_id=topic.id if topic else None,
            is_internal=False,
            partitions=[self._partition_metadata(row.MetadataResponsePartition, number) for number in partitions],
        )

    def _partition_metadata(self, row: Message, number: int) -> Message:
        replicas = [broker.id for broker in self._cluster.brokers]
        return row(
            error_code=0,
            partition_index=number,
            leader_id=self._cluster.leader(number).id,
            leader_epoch=0,
            replica_nodes=replicas,
            isr_nodes=replicas,
            offline_replicas=[],
        )

    def on_DescribeCluster(self, request: Message) -> Fields:
        row = RESPONSES[60].DescribeClusterBroker
        return {
            "error_code": 0,
            "error_message": None,
            "cluster_id": self._cluster.id,
            "controller_id": self._cluster.brokers[0].id,
            "brokers": [
                row(broker_id=broker.id, host=broker.host, port=broker.port, rack=broker.rack)
                for broker in self._cluster.brokers
            ],
        }

    def on_FindCoordinator(self, request: Message) -> Fields:
        broker: Broker = self._cluster.coordinator(request.key)
        found = {"node_id": broker.id, "host": broker.host, "port": broker.port}
        return {"throttle_time_ms": 0, "error_code": 0, "error_message": None, **found}

    def on_ListGroups(self, request: Message) -> Fields:
        wanted = set(getattr(request, "states_filter", None) or [])
        row = RESPONSES[16].ListedGroup
        states = [(group.name, STATES[group.state]) for group in self._cluster.groups.values()]
        return {
            "throttle_time_ms": 0,
            "error_code": 0,
            "groups": [
                row(group_id=name, protocol_type="consumer", group_state=state, group_type="classic")
                for name, state in states
                if state != "Dead" and (not wanted or state in wanted)
            ],
        }

    def on_DescribeGroups(self, request: Message) -> Fields:
        return {"throttle_time_ms": 0, "groups": [self._described(name) for name in request.groups]}

    def _described(self, name: str) -> Message:
        row, group = RESPONSES[15].DescribedGroup, self._cluster.groups.get(name)
        return row(
            error_code=0,
            group_id=name,
            group_state=STATES[group.state] if group else "Dead",
            protocol_type="consumer",
            protocol_data="range" if group and group.is_active else "",
            members=[
                row.DescribedGroupMember(
                    member_id=member,
                    group_instance_id=None,
                    client_id=client,
                    client_host="/127.0.0.1",
                    member_metadata=b"",
                    member_assignment=b"",
                )
                for member, (client, _) in (group.assignment().items() if group else ())
            ],
        )

    def on_OffsetFetch(self, request: Message) -> Fields:
        group = self._cluster.groups.get(request.group_id)
        wanted = _wanted_partitions(request, group)
        row = RESPONSES[9].OffsetFetchResponseTopic
        topics = [
            row(name=name, partitions=[self._offset(row, group, name, number) for number in numbers])
            for name, numbers in wanted.items()
        ]
        return {"throttle_time_ms": 0, "error_code": 0, "topics": topics}

    def _offset(self, row: Message, group: Group | None, name: str, number: int) -> Message:
        commit = group.committed.get((name, number)) if group else None
        return row.OffsetFetchResponsePartition(
            partition_index=number,
            committed_offset=commit.offset if commit else -1,
            committed_leader_epoch=-1,
            metadata="",
            error_code=0,
        )

    def on_ListOffsets(self, request: Message) -> Fields:
        row = RESPONSES[2].ListOffsetsTopicResponse
        topics = [
            row(name=topic.name, partitions=[self._found(row, topic.name, asked) for asked in topic.partitions])
            for topic in request.topics
        ]
        return {"throttle_time_ms": 0, "topics": topics}

    def _found(self, row: Message, name: str, asked: Message) -> Message:
        topic, number = self._cluster.topics.get(name), asked.partition_index
        known = topic is not None and number < len(topic.logs)
        offset, at = _look_up(topic, number, asked.timestamp) if topic and known else (-1, -1)
        return row.ListOffsetsPartitionResponse(
            partition_index=number,
            error_code=0 if known else UNKNOWN_TOPIC,
            timestamp=at,
            offset=offset,
            leader_epoch=0,
        )

    def on_Fetch(self, request: Message) -> Fields:
        row = RESPONSES[1].FetchableTopicResponse
        topics = [
            row(topic=topic.topic, partitions=[self._fetched(row, topic.topic, asked) for asked in topic.partitions])
            for topic in request.topics
        ]
        return {"throttle_time_ms": 0, "error_code": 0, "session_id": 0, "responses": topics}

    def _fetched(self, row: Message, name: str, asked: Message) -> Message:
        topic, number, at = self._cluster.topics.get(name), asked.partition, asked.fetch_offset
        log = topic.logs[number] if topic and number < len(topic.logs) else None
        error = UNKNOWN_TOPIC if log is None else 0 if log.start <= at <= log.end else OFFSET_OUT_OF_RANGE
        end = log.end if log else -1
        return row.PartitionData(
            partition_index=number,
            error_code=error,
            high_watermark=end,
            last_stable_offset=end,
            log_start_offset=log.start if log else -1,
            aborted_transactions=[],
            preferred_read_replica=-1,
            records=batch(log, name, number, at) if log and not error else b"",
        )

    def on_DescribeAcls(self, request: Message) -> Fields:
        return described_acls(self._cluster.acls)

    def on_DescribeConfigs(self, request: Message) -> Fields:
        return {"throttle_time_ms": 0, "results": [self._described_config(asked) for asked in request.resources]}

    def _described_config(self, asked: Message) -> Message:
        row, error, entries = RESPONSES[32].DescribeConfigsResult, 0, self._entries(asked)
        if entries is None:
            error, entries = (UNKNOWN_TOPIC if asked.resource_type == TOPIC_RESOURCE else INVALID_REQUEST), []
        wanted = set(asked.configuration_keys or [])
        return row(
            error_code=error,
            error_message=None,
            resource_type=asked.resource_type,
            resource_name=asked.resource_name,
            configs=[
                row.DescribeConfigsResourceResult(
                    name=entry.name,
                    value=entry.value,
                    read_only=entry.is_read_only,
                    config_source=SOURCES[entry.source],
                    is_sensitive=entry.is_sensitive,
                    synonyms=[],
                    config_type=2,
                    documentation=None,
                )
                for entry in entries
                if not wanted or entry.name in wanted
            ],
        )

    def _entries(self, asked: Message) -> list[Entry] | None:
        if asked.resource_type == TOPIC_RESOURCE:
            topic = self._cluster.topics.get(asked.resource_name)
            return topic_entries(self._cluster, topic) if topic else None
        brokers = [broker for broker in self._cluster.brokers if str(broker.id) == asked.resource_name]
        return broker_entries(self._cluster, brokers[0]) if asked.resource_type == BROKER_RESOURCE and brokers else None


def _lowest(key: int) -> int:
    lowest: int = max(REQUESTS[key].min_version, 0)
    return lowest


def _wanted_partitions(request: Message, group: Group | None) -> dict[str, list[int]]:
    if request.topics is not None:
        return {topic.name: list(topic.partition_indexes) for topic in request.topics}
    wanted: dict[str, list[int]] = {}
    for name, number in sorted(group.committed) if group else ():
        wanted.setdefault(name, []).append(number)
    return wanted


def _look_up(topic: Topic, number: int, asked: int) -> tuple[int, int]:
    """(offset, time stamp in ms) for one of the special time stamps or a real one."""
    log = topic.logs[number]
    if asked == LATEST:
        return log.end, -1
    if asked == EARLIEST:
        return log.start, -1
    offset = log.end - 1 if asked == MAX_TIMESTAMP else log.first_written_since(asked / 1000)
    at = log.written_at(offset) if offset is not None and offset >= 0 else None
    return (-1, -1) if offset is None or at is None else (offset, int(at * 1000))
