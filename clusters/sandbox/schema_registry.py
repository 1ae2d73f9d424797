"""The Schema Registry of one side: subjects with their schemas, modes, and exporters that copy to the other side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Pair

MODES = ("READWRITE", "READONLY", "IMPORT")
READWRITE, READONLY, IMPORT = MODES


class NotPermitted(Exception):
    """The mode in force, or what is registered, forbids it."""


@dataclass(frozen=True)
class Schema:
    id: int
    version: int
    text: str


@dataclass
class Exporter:
    name: str
    state: str = "RUNNING"
    trace: str = ""
    copied: int = -1  # the revision of its registry that it has copied whole


@dataclass
class SchemaRegistry:
    """Its methods need the pair's lock."""

    mode: str = READWRITE
    modes: dict[str, str] = field(default_factory=dict)  # of subjects that have one of their own
    subjects: dict[str, list[Schema]] = field(default_factory=dict)
    exporters: dict[str, Exporter] = field(default_factory=dict)
    revision: int = 0

    def in_force(self, subject: str) -> str:
        return self.modes.get(subject, self.mode)

    def register(self, subject: str, text: str, number: int | None = None, version: int | None = None) -> int:
        """The id; the same text of a subject keeps its own. With an id only in IMPORT, without only in READWRITE."""
        if (mode := self.in_force(subject)) == READONLY:
            raise NotPermitted(f"Subject {subject} is in read-only mode")
        if mode != (READWRITE if number is None else IMPORT):
            raise NotPermitted(f"Subject {subject} is not in {'read-write' if number is None else 'import'} mode")
        known = self.subjects.get(subject, [])
        if same := next((schema for schema in known if schema.text == text), None):
            return same.id
        found = Schema(self._id_of(text) if number is None else number, version or len(known) + 1, text)
        self.subjects.setdefault(subject, []).append(found)
        self.revision += 1
        return found.id

    def set_mode(self, subject: str, mode: str, *, force: bool) -> None:
        """Without a subject for all that have no mode of their own. IMPORT only over nothing, unless forced."""
        now = self.in_force(subject) if subject else self.mode
        holds = subject in self.subjects if subject else bool(self.subjects)
        if mode == IMPORT and now != IMPORT and holds and not force:
            raise NotPermitted("Cannot import since found existing subjects")
        if subject:
            self.modes[subject] = mode
        else:
            self.mode = mode

    def _id_of(self, text: str) -> int:
        every = [schema for schemas in self.subjects.values() for schema in schemas]
        known = next((schema.id for schema in every if schema.text == text), None)
        return max((schema.id for schema in every), default=0) + 1 if known is None else known


def export(pair: Pair) -> None:
    """Each running exporter copies what its registry holds, ids and all, as far as the other one takes it."""
    for cluster in pair.sides.values():
        for exporter in cluster.registry.exporters.values():
            if exporter.state == "RUNNING" and pair.is_up(cluster.name) and pair.is_up(pair.other(cluster.name).name):
                _copy(exporter, cluster.registry, pair.other(cluster.name).registry)


def _copy(exporter: Exporter, source: SchemaRegistry, destination: SchemaRegistry) -> None:
    if exporter.copied == source.revision:
        return
    try:
        for subject, schemas in source.subjects.items():
            for schema in schemas:
                destination.register(subject, schema.text, schema.id, schema.version)
    except NotPermitted as error:
        exporter.trace = str(error)
    else:
        exporter.copied, exporter.trace = source.revision, ""
