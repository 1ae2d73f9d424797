"""Opens what the inventory names: the two sides, the routing drivers and the endpoints of a pair.

Clients are kept per process and pair: `open_pair` with the same entry gives the same connections again, a changed entry
makes new ones and the old are closed when their last user has given them back.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from clusters.backends import Backend, backends
from clusters.canary import CanarySide
from clusters.declared import PairEntry, SideEntry
from clusters.errors import Configuration
from clusters.exports import Exports
from clusters.facts import GroupFacts, LinkFacts, MirrorFacts, RegistryFacts, TopicFacts
from clusters.gateway import (
    AltersLinkConfigs,
    ChangesMirrors,
    ChangesTopics,
    DeletesLinks,
    Delivery,
    LinkConfigsAnswer,
    MirrorAction,
    MirrorAnswer,
    Prepared,
    ReadsGroups,
    ReadsLinks,
    ReadsMirrors,
    ReadsOffsets,
    ReadsRecords,
    Record,
    RecordSlice,
    RegistryMode,
    SetsOffsets,
    WritesRecords,
)
from clusters.lanes import Lane
from clusters.merged import Settings
from clusters.observed import Observed
from clusters.outbound import Outbound
from clusters.routing import Driver, drivers
from clusters.routing.endpoints import Endpoints
from clusters.schema_registry import SchemaRegistry

C = TypeVar("C")


class Side:
    """One side of a pair: each call goes to the first way in that can serve it."""

    def __init__(self, entry: SideEntry) -> None:
        self.side = entry.name
        self.entry = entry
        self.ways: Mapping[str, Backend] = {name: backends.get(name)(entry) for name in entry.ways}
        self.lanes: Mapping[str, Lane[Observed]] = {name: Lane(f"{entry.name} {name}") for name in entry.ways}
        self.settings = Settings()
        named = entry.schema_registry
        self.schema_registry = SchemaRegistry(entry.name, named) if named else None
        self.registry_lane: Lane[RegistryFacts] = Lane(f"{entry.name} schema registry")
        ways = list(self.ways.values())
        self._reads_links = [way for way in ways if isinstance(way, ReadsLinks)]
        self._reads_mirrors = [way for way in ways if isinstance(way, ReadsMirrors)]
        self._changes_mirrors = [way for way in ways if isinstance(way, ChangesMirrors)]
        self._alters_links = [way for way in ways if isinstance(way, AltersLinkConfigs)]
        self._reads_groups = [way for way in ways if isinstance(way, ReadsGroups)]
        self._reads_offsets = [way for way in ways if isinstance(way, ReadsOffsets)]
        self._changes_topics = [way for way in ways if isinstance(way, ChangesTopics)]
        self._deletes_links = [way for way in ways if isinstance(way, DeletesLinks)]
        self._sets_offsets = [way for way in ways if isinstance(way, SetsOffsets)]
        self._reads_records = [way for way in ways if isinstance(way, ReadsRecords)]
        self._writes_records = [way for way in ways if isinstance(way, WritesRecords)]

    def links(self, *, deadline: float) -> tuple[LinkFacts, ...]:
        return self._one(self._reads_links, "read links").links(deadline=deadline)

    def mirrors(self, link: str, *, deadline: float) -> tuple[MirrorFacts, ...]:
        return self._one(self._reads_mirrors, "read mirrors").mirrors(link, deadline=deadline)

    def mirror(self, link: str, topic: str, *, deadline: float) -> MirrorFacts | None:
        return self._one(self._reads_mirrors, "read mirrors").mirror(link, topic, deadline=deadline)

    def alter_mirrors(
        self, action: MirrorAction, link: str, topics: Sequence[str], *, validate_only: bool, deadline: float
    ) -> MirrorAnswer:
        way = self._one(self._changes_mirrors, "change mirrors")
        return way.alter_mirrors(action, link, topics, validate_only=validate_only, deadline=deadline)

    def mirror_request(self, action: MirrorAction, link: str, topics: Sequence[str]) -> Mapping[str, Any]:
        return self._one(self._changes_mirrors, "change mirrors").mirror_request(action, link, topics)

    def mirror_command(self, action: MirrorAction, link: str, topics: Sequence[str]) -> str:
        return self._one(self._changes_mirrors, "change mirrors").mirror_command(action, link, topics)

    def link_configs(self, link: str, *, deadline: float) -> Mapping[str, str | None]:
        return self._one(self._alters_links, "read link settings").link_configs(link, deadline=deadline)

    def alter_link_configs(
        self, link: str, changes: Mapping[str, str | None], *, validate_only: bool, deadline: float
    ) -> LinkConfigsAnswer:
        way = self._one(self._alters_links, "change link settings")
        return way.alter_link_configs(link, changes, validate_only=validate_only, deadline=deadline)

    def link_configs_request(self, link: str, changes: Mapping[str, str | None]) -> Mapping[str, Any]:
        return self._one(self._alters_links, "change link settings").link_configs_request(link, changes)

    def link_configs_command(self, link: str, changes: Mapping[str, str | None]) -> str:
        return self._one(self._alters_links, "change link settings").link_configs_command(link, changes)

    def groups(self, names: Sequence[str] | None = None, *, deadline: float) -> Mapping[str, GroupFacts]:
        return self._one(self._reads_groups, "read consumer groups").groups(names, deadline=deadline)

    def topics(self, names: Sequence[str], *, deadline: float) -> Mapping[str, TopicFacts]:
        return self._one(self._reads_offsets, "read offsets").topics(names, deadline=deadline)

    def topic_deletion(self, topic: str) -> Prepared:
        return self._one(self._changes_topics, "delete topics").topic_deletion(topic)

    def mirror_creation(self, link: str, source: str, topic: str) -> Prepared:
        return self._one(self._changes_topics, "create mirrors").mirror_creation(link, source, topic)

    def link_deletion(self, link: str) -> Prepared:
        return self._one(self._deletes_links, "delete links").link_deletion(link)

    def offsets_setting(self, group: str, offsets: Mapping[tuple[str, int], int]) -> Prepared:
        return self._one(self._sets_offsets, "set group offsets").offsets_setting(group, offsets)

    def records(self, topic: str, partition: int, start: int, end: int, *, most: int, deadline: float) -> RecordSlice:
        way = self._one(self._reads_records, "read records")
        return way.records(topic, partition, start, end, most=most, deadline=deadline)

    def write_records(self, topic: str, records: Sequence[Record], *, deadline: float) -> tuple[Delivery, ...]:
        return self._one(self._writes_records, "write records").write_records(topic, records, deadline=deadline)

    def registry_mode(self, subject: str = "", *, deadline: float) -> str | None:
        return self._registry.mode(subject, deadline=deadline)

    def registry_subjects(self, *, deadline: float) -> tuple[str, ...]:
        return self._registry.subjects(deadline=deadline)

    def registry_mode_setting(self, mode: RegistryMode, subject: str = "", *, force: bool = False) -> Prepared:
        return self._registry.mode_setting(mode, subject, force=force)

    def close(self) -> None:
        for way in self.ways.values():
            way.close()
        if self.schema_registry:
            self.schema_registry.close()

    @property
    def _registry(self) -> SchemaRegistry:
        if self.schema_registry is None:
            raise Configuration(self.side, "the inventory names no schema_registry of this side")
        return self.schema_registry

    def _one(self, ways: Sequence[C], what: str) -> C:
        if ways:
            return ways[0]
        known = ", ".join(self.ways) or "none"
        raise Configuration(self.side, f"no way in can {what} here (ways in the inventory: {known})")


class Connections:
    """`clusters.gateway.Gateways` of one pair. Give it back with `close()` or as a context manager."""

    def __init__(self, entry: PairEntry) -> None:
        self.entry = entry
        self.endpoints = Endpoints(entry.endpoints)
        self.exports = Exports(entry.name, entry.exports)
        self._sides = {side.name: Side(side) for side in entry.sides}
        self._drivers: dict[str, Driver] = {each.name: drivers.get(each.kind)(each) for each in entry.drivers}
        self.witnesses = {each.name: Outbound(each.name, each.url) for each in entry.witnesses}
        self.witness_lanes: Mapping[str, Lane[Any]] = {each.name: Lane(each.name) for each in entry.witnesses}
        self._canaries: dict[str, CanarySide] = {}
        self._canary_lanes: dict[tuple[str, str], Lane[Any]] = {}
        self._users = 0

    def side(self, name: str) -> Side:
        return self._named(self._sides, name, "side")

    def driver(self, name: str) -> Driver:
        return self._named(self._drivers, name, "routing driver")

    def canary(self, side: str) -> CanarySide:
        """Its clients are made at first use."""
        if side not in self._canaries:
            settings = self.entry.side(side).ways.get("kafka")
            if settings is None:
                raise Configuration(side, "a canary needs a kafka way in, and the inventory has none here")
            self._canaries[side] = CanarySide(side, settings)
        return self._canaries[side]

    def canary_lane(self, side: str, verb: str) -> Lane[Any]:
        """One call at a time for each side and verb, so that a hanging one is not joined by more."""
        return self._canary_lanes.setdefault((side, verb), Lane(f"canary {verb} {side}"))

    def close(self) -> None:
        _give_back(self)

    def __enter__(self) -> Connections:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _named(self, found: Mapping[str, C], name: str, what: str) -> C:
        if name not in found:
            raise Configuration(self.entry.name, f"the inventory has no {what} {name!r}; known: {', '.join(found)}")
        return found[name]

    def _shut(self) -> None:
        for opened in (self._sides, self._drivers, self.witnesses, self._canaries):
            for each in opened.values():
                each.close()
        self.endpoints.close()


_lock = threading.Lock()
_current: dict[str, tuple[str, Connections]] = {}


def open_pair(entry: PairEntry) -> Connections:
    """Nothing is connected yet: every client connects at its first use."""
    digest = entry.digest
    with _lock:
        known = _current.get(entry.name)
        if known is None or known[0] != digest:
            _current[entry.name] = (digest, Connections(entry))
            if known and not known[1]._users:
                known[1]._shut()
        found = _current[entry.name][1]
        found._users += 1
        return found


def close_all() -> None:
    """At the end of the process, and between tests that start servers of their own."""
    with _lock:
        opened = [connections for _, connections in _current.values()]
        _current.clear()
    for connections in opened:
        connections._shut()


def _give_back(connections: Connections) -> None:
    with _lock:
        connections._users = max(0, connections._users - 1)
        is_current = any(each is connections for _, each in _current.values())
        if connections._users or is_current:
            return
    connections._shut()


def _forget_after_fork() -> None:
    """A child must not use its parent's sockets or threads; it opens its own."""
    global _lock
    _lock = threading.Lock()
    _current.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
atexit.register(close_all)
