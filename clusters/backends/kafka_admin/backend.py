"""The Kafka protocol through confluent-kafka's AdminClient: cluster, groups with members, committed and log offsets.

Everything in this file reads. Errors of partitions are checked one by one: the futures of a list do not raise for a
part of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ConfigResource,
    ConsumerGroupDescription,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
)

from clusters.backends import backends
from clusters.backends.kafka_admin import changes, records
from clusters.backends.kafka_admin.by_hand import KafkaByHand
from clusters.backends.kafka_admin.client import KafkaClient, NoGroup
from clusters.backends.kafka_admin.settings import KafkaSettings, read
from clusters.collecting import collection_held
from clusters.declared import SideEntry
from clusters.errors import ClusterError
from clusters.facts import AclFacts, Committed, GroupFacts, GroupState, Probe, TopicFacts
from clusters.form import Form
from clusters.gateway import Delivery, Prepared, Record, RecordSlice
from clusters.observed import Observed, Told, Want
from clusters.outbound import printable

BATCH = 64
ANYTHING: Any = None
EVERY_ACL = AclBindingFilter(
    ResourceType.ANY, ANYTHING, ResourcePatternType.ANY, ANYTHING, ANYTHING, AclOperation.ANY, AclPermissionType.ANY
)
MAX_TOPIC_CONFIGS = 200
STATES = {"PREPARING_REBALANCING": "PREPARING_REBALANCE", "COMPLETING_REBALANCING": "COMPLETING_REBALANCE"}


@backends.add("kafka")
class KafkaAdmin:
    """Reads groups, offsets and settings; it changes committed offsets alone."""

    def __init__(self, entry: SideEntry) -> None:
        self.side = entry.name
        self._is_cloud = entry.is_cloud
        self._client = KafkaClient(entry.name, entry.ways["kafka"])
        self._was_silent = False

    @staticmethod
    def read_settings(form: Form) -> KafkaSettings:
        return read(form)

    by_hand = KafkaByHand

    def close(self) -> None:
        self._client.close()

    # Capabilities

    def groups(self, names: Sequence[str] | None = None, *, deadline: float) -> Mapping[str, GroupFacts]:
        wanted = list(dict.fromkeys(names)) if names is not None else self._group_names(deadline)
        described = {name: group for batch in _batches(wanted) for name, group in self._describe(batch, deadline)}
        committed = self._committed([name for name in wanted if described[name].state is not GroupState.DEAD], deadline)
        return {
            name: GroupFacts(group.name, group.state, group.members, committed.get(name, ()), group.client_ids)
            for name, group in described.items()
        }

    def topics(self, names: Sequence[str], *, deadline: float) -> Mapping[str, TopicFacts]:
        sizes = self._sizes(deadline)
        return self._topics({name: sizes[name] for name in names if name in sizes}, deadline)

    def _topics(self, wanted: Mapping[str, int], deadline: float) -> Mapping[str, TopicFacts]:
        with collection_held():
            starts = self._offsets(wanted, OffsetSpec.earliest(), deadline)  # type: ignore[no-untyped-call]
            ends = self._offsets(wanted, OffsetSpec.latest(), deadline)  # type: ignore[no-untyped-call]
        return {name: TopicFacts(name, size, starts[name], ends[name]) for name, size in wanted.items()}

    def offsets_setting(self, group: str, offsets: Mapping[tuple[str, int], int]) -> Prepared:
        return changes.offsets_setting(self._client, group, offsets)

    def records(self, topic: str, partition: int, start: int, end: int, *, most: int, deadline: float) -> RecordSlice:
        return records.read(self._client, TopicPartition(topic, partition, start), end, most=most, deadline=deadline)

    def write_records(self, topic: str, sent: Sequence[Record], *, deadline: float) -> tuple[Delivery, ...]:
        return records.write(self._client, topic, sent, deadline=deadline)

    # Looking

    def observe(self, want: Want, *, deadline: float) -> Observed:
        began = time.monotonic()
        try:
            if self._was_silent:
                self._client.knock(deadline)
            cluster = self._client.answer(
                self._client.admin().describe_cluster(request_timeout=self._client.rest(deadline)), deadline
            )
            self._was_silent = False
        except ClusterError as error:
            self._was_silent = True
            return Observed(Probe("kafka", ok=False, said=error.said, took_ms=_ms(began)))
        seen = Observed(Probe("kafka", ok=True, said="answers", took_ms=_ms(began)), cluster_id=cluster.cluster_id)
        seen.broker_ids = frozenset(node.id for node in cluster.nodes)
        for look in (self._observe_groups, self._observe_topics, self._observe_configs, self._observe_acls):
            try:
                look(seen, want, deadline)
            except ClusterError as error:
                seen.problems.append(error.said)
        return seen

    def _observe_groups(self, seen: Observed, want: Want, deadline: float) -> None:
        """Before the topics: a position read after the end of its log would look as if it lay above it."""
        seen.groups = self._some_groups(want, deadline)

    def _observe_topics(self, seen: Observed, want: Want, deadline: float) -> None:
        sizes = self._sizes(deadline)
        chosen = _chosen(sizes, want)
        seen.topics = self._topics({name: sizes[name] for name in chosen}, deadline)
        seen.other_topics = tuple(sorted(sizes.keys() - set(chosen)))

    def _observe_configs(self, seen: Observed, want: Want, deadline: float) -> None:
        if self._is_cloud:
            seen.told = Told.REFUSAL
        if not want.configs:
            return
        if not self._is_cloud:
            self._observe_brokers(seen, deadline)
        topics = self._configs(ResourceType.TOPIC, list(seen.topics or ())[:MAX_TOPIC_CONFIGS], deadline)
        seen.put_topic_settings(topics, is_cloud=self._is_cloud)

    def _observe_brokers(self, seen: Observed, deadline: float) -> None:
        try:
            brokers = self._configs(ResourceType.BROKER, map(str, sorted(seen.broker_ids or ())), deadline)
        except ClusterError as error:
            seen.note_no_broker_settings(error)
            raise
        seen.put_broker_settings({int(broker): settings for broker, settings in brokers.items()})

    def _observe_acls(self, seen: Observed, want: Want, deadline: float) -> None:
        if not want.configs or not want.principals:
            return
        try:
            found = self._acls(deadline)
        except ClusterError as error:
            return seen.note_no_acls(error)
        if found:
            return seen.put_acls(found, want)
        # librdkafka (2.16) drops the error of the whole answer: a refusal, or no authorizer, reads as no ACL at all.
        seen.acls_said = "the brokers told of no ACL at all, which is also what a refusal looks like by this way"
        return None

    def _some_groups(self, want: Want, deadline: float) -> Mapping[str, GroupFacts]:
        """The named ones always; of the others as many as the budget allows."""
        listed = self._group_names(deadline)
        room = max(0, want.max_groups - len(want.groups))
        others = [name for name in listed if name not in want.groups][:room]
        return self.groups([*want.groups, *others], deadline=deadline)

    # Single reads

    def _group_names(self, deadline: float) -> list[str]:
        request = self._client.admin().list_consumer_groups(request_timeout=self._client.rest(deadline))
        found = self._client.answer(request, deadline)
        if found.errors:
            raise self._client.error(found.errors[0])  # a broker that did not answer may hide a running group
        return sorted(group.group_id for group in found.valid)

    def _describe(self, names: Sequence[str], deadline: float) -> Iterator[tuple[str, GroupFacts]]:
        futures = self._client.admin().describe_consumer_groups(
            list(names), request_timeout=self._client.rest(deadline)
        )
        for name, future in futures.items():
            try:
                yield name, _group(name, self._client.answer(future, deadline))
            except NoGroup:
                yield name, GroupFacts(name, GroupState.DEAD, 0)

    def _committed(self, names: Sequence[str], deadline: float) -> dict[str, tuple[Committed, ...]]:
        """All groups at once: one request each, since the API takes no list here."""
        admin, rest = self._client.admin(), self._client.rest(deadline)
        asked = {
            name: admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(name)], request_timeout=rest)[name]
            for name in names
        }
        return {name: self._positions(future, deadline) for name, future in asked.items()}

    def _positions(self, future: Future[Any], deadline: float) -> tuple[Committed, ...]:
        try:
            rows = self._client.answer(future, deadline).topic_partitions
        except NoGroup:
            return ()
        for row in rows:
            if row.error is not None:
                raise self._client.error(row.error)
        found = (Committed(row.topic, row.partition, row.offset) for row in rows if row.offset >= 0)
        return tuple(sorted(found, key=lambda row: (row.topic, row.partition)))

    def _configs(self, kind: ResourceType, names: Iterable[str], deadline: float) -> dict[str, dict[str, str | None]]:
        """All at once, in a request each: several brokers are not allowed in one."""
        admin, rest = self._client.admin(), self._client.rest(deadline)
        asked: dict[ConfigResource, Future[Any]] = {}
        for name in names:
            asked |= admin.describe_configs([ConfigResource(kind, name)], request_timeout=rest)
        found = {resource.name: self._client.answer(future, deadline) for resource, future in asked.items()}
        return {name: {key: entry.value for key, entry in entries.items()} for name, entries in found.items()}

    def _acls(self, deadline: float) -> list[AclFacts]:
        asked = self._client.admin().describe_acls(EVERY_ACL, request_timeout=self._client.rest(deadline))
        return [_acl(row) for row in self._client.answer(asked, deadline)]

    def _sizes(self, deadline: float) -> dict[str, int]:
        try:
            with collection_held():
                metadata = self._client.admin().list_topics(timeout=self._client.rest(deadline))
        except KafkaException as error:
            raise self._client.error(error.args[0]) from error
        return {name: len(topic.partitions) for name, topic in metadata.topics.items() if topic.error is None}

    def _offsets(
        self, sizes: Mapping[str, int], spec: OffsetSpec, deadline: float
    ) -> dict[str, tuple[int | None, ...]]:
        """A partition that does not answer is None; the others stand."""
        wanted = {TopicPartition(name, part): spec for name, size in sizes.items() for part in range(size)}
        rest = self._client.rest(deadline)
        futures = self._client.admin().list_offsets(wanted, request_timeout=rest) if wanted else {}
        found: dict[str, list[int | None]] = {name: [None] * size for name, size in sizes.items()}
        for part, future in futures.items():
            try:
                found[part.topic][part.partition] = self._client.answer(future, deadline).offset
            except ClusterError:
                continue
        return {name: tuple(offsets) for name, offsets in found.items()}


def _group(name: str, found: ConsumerGroupDescription) -> GroupFacts:
    said = found.state.name if found.state else "UNKNOWN"
    state = STATES.get(said, said)
    known = GroupState(state) if state in {*GroupState} else GroupState.UNKNOWN
    client_ids = tuple(sorted({printable(member.client_id or "") for member in found.members}))
    return GroupFacts(name, known, len(found.members), (), client_ids)


def _batches(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[at : at + BATCH] for at in range(0, len(names), BATCH))


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _chosen(sizes: Mapping[str, int], want: Want) -> list[str]:
    """The named topics always; of the others as many as the budget allows."""
    budget = want.max_partitions
    chosen = [name for name in want.topics if name in sizes]
    for name in sorted(sizes.keys() - set(chosen)):
        budget -= sizes[name]
        if budget >= 0 and not name.startswith("_"):
            chosen.append(name)
    return chosen


def _acl(found: Any) -> AclFacts:  # noqa: ANN401 - an AclBinding, whose fields are typed as what may be given
    """librdkafka calls the cluster a broker."""
    kind = "CLUSTER" if found.restype is ResourceType.BROKER else found.restype.name
    return AclFacts(
        resource_type=kind,
        resource_name=found.name,
        pattern_type=found.resource_pattern_type.name,
        principal=found.principal,
        host=found.host,
        operation=found.operation.name,
        permission=found.permission_type.name,
    )
