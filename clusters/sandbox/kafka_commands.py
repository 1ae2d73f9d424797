"""What the brokers of one simulated cluster take to change, journalled as REST commands are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import journal as kept
from .groups import Commit
from .kafka_acls import asked_for, created_acls, deleted_acls, taken_by
from .kafka_codec import RESPONSES, Message
from .records import read

if TYPE_CHECKING:
    from .acls import Acl
    from .cluster import Cluster
    from .journal import Journal
    from .model import Pair
    from .records import Content

UNKNOWN_TOPIC = 3
UNKNOWN_MEMBER = 25
POLICY_VIOLATION = 44
SET_OFFSETS, PRODUCE = "set-offsets", "produce"
CREATE_ACLS, DELETE_ACLS = "create-acls", "delete-acls"
SOURCE_HEADER = "breakwater-source"
At = tuple[str, int]


class Dropped(ConnectionError):
    """The connection ends without an answer."""


@dataclass(frozen=True)
class Commands:
    """The caller holds the pair's lock."""

    pair: Pair
    side: str
    journal: Journal

    @property
    def _cluster(self) -> Cluster:
        return self.pair.sides[self.side]

    def takes(self, name: str) -> bool:
        return hasattr(self, f"on_{name}")

    def answer(self, name: str, request: Message) -> dict[str, Any]:
        fields: dict[str, Any] = getattr(self, f"on_{name}")(request)
        return fields

    def on_OffsetCommit(self, request: Message) -> dict[str, Any]:
        """Offsets set from outside; a group with members takes them from its members alone."""
        drop = self.pair.faults.drop(self.side, SET_OFFSETS)
        is_applied = drop is None or bool(drop.options["applied"])
        errors = {
            (topic.name, asked.partition_index): self._error(request.group_id, topic.name, asked.partition_index)
            for topic in request.topics
            for asked in topic.partitions
        }
        if is_applied:
            self._commit(request, errors)
        outcome = _outcome(not all(errors.values()), drop is not None, is_applied)
        self._keep(SET_OFFSETS, outcome, groups=[request.group_id])
        if drop:
            raise Dropped(f"{self.side} closed the connection")
        row = RESPONSES[8].OffsetCommitResponseTopic
        topics = [
            row(
                name=topic.name,
                partitions=[
                    row.OffsetCommitResponsePartition(
                        partition_index=asked.partition_index, error_code=errors[topic.name, asked.partition_index]
                    )
                    for asked in topic.partitions
                ],
            )
            for topic in request.topics
        ]
        return {"throttle_time_ms": 0, "topics": topics}

    def on_Produce(self, request: Message) -> dict[str, Any]:
        """Records of a client, with what they hold; a mirror takes none."""
        sent = {
            (topic.name, part.index): list(read(bytes(part.records or b"")))
            for topic in request.topic_data
            for part in topic.partition_data
        }
        drop = self.pair.faults.drop(self.side, PRODUCE)
        errors = {at: self._why_not(*at) for at in sent}
        is_applied = drop is None or bool(drop.options["applied"])
        offsets = {at: self._put(at, sent[at]) if is_applied and not errors[at] else -1 for at in sent}
        is_taken = not all(errors.values())
        taken = [told for at, made in sent.items() for told in map(_told, made) if told and not errors[at]]
        self._keep(PRODUCE, _outcome(is_taken, drop is not None, is_applied), records=taken)
        if drop:
            raise Dropped(f"{self.side} closed the connection")
        row = RESPONSES[0].TopicProduceResponse
        names = dict.fromkeys(topic for topic, _ in sent)
        topics = [row(name=name, partition_responses=_produced(row, name, errors, offsets)) for name in names]
        return {"throttle_time_ms": 0, "responses": topics}

    def on_CreateAcls(self, request: Message) -> dict[str, Any]:
        """One that stands there already is taken too, and stands there once."""
        asked, there = asked_for(request), self._cluster.acls or []
        self._set_acls(CREATE_ACLS, asked, [*there, *(acl for acl in dict.fromkeys(asked) if acl not in there)])
        return created_acls(len(asked), self._cluster.acls)

    def on_DeleteAcls(self, request: Message) -> dict[str, Any]:
        there = self._cluster.acls or []
        found = [taken_by(asked, there) for asked in request.filters]
        gone = [acl for acl in there if any(acl in each for each in found)]
        self._set_acls(DELETE_ACLS, gone, [acl for acl in there if acl not in gone])
        return deleted_acls(found, self._cluster.acls)

    def _set_acls(self, action: str, changed: list[Acl], acls: list[Acl]) -> None:
        drop, is_taken = self.pair.faults.drop(self.side, action), self._cluster.acls is not None
        is_applied = drop is None or bool(drop.options["applied"])
        if is_taken and is_applied:
            self._cluster.acls = acls
        topics = [acl.resource_name for acl in changed]
        self._keep(action, _outcome(is_taken, drop is not None, is_applied), topics=topics)
        if drop:
            raise Dropped(f"{self.side} closed the connection")

    def _why_not(self, name: str, partition: int) -> int:
        topic = self._cluster.topics.get(name)
        if topic is None or partition >= len(topic.logs):
            return UNKNOWN_TOPIC
        return 0 if topic.is_writable else POLICY_VIOLATION

    def _put(self, at: tuple[str, int], contents: list[Content]) -> int:
        return self._cluster.put(self._cluster.topics[at[0]], at[1], contents, self.pair.clock.now())

    def _error(self, group: str, topic: str, partition: int) -> int:
        known, there = self._cluster.groups.get(group), self._cluster.topics.get(topic)
        if known is not None and known.is_active:
            return UNKNOWN_MEMBER
        return 0 if there is not None and partition < len(there.logs) else UNKNOWN_TOPIC

    def _commit(self, request: Message, errors: dict[tuple[str, int], int]) -> None:
        now = self.pair.clock.now()
        for topic in request.topics:
            for asked in topic.partitions:
                if errors[topic.name, asked.partition_index] == 0:
                    key = (topic.name, asked.partition_index)
                    self._cluster.group(request.group_id).committed[key] = Commit(asked.committed_offset, now)

    def _keep(self, action: str, outcome: str, **what: list[str]) -> None:
        at = kept.iso(self.pair.clock.now())
        self.journal.add(kept.Command(at, self.pair.name, self.side, "kafka", action, outcome, **what))  # type: ignore[arg-type]


def _outcome(is_taken: bool, is_dropped: bool, is_applied: bool) -> str:
    if is_dropped:
        return kept.DROPPED_APPLIED if is_taken and is_applied else kept.DROPPED_NOT_APPLIED
    return kept.ACCEPTED if is_taken else kept.REFUSED


def _told(made: Content) -> str:
    """Where a record says it comes from, for the journal: that one is there twice is seen by this alone."""
    return next((value.decode() for name, value in made.headers if name == SOURCE_HEADER and value), "")


def _produced(row: Message, name: str, errors: dict[At, int], offsets: dict[At, int]) -> list[Message]:
    return [
        row.PartitionProduceResponse(
            index=number,
            error_code=error,
            base_offset=offsets[topic, number],
            log_append_time_ms=-1,
            log_start_offset=0,
            record_errors=[],
            error_message=None,
        )
        for (topic, number), error in errors.items()
        if topic == name
    ]
