"""Consumer groups on one cluster: members, state, committed offsets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

Partition = tuple[str, int]


class Commit(NamedTuple):
    offset: int
    at: float  # when it was committed first; offset sync carries it along, so the later commit wins


@dataclass
class Membership:
    """The members one source (the client control, or a person by hand) runs in a group on a cluster."""

    count: int
    topics: tuple[str, ...]
    seen_at: float


@dataclass
class Group:
    name: str
    committed: dict[Partition, Commit] = field(default_factory=dict)
    position: dict[Partition, int] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    settles_at: float = 0.0
    now: float = 0.0
    commits_at: float = 0.0

    @property
    def is_active(self) -> bool:
        return bool(self.memberships)

    @property
    def members(self) -> int:
        return sum(membership.count for membership in self.memberships.values())

    @property
    def topics(self) -> tuple[str, ...]:
        names = {topic for membership in self.memberships.values() for topic in membership.topics}
        return tuple(sorted(names))

    @property
    def state(self) -> str:
        """The state as Kafka spells it over REST."""
        if not self.memberships:
            return "EMPTY" if self.committed else "DEAD"
        return "STABLE" if self.now >= self.settles_at else "PREPARING_REBALANCE"

    def reads(self, topic: str) -> bool:
        return topic in self.topics

    def join(self, source: str, count: int, topics: tuple[str, ...], now: float, rebalance: float) -> None:
        """Members are there and heartbeat; a change of the set starts a rebalance."""
        known = self.memberships.get(source)
        self.memberships[source] = Membership(count, topics, now)
        if known is None or (known.count, known.topics) != (count, topics):
            self.settles_at = now + rebalance
            self.position.clear()

    def leave(self, source: str, now: float, rebalance: float) -> None:
        if self.memberships.pop(source, None) is not None:
            self.settles_at = now + rebalance
            self.position.clear()

    def commit(self, now: float) -> None:
        for partition, offset in self.position.items():
            known = self.committed.get(partition)
            if known is None or known.offset != offset:
                self.committed[partition] = Commit(offset, now)

    def clamp(self, topic: str, ends: list[int]) -> None:
        for partition, end in enumerate(ends):
            known = self.committed.get((topic, partition))
            if known is not None and known.offset > end:
                self.committed[(topic, partition)] = known._replace(offset=end)
        self.position.clear()

    def forget(self, topic: str) -> None:
        """Drop what was committed on a topic that is gone."""
        self.committed = {key: commit for key, commit in self.committed.items() if key[0] != topic}
        self.position = {key: offset for key, offset in self.position.items() if key[0] != topic}

    def assignment(self) -> dict[str, tuple[str, str]]:
        """member id → (client id, source), stable while the members stay."""
        return {
            f"{self.name}-{source.replace(' ', '-')}-{number}": (f"{self.name}-{number}", source)
            for source, membership in sorted(self.memberships.items())
            for number in range(membership.count)
        }
