"""One side's half of a bidirectional cluster link: its settings, state, tasks and mirrors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .link_settings import DEFAULTS
from .mirror import Mirror, Status

if TYPE_CHECKING:
    from .cluster import Cluster, Topic


@dataclass
class LinkHalf:
    name: str
    id: str
    local: Cluster
    remote: Cluster
    configs: dict[str, str] = field(default_factory=dict)
    mirrors: dict[str, Mirror] = field(default_factory=dict)
    by_source: dict[str, Mirror] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)  # mirrors that may have something to fetch
    moving: set[str] = field(default_factory=set)  # mirrors in a transition
    state: str = "ACTIVE"
    error: str = "NO_ERROR"
    error_message: str = ""
    unreachable_since: float | None = None
    reachable_since: float | None = 0.0
    offset_sync_due: float = 0.0
    groups_in_use: list[str] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        return self.configs.get("cluster.link.prefix", "")

    @property
    def is_paused(self) -> bool:
        return self.setting("cluster.link.paused") == "true"

    @property
    def other(self) -> LinkHalf | None:
        """The half on the other cluster: paired by the name alone, as on real clusters."""
        return self.remote.links.get(self.name)

    def setting(self, name: str) -> str:
        return self.configs.get(name, DEFAULTS.get(name, ""))

    def source_of(self, mirror: Mirror) -> Topic | None:
        return self.remote.topics.get(mirror.source_name)

    def add_mirror(self, topic: Topic, source_name: str, status: Status, now: float) -> Mirror:
        """Make a local topic a mirror, or take up the mirror it once was."""
        mirror = self.mirrors.get(topic.name) or Mirror(topic, source_name, since=now)
        self.mirrors[topic.name] = self.by_source[source_name] = topic.mirror = mirror
        mirror.source_name = source_name
        mirror.become(status, now)
        self.behind.add(topic.name)
        return mirror

    def source_written(self, source_name: str) -> None:
        mirror = self.by_source.get(source_name)
        if mirror is not None:
            self.behind.add(mirror.name)

    def caught_up(self, mirror: Mirror) -> bool:
        source = self.source_of(mirror)
        return source is not None and all(
            mine.end >= theirs.end for mine, theirs in zip(mirror.topic.logs, source.logs, strict=True)
        )

    def local_name(self, remote_topic: str) -> str | None:
        """The topic here whose offsets belong together with those of a topic over there; None when not linked."""
        mirror = self.by_source.get(remote_topic)
        if mirror is not None and mirror.syncs_offsets:
            return mirror.name
        theirs = self.other.mirrors.get(remote_topic) if self.other else None
        return theirs.source_name if theirs is not None and theirs.syncs_offsets else None

    def syncs_group(self, group: str) -> bool:
        if self.setting("consumer.offset.sync.enable") != "true" or self.is_paused:
            return False
        filters = _filters(self.setting("consumer.offset.group.filters"))
        named = {kind for pattern, literal, kind in filters if _matches(group, pattern, literal=literal)}
        return "INCLUDE" in named and "EXCLUDE" not in named

    def has_group_filters(self) -> bool:
        return bool(_filters(self.setting("consumer.offset.group.filters")))


def _filters(text: str) -> list[tuple[str, bool, str]]:
    try:
        rows = json.loads(text or "{}").get("groupFilters", [])
    except (ValueError, AttributeError):
        return []
    return [(row["name"], row["patternType"] == "LITERAL", row["filterType"]) for row in rows]


def _matches(group: str, pattern: str, *, literal: bool) -> bool:
    return pattern == "*" or (group == pattern if literal else group.startswith(pattern))
