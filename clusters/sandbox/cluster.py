"""One side of a pair: brokers, topics, groups and its half of each link."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .groups import Group
from .log import Log
from .schema_registry import SchemaRegistry

if TYPE_CHECKING:
    from .acls import Acl
    from .link import LinkHalf
    from .mirror import Mirror
    from .records import Content

NAMESPACE = uuid.UUID("6e7f3a52-5d0c-4d3f-9b1c-0a4b7a9a6c11")
TIER_ENABLE = "confluent.tier.enable"


def stable_id(*words: str) -> str:
    """A 22-character base64 id as Kafka prints it, the same at every start."""
    return base64.urlsafe_b64encode(uuid.uuid5(NAMESPACE, "/".join(words)).bytes).decode().rstrip("=")


@dataclass
class Broker:
    id: int
    version: str
    rack: str
    host: str = "127.0.0.1"
    port: int = 0


@dataclass
class Settings:
    """What an admin decided about a cluster. Versions and editions only decide which calls it serves."""

    edition: str = "platform"
    metadata: str = "kraft"
    tiering: bool = False
    base: str = "/kafka/v3"
    auth: dict[str, str] = field(default_factory=dict)  # {"basic": "user:password"} or {"bearer": "token"}
    serves: frozenset[str] | None = None  # mirror actions; None = all that the edition and version have
    reverses_prefixed: bool = False  # a platform of later days: reverse and restore on a link that has a prefix
    batches_link_configs: bool = True  # whether several settings of a link can be altered in one call


@dataclass
class Topic:
    name: str
    id: uuid.UUID
    logs: list[Log]
    configs: dict[str, str] = field(default_factory=dict)
    mirror: Mirror | None = None
    epoch: int = 0  # raised when the topic becomes writable again: its records differ from then on

    @property
    def is_writable(self) -> bool:
        return self.mirror is None or self.mirror.is_stopped


class Cluster:
    """A simulated cluster. Its methods need the pair's lock."""

    def __init__(self, name: str, region: str, brokers: list[Broker], settings: Settings) -> None:
        self.name = name
        self.region = region
        self.id = stable_id("cluster", region)
        self.brokers = brokers
        self.settings = settings
        self.topics: dict[str, Topic] = {}
        self.groups: dict[str, Group] = {}
        self.links: dict[str, LinkHalf] = {}
        self.acls: list[Acl] | None = None  # None: no authorizer
        self.registry = SchemaRegistry()
        self.followers: list[LinkHalf] = []  # halves on the other side that fetch from here

    def add_topic(self, name: str, partitions: int, *, end: int = 0, writer: str = "") -> Topic:
        logs = [Log(end, writer) for _ in range(partitions)]
        configs = {TIER_ENABLE: "true"} if self.settings.tiering else {}
        topic = Topic(name, uuid.uuid5(NAMESPACE, f"{self.id}/{name}"), logs, configs)
        self.topics[name] = topic
        return topic

    def write(self, topic_name: str, partition: int, count: int, at: float) -> bool:
        """Append records as a client would; False when the topic is missing or read-only here."""
        topic = self.topics.get(topic_name)
        if topic is None or not topic.is_writable or partition >= len(topic.logs):
            return False
        topic.logs[partition].append(count, f"{self.name}#{topic.epoch}", at)
        for half in self.followers:
            half.source_written(topic_name)
        return True

    def put(self, topic: Topic, partition: int, contents: list[Content], at: float) -> int:
        """Append what a producer sent, content and all; the offset of the first."""
        log = topic.logs[partition]
        offsets = [log.put(content, f"{self.name}#{topic.epoch}", at) for content in contents]
        for half in self.followers:
            half.source_written(topic.name)
        return offsets[0] if offsets else log.end

    def group(self, name: str) -> Group:
        return self.groups.setdefault(name, Group(name))

    def clamp(self, topic_name: str) -> None:
        """Lower committed offsets that lie above the log end, as stopping or truncating a mirror does."""
        ends = [log.end for log in self.topics[topic_name].logs]
        for group in self.groups.values():
            group.clamp(topic_name, ends)

    def active_groups_on(self, topic_name: str) -> list[str]:
        return sorted(group.name for group in self.groups.values() if group.is_active and group.reads(topic_name))

    def coordinator(self, group_name: str) -> Broker:
        return self.brokers[sum(group_name.encode()) % len(self.brokers)]

    def leader(self, partition: int) -> Broker:
        return self.brokers[partition % len(self.brokers)]
