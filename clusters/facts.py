"""What is known of clusters, links, mirrors, groups and clients: frozen values, each with its origin and age.

Unknown is a value of its own (`None`, or a `Fact` without one): it is shown as unknown and passes no guard.
Words are those of the Kafka REST v3 API; `source` and `destination` are directions of a link, `home` is
the role of a side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property, total_ordering
from typing import Generic, TypeVar

T = TypeVar("T")


class Origin(StrEnum):
    """Where a fact comes from. A guess may only tighten a guard, never satisfy one."""

    PROBED = "probed"
    DECLARED = "declared"
    GUESSED = "guessed"


@dataclass(frozen=True)
class Fact(Generic[T]):
    """A value with its origin; `value is None` means unknown and `note` says why."""

    value: T | None
    origin: Origin
    at: datetime | None = None
    note: str = ""

    @property
    def is_known(self) -> bool:
        return self.value is not None and self.origin is not Origin.GUESSED


def unknown(why: str) -> Fact[T]:
    return Fact(None, Origin.DECLARED, None, why)


NOT_DECLARED: Fact[str] = Fact(None, Origin.DECLARED, None, "not declared in the inventory")


@total_ordering
@dataclass(frozen=True)
class Version:
    """A Confluent Platform version, compared number by number; suffixes such as `-1-ce` are ignored."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """None where the text is not `major.minor.patch`: a version without a patch level is unknown."""
        found = re.match(r"\s*v?(\d+)\.(\d+)\.(\d+)(?![\d.])", text)
        return cls(*map(int, found.groups())) if found else None

    def __lt__(self, other: Version) -> bool:
        return (self.major, self.minor, self.patch) < (other.major, other.minor, other.patch)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


class Edition(StrEnum):
    PLATFORM = "platform"
    CLOUD_BASIC = "cloud-basic"
    CLOUD_STANDARD = "cloud-standard"
    CLOUD_DEDICATED = "cloud-dedicated"
    CLOUD_ENTERPRISE = "cloud-enterprise"
    CLOUD_FREIGHT = "cloud-freight"
    APACHE = "apache"

    @property
    def is_cloud(self) -> bool:
        return self.value.startswith("cloud-")


class MetadataMode(StrEnum):
    KRAFT = "kraft"
    KRAFT_COMBINED = "kraft-combined"
    ZOOKEEPER = "zookeeper"


class Topology(StrEnum):
    ACTIVE_ACTIVE = "active-active"
    ACTIVE_PASSIVE = "active-passive"


class MirrorStatus(StrEnum):
    """The complete REST enum; a value outside it becomes UNRECOGNISED and blocks every destructive step."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    LINK_PAUSED = "LINK_PAUSED"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    LINK_FAILED = "LINK_FAILED"
    FAILED = "FAILED"
    PENDING_STOPPED = "PENDING_STOPPED"
    STOPPED = "STOPPED"
    PENDING_MIRROR = "PENDING_MIRROR"
    PENDING_SYNCHRONIZE = "PENDING_SYNCHRONIZE"
    PENDING_SETUP_FOR_RESTORE = "PENDING_SETUP_FOR_RESTORE"
    PENDING_RESTORE = "PENDING_RESTORE"
    UNRECOGNISED = "UNRECOGNISED"

    @property
    def is_in_transition(self) -> bool:
        return self.value.startswith("PENDING_")


class GroupState(StrEnum):
    STABLE = "STABLE"
    EMPTY = "EMPTY"
    DEAD = "DEAD"
    PREPARING_REBALANCE = "PREPARING_REBALANCE"
    COMPLETING_REBALANCE = "COMPLETING_REBALANCE"
    ASSIGNING = "ASSIGNING"
    RECONCILING = "RECONCILING"
    UNKNOWN = "UNKNOWN"

    @property
    def is_inactive(self) -> bool:
        return self in {GroupState.EMPTY, GroupState.DEAD}


@dataclass(frozen=True)
class TransitionError:
    code: str
    message: str


@dataclass(frozen=True)
class PartitionLag:
    """Numbers as the cluster said them: -1, negative and frozen values are kept and judged, not hidden."""

    partition: int
    lag: int
    last_source_fetch_offset: int


@dataclass(frozen=True)
class MirrorFacts:
    link: str
    topic: str
    source_topic: str
    status: MirrorStatus
    said_status: str
    error: str
    state_at: datetime | None
    num_partitions: int
    partitions: tuple[PartitionLag, ...]
    transition_errors: tuple[TransitionError, ...] = ()

    # Cached: a poll of ten thousand mirrors asks each of them several times.
    @cached_property
    def is_measured(self) -> bool:
        """Every partition has been fetched and carries a usable number."""
        complete = len(self.partitions) == self.num_partitions > 0
        return complete and all(p.last_source_fetch_offset >= 0 and p.lag >= 0 for p in self.partitions)

    @cached_property
    def max_lag(self) -> int | None:
        return max(p.lag for p in self.partitions) if self.is_measured else None

    @cached_property
    def total_lag(self) -> int | None:
        return sum(p.lag for p in self.partitions) if self.is_measured else None


@dataclass(frozen=True)
class TaskFacts:
    name: str
    state: str
    errors: tuple[TransitionError, ...] = ()


@dataclass(frozen=True)
class LinkFacts:
    """One side of a link. `mode` and `prefix` come from its settings, never guessed from ids.

    None is unknown (the settings could not be read); a link without a prefix has `prefix` "". `is_untold`: the cluster
    refuses to tell the settings, and no later look will be told them.
    """

    name: str
    cluster_link_id: str
    remote_cluster_id: str
    state: str
    error: str
    error_message: str
    mode: str | None
    prefix: str | None
    configs: Mapping[str, str | None]
    tasks: tuple[TaskFacts, ...] = ()
    is_untold: bool = False

    @property
    def is_mode_known(self) -> bool:
        return self.mode is not None

    @property
    def is_unread(self) -> bool:
        """Its settings were not read this time; the next look may well read them."""
        return self.mode is None and not self.configs and not self.is_untold


@dataclass(frozen=True)
class TopicFacts:
    """Offsets are per partition, in order; None where a partition did not answer. `tiered` None means unknown.

    `settings` are those that something is judged by (`clusters.broker_settings.OF_TOPICS`); None: not read.
    """

    name: str
    partitions: int
    start_offsets: tuple[int | None, ...] = ()
    end_offsets: tuple[int | None, ...] = ()
    tiered: bool | None = None
    settings: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Committed:
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class GroupFacts:
    name: str
    state: GroupState
    members: int
    committed: tuple[Committed, ...] = ()
    client_ids: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        return self.members > 0 or not (self.state.is_inactive)


@dataclass(frozen=True)
class BrokerFacts:
    broker_id: int
    version: Fact[Version]


@dataclass(frozen=True)
class AclFacts:
    """One ACL, its seven fields spelt as in the REST API."""

    resource_type: str
    resource_name: str
    pattern_type: str
    principal: str
    host: str
    operation: str
    permission: str


@dataclass(frozen=True)
class Acls:
    """Those of declared principals, of everybody, and of what is no user. Not enforced: there is no authorizer."""

    is_enforced: bool
    entries: tuple[AclFacts, ...] = ()


@dataclass(frozen=True)
class SchemaFacts:
    """One version of a subject; `digest` is of what the schema says."""

    subject: str
    version: int
    id: int
    digest: str


@dataclass(frozen=True)
class ExporterFacts:
    """One exporter of Schema Linking; `trace` is what it stumbled over last.

    `context_type` NONE: it copies subjects as they are; AUTO, CUSTOM: into a context of their own; empty: not told.
    """

    name: str
    state: str
    trace: str = ""
    context_type: str = ""

    @property
    def is_paused(self) -> bool:
        return self.state == "PAUSED"


@dataclass(frozen=True)
class RegistryFacts:
    """A side's Schema Registry at one moment. What could not be read is None, and `said` tells why.

    `mode` is that of all subjects: one of its own that a subject may have is not in it.
    """

    at: datetime | None
    said: str = ""
    mode: str | None = None
    schemas: tuple[SchemaFacts, ...] | None = None
    exporters: tuple[ExporterFacts, ...] | None = None


@dataclass(frozen=True)
class ClockSkew:
    """How many milliseconds a cluster's clock is ahead of this console's: somewhere between these two."""

    least_ms: int
    most_ms: int
    at: datetime


@dataclass(frozen=True)
class Probe:
    """One attempt to reach a side by one protocol: `rest`, `kafka`."""

    protocol: str
    ok: bool
    said: str
    took_ms: int


@dataclass(frozen=True)
class SideFacts:
    """Everything read of one side at one moment. Unreachable is a fact; what could not be read is None."""

    side: str
    region: str
    is_home: bool
    read_at: datetime
    reachable: bool
    said: str
    probes: tuple[Probe, ...]
    cluster_id: str
    edition: Fact[Edition]
    metadata: Fact[MetadataMode]
    tiering: Fact[bool]
    brokers: tuple[BrokerFacts, ...]
    links: tuple[LinkFacts, ...] | None = None
    mirrors: tuple[MirrorFacts, ...] | None = None
    topics: Mapping[str, TopicFacts] | None = None
    other_topics: tuple[str, ...] | None = None  # names of those not in `topics`: internal, or beyond the budget
    groups: Mapping[str, GroupFacts] | None = None
    offsets_at: datetime | None = None
    configs_at: datetime | None = None
    broker_settings: Mapping[int, Mapping[str, str]] | None = None
    skew: ClockSkew | None = None
    acls: Acls | None = None
    acls_said: str = ""  # why they were not read
    registry: RegistryFacts | None = None  # None: the inventory names no Schema Registry of this side

    def age(self, now: datetime) -> timedelta:
        return now - self.read_at

    @property
    def lowest_version(self) -> Version | None:
        """None if any broker's version is unknown: minimum-version rules then refuse."""
        versions = [broker.version.value for broker in self.brokers if broker.version.is_known]
        return min(v for v in versions if v) if versions and len(versions) == len(self.brokers) else None

    def link(self, name: str) -> LinkFacts | None:
        return next((link for link in self.links or () if link.name == name), None)

    def mirror(self, topic: str) -> MirrorFacts | None:
        return next((mirror for mirror in self.mirrors or () if mirror.topic == topic), None)


class Library(StrEnum):
    """Whose rules a pattern is read by."""

    JAVA = "java"
    LIBRDKAFKA = "librdkafka"


@dataclass(frozen=True)
class Subscription:
    """How a group says what it reads: by a pattern, or by a fixed list on each side."""

    pattern: str = ""
    library: Library = Library.JAVA
    topics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ClientFacts:
    """A declared set of clients that can be moved as one: a producer fleet or a consumer group's workload.

    `principal` is who it is to the clusters' authorizers; None: not declared, as its rights then are not known.
    `transactional` is whether it writes, or reads only committed, transactions; None: nobody has declared it.
    `is_by_hand`: its driver only instructs people, so that a named person must say where it runs, of its `team` where
    one is declared. `has_keepers`: other
    controllers may set it to a state of their own, and are looked for before it is changed. `tier` 1 is the most
    urgent: topics are failed over in that order.
    """

    name: str
    kind: str  # producers | group
    topics: tuple[str, ...]
    driver: str
    home: str
    group: str | None = None
    is_by_hand: bool = False
    transactional: bool | None = None
    has_keepers: bool = False
    principal: str | None = None
    subscription: Subscription | None = None
    tier: int | None = None
    team: str = ""


@dataclass(frozen=True)
class Keeper:
    """A controller that sets an object to a state of its own, and would undo a change of it while it is not paused."""

    side: str
    target: str
    controller: str
    is_paused: bool
    how_to_pause: str


@dataclass(frozen=True)
class TrialFacts:
    """A dry run of the driver that moves a client: nothing was ordered. `problem` is empty where it went well.

    `untold` is what nobody answered for, so that it did not go wrong either.
    """

    at: datetime
    problem: str = ""
    untold: str = ""


@dataclass(frozen=True)
class Attested:
    """The newest statement about a client that no cluster can tell. `is_expired` by the database's clock, when read.

    `is_owned`: the person who answers for it is still active here.
    """

    client: str
    statement: str
    reply: str
    owner: str
    given: datetime
    expires: datetime
    is_expired: bool = False
    is_owned: bool = True


@dataclass(frozen=True)
class KeeperFacts:
    """What keeps the workloads of one client, side by side.

    `silent` are sides that do not answer, where nothing is changed either; `unread` those that answer, but not this.
    """

    found: tuple[Keeper, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)


class ReplicationPolicy(StrEnum):
    """How MirrorMaker 2 names what it copies. Only names with a prefix show it where a record came from."""

    DEFAULT = "default"
    IDENTITY = "identity"
    CUSTOM = "custom"


@dataclass(frozen=True)
class FlowFacts:
    """One direction of MirrorMaker 2, as its connectors and internal topics on the target tell.

    `worker_group` is the group of its own workers; None: not known. `checkpoints` are the translated positions on the
    target, by group; None where the topic was not read to its end.
    """

    source: str
    target: str
    policy: Fact[ReplicationPolicy]
    enabled: Fact[bool]
    worker_group: str | None
    checkpoints: Mapping[str, tuple[Committed, ...]] | None = None


@dataclass(frozen=True)
class Policy:
    """The numbers of a pair; definitions say *policy*, not numbers."""

    unreachable_for: timedelta = timedelta(minutes=5)
    stable_for: timedelta = timedelta(minutes=10)
    session_timeout: timedelta = timedelta(seconds=45)
    flat_for: timedelta = timedelta(seconds=10)
    poll: timedelta = timedelta(seconds=5)
    approval_life: timedelta = timedelta(minutes=15)
    group_sync: timedelta = timedelta(seconds=30)
    longest_transaction: timedelta = timedelta(minutes=15)  # transaction.max.timeout.ms of the brokers
    rto: timedelta = timedelta(minutes=30)
    rpo: timedelta = timedelta(minutes=1)
    longest_outage: timedelta = timedelta(days=3)  # to be endured, with the time to decide: a long weekend
    drill_every: timedelta = timedelta(days=92)  # a quarter
    facts_for: timedelta = timedelta(seconds=15)
    configs_for: timedelta = timedelta(seconds=60)


@dataclass(frozen=True)
class Vantage:
    """What one place (this console, the other side's link, a witness) sees of a side; `sees` None is no opinion."""

    name: str
    kind: str  # console | link | witness
    side: str
    sees: bool | None
    since: datetime | None
    said: str
    at: datetime | None


@dataclass(frozen=True)
class PairFacts:
    """Both sides of a pair, as read for one judgement, with what the inventory declares of the pair."""

    pair: str
    topology: Topology
    link: str
    home: str
    sides: Mapping[str, SideFacts]
    clients: tuple[ClientFacts, ...] = ()
    vantages: tuple[Vantage, ...] = ()
    policy: Policy = field(default_factory=Policy)
    may_change: bool = False
    keepers: Mapping[str, KeeperFacts] = field(default_factory=dict)  # by client, of those that were asked for
    trials: Mapping[str, TrialFacts] = field(default_factory=dict)  # by client, the last dry run of its driver
    link_principals: Mapping[str, str] = field(default_factory=dict)  # by side: who the link is on that cluster
    flows: tuple[FlowFacts, ...] | None = ()  # of MirrorMaker 2; empty: there are none, None: they were not read
    link_managed_by: Fact[str] = NOT_DECLARED  # what sets the link and its mirrors to a state of its own, or none
    attested: tuple[Attested, ...] | None = None  # what people say of clients; None: they were not asked for this
    schemas: Fact[str] = NOT_DECLARED  # none | shared | replicated: how they reach the other side

    def side(self, name: str) -> SideFacts:
        return self.sides[name]

    def other(self, name: str) -> SideFacts:
        return next(side for key, side in self.sides.items() if key != name)

    def seen_from(self, side: str) -> tuple[Vantage, ...]:
        """What every vantage point says about this side."""
        return tuple(vantage for vantage in self.vantages if vantage.side == side)
