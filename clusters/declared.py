"""What the inventory declares: pairs, their sides, links, witnesses, drivers, clients. Frozen, and without secrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from clusters.facts import ClientFacts, Edition, Fact, MetadataMode, Origin, Policy, Topology, Version, unknown
from clusters.registry_settings import RegistrySettings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


def canonical_digest(entry: DataclassInstance) -> str:
    """sha256 over the content of a dataclass: comments, order of keys and spelled-out defaults do not change it."""
    return hashlib.sha256(json.dumps(asdict(entry), sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: object) -> str:
    return repr(value.total_seconds()) if isinstance(value, timedelta) else str(value)


@dataclass(frozen=True)
class Declared(Generic[T]):
    """A fact no API tells, with who says so, how they know and since when. `said` is the value as it was written."""

    said: str = ""
    value: T | None = None
    how: str = ""
    by: str = ""
    on: date | None = None
    expires: date | None = None
    note: str = ""

    def fact(self, today: date) -> Fact[T]:
        """Unknown without `how`, `by` and `on`, when expired, or when it is dated in the future."""
        missing = [key for key in ("how", "by", "on") if not getattr(self, key)]
        if self.value is None:
            return unknown(self.note or "not declared in the inventory")
        if missing:
            return unknown(
                f"declared {self.said}, but without {', '.join(missing)}: complete the entry in the inventory"
            )
        if self.expires and self.expires < today:
            return unknown(f"declared {self.said} by {self.by}, expired on {self.expires}: check and renew it")
        if self.on and self.on > today + timedelta(days=1):
            return unknown(f"declared {self.said}, dated {self.on}, which is in the future")
        at = datetime.combine(self.on or today, time(), UTC)
        return Fact(self.value, Origin.DECLARED, at, f"declared by {self.by} on {self.on} ({self.how})")


@dataclass(frozen=True)
class SideEntry:
    """`ways` holds the settings of each way in (`rest`, `kafka`), as its backend reads them."""

    name: str
    region: str
    is_home: bool
    cluster_id: str
    ways: Mapping[str, Any]
    edition: Declared[Edition] = Declared()
    metadata: Declared[MetadataMode] = Declared()
    tiering: Declared[bool] = Declared()
    versions: Mapping[int, Declared[Version]] = field(default_factory=dict)
    link_principal: str | None = None  # who the other side's half of the link is here
    schema_registry: RegistrySettings | None = None

    @property
    def is_cloud(self) -> bool:
        return self.edition.value is not None and self.edition.value.is_cloud


class Purpose(StrEnum):
    DATA = "data"
    ACL = "acl"


@dataclass(frozen=True)
class LinkEntry:
    name: str
    purpose: Purpose
    managed_by: Declared[str] = Declared()


@dataclass(frozen=True)
class WitnessEntry:
    name: str
    url: str
    region: str


@dataclass(frozen=True)
class DriverEntry:
    """`settings` are what the driver's own kind reads beside its name and vantage."""

    name: str
    kind: str
    vantage: str
    settings: Any = None


@dataclass(frozen=True)
class SandboxEntry:
    """Where the simulated pair is controlled; only sandbox pairs have it."""

    control: str
    journal: str


@dataclass(frozen=True)
class PairEntry:
    name: str
    title: str
    topology: Topology
    may_change: bool
    policy: Policy
    sides: tuple[SideEntry, ...]
    links: tuple[LinkEntry, ...] = ()
    witnesses: tuple[WitnessEntry, ...] = ()
    drivers: tuple[DriverEntry, ...] = ()
    clients: tuple[ClientFacts, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)
    schemas: Declared[str] = Declared()
    exports: str = ""  # the folder for exported records, one for all workers
    sandbox: SandboxEntry | None = None
    canary: str = ""  # the topic that canaries are written to; without one there are none

    @cached_property
    def digest(self) -> str:
        return canonical_digest(self)

    @property
    def home(self) -> SideEntry:
        return next(side for side in self.sides if side.is_home)

    @property
    def link(self) -> str:
        """The link that carries data; empty for a pair that has none."""
        return self.data_link.name if self.data_link else ""

    @property
    def data_link(self) -> LinkEntry | None:
        return next((link for link in self.links if link.purpose is Purpose.DATA), None)

    @property
    def cluster_ids(self) -> frozenset[str]:
        return frozenset(side.cluster_id for side in self.sides)

    def side(self, name: str) -> SideEntry:
        for side in self.sides:
            if side.name == name:
                return side
        raise LookupError(f"pair {self.name} has no side {name!r}; known: {', '.join(s.name for s in self.sides)}")

    def other(self, name: str) -> SideEntry:
        return next(side for side in self.sides if side.name != name)


@dataclass(frozen=True)
class Shared:
    """A side of a pair whose cluster other pairs have a side on, too."""

    side: str
    pairs: tuple[str, ...]


@dataclass(frozen=True)
class Inventory:
    pairs: Mapping[str, PairEntry]

    def shared(self, entry: PairEntry) -> tuple[Shared, ...]:
        """Three regions or more are written as pairs; only one run at a time may act on what they share."""
        others = [other for other in self.pairs.values() if other.name != entry.name]
        found = (
            Shared(side.name, tuple(other.name for other in others if side.cluster_id in other.cluster_ids))
            for side in entry.sides
        )
        return tuple(one for one in found if one.pairs)

    @cached_property
    def digest(self) -> str:
        return canonical_digest(self)
