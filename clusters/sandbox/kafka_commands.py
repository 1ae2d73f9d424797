"""What the brokers of one simulated cluster take to change, journalled as REST commands are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import journal as kept
from .groups import Commit
from .kafka_codec import RESPONSES, Message

if TYPE_CHECKING:
    from .cluster import Cluster
    from .journal import Journal
    from .model import Pair

UNKNOWN_TOPIC = 3
UNKNOWN_MEMBER = 25
SET_OFFSETS = "set-offsets"


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
        self._record(request.group_id, any(error == 0 for error in errors.values()), drop is not None, is_applied)
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

    def _record(self, group: str, is_taken: bool, is_dropped: bool, is_applied: bool) -> None:
        outcome = kept.ACCEPTED if is_taken else kept.REFUSED
        if is_dropped:
            outcome = kept.DROPPED_APPLIED if is_taken and is_applied else kept.DROPPED_NOT_APPLIED
        at = kept.iso(self.pair.clock.now())
        found = kept.Command(at, self.pair.name, self.side, "kafka", SET_OFFSETS, outcome, groups=[group])
        self.journal.add(found)
