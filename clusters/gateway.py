"""What a step may ask of a cluster or a routing driver: small Protocols, one per capability.

Every call carries `deadline`, an instant of `time.monotonic()` (not a duration) by which it has answered or raised;
reads may be repeated, writes are sent once and never retried.
Errors are those of `clusters.errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from clusters.facts import GroupFacts, KeeperFacts, LinkFacts, MirrorFacts, PartitionLag, TopicFacts


class MirrorAction(StrEnum):
    """The mirror verbs, spelt as their REST paths end; `tool_flag` is the verb of `kafka-mirrors`."""

    PROMOTE = "promote"
    FAILOVER = "failover"
    PAUSE = "pause"
    RESUME = "resume"
    REVERSE_AND_START = "reverse-and-start-mirror"
    REVERSE_AND_PAUSE = "reverse-and-pause-mirror"
    TRUNCATE_AND_RESTORE = "truncate-and-restore"


class RegistryMode(StrEnum):
    """What a Schema Registry, or a subject of it, takes: new schemas, none, or those of another with their ids."""

    READWRITE = "READWRITE"
    READONLY = "READONLY"
    IMPORT = "IMPORT"


@dataclass(frozen=True)
class Truncation:
    partition: int
    offset_truncated_to: int
    messages_truncated: int


@dataclass(frozen=True)
class MirrorReply:
    """One topic's part of an answer. `error` empty = accepted, which is not done."""

    topic: str
    error: str = ""
    lags: tuple[PartitionLag, ...] = ()
    messages_truncated: int | None = None
    truncations: tuple[Truncation, ...] = ()


@dataclass(frozen=True)
class MirrorAnswer:
    """Per-topic replies of one command; a topic the cluster left out is reported with an error."""

    replies: Mapping[str, MirrorReply]
    said: str


@dataclass(frozen=True)
class LinkConfigsAnswer:
    """One entry per setting that was sent: why it was refused, or empty. One left out was never sent."""

    errors: Mapping[str, str]
    said: str


@dataclass(frozen=True)
class Prepared:
    """A command made ready. `request` is exact and without secrets: the intent; `command` is the same by hand.

    `send` takes the deadline, sends once, and returns what the cluster said; `dry_run` is there where the cluster has
    one. Accepted is not done.
    """

    request: Mapping[str, Any]
    command: str
    send: Callable[[float], str]
    dry_run: Callable[[float], str] | None = None


@dataclass(frozen=True)
class Record:
    """One record, with where it stands (or stood, where it is to be written anew). `at_ms` is its time stamp."""

    partition: int
    offset: int
    at_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass(frozen=True)
class RecordSlice:
    """Records of one partition, in order. `next` is where to go on: offsets below it that are not here hold nothing."""

    records: tuple[Record, ...]
    next: int


@dataclass(frozen=True)
class Delivery:
    """What came of one record that was written: its offset, or why not. `is_refused`: provably not taken."""

    offset: int | None
    said: str = ""
    is_refused: bool = False


@dataclass(frozen=True)
class ClientState:
    """Where a driver says a target runs. `version` is for compare-and-set; None where the driver has none.

    A driver that only tells clients where to go (`sees_instances` false) cannot count them: `desired` is 0 where it
    sends them nowhere, `ready` and `terminating` are None. `unseen` says which place that may hold clients could not be
    looked at: nothing is proven of that place. `is_blind`: the driver has no way at all to look; what clients write is
    the only proof.
    """

    target: str
    side: str | None
    desired: int | None
    ready: int | None
    terminating: int | None
    version: str | None
    said: str = ""
    sees_instances: bool = True
    unseen: str = ""
    is_blind: bool = False

    @property
    def is_stopped(self) -> bool:
        """No instance is left, not even one that is ending: only a driver that sees instances can say so."""
        return self.desired == 0 and self.ready == 0 and self.terminating == 0 and not self.unseen

    @property
    def is_sent_nowhere(self) -> bool:
        """Every place has been told to have no clients; whether they have gone, this driver cannot see."""
        return not self.sees_instances and self.side is None and self.desired == 0 and not self.unseen

    def is_at(self, side: str) -> bool:
        """Runs on `side` and nowhere else; or is sent there, by a driver that sees no instances."""
        if self.side != side:
            return False
        return not self.sees_instances or (bool(self.ready) and not self.terminating)

    def is_away_from(self, side: str) -> bool:
        """Sent somewhere else than `side`, as far as every place that may hold clients could be looked at."""
        return self.is_sent_nowhere or (self.side not in {None, side} and not self.unseen)


@dataclass(frozen=True)
class RoutePlan:
    """What a driver would change: the present state, and the request it would send.

    The way back is a plan of its own, made from what is there then.
    """

    target: str
    before: ClientState | None
    request: Mapping[str, Any]
    said: str
    by_hand: str = ""


@dataclass(frozen=True)
class RouteAnswer:
    """`follow` names the order where its driver can tell later how it gets on; it proves nothing."""

    target: str
    accepted: bool
    said: str
    version: str | None = None
    follow: str = ""


@dataclass(frozen=True)
class Progress:
    """What a driver says of an order it took. `has_given_up`: nothing more will come of it."""

    has_given_up: bool
    said: str


@runtime_checkable
class ReadsLinks(Protocol):
    def links(self, *, deadline: float) -> tuple[LinkFacts, ...]: ...


@runtime_checkable
class ReadsMirrors(Protocol):
    def mirrors(self, link: str, *, deadline: float) -> tuple[MirrorFacts, ...]: ...
    def mirror(self, link: str, topic: str, *, deadline: float) -> MirrorFacts | None:
        """With its transition errors; None where the cluster does not know it."""
        ...


@runtime_checkable
class ChangesMirrors(Protocol):
    def alter_mirrors(
        self, action: MirrorAction, link: str, topics: Sequence[str], *, validate_only: bool, deadline: float
    ) -> MirrorAnswer:
        """Topics are always named, never by pattern. Truncate-and-restore asks for partition data in both forms."""
        ...

    def mirror_request(self, action: MirrorAction, link: str, topics: Sequence[str]) -> Mapping[str, Any]:
        """The exact request `alter_mirrors` would send, without secrets: it becomes the intent."""
        ...

    def mirror_command(self, action: MirrorAction, link: str, topics: Sequence[str]) -> str:
        """The same by hand: the vendor's command line for this edition."""
        ...


@runtime_checkable
class AltersLinkConfigs(Protocol):
    """The settings of one half of a link. In `changes` None resets a setting to its default."""

    def link_configs(self, link: str, *, deadline: float) -> Mapping[str, str | None]: ...
    def alter_link_configs(
        self, link: str, changes: Mapping[str, str | None], *, validate_only: bool, deadline: float
    ) -> LinkConfigsAnswer:
        """All in one call. Where a cluster does not serve that, one setting after another and the switches last, until
        one is refused; there is no dry run of that, and `validate_only` raises NotServed.
        """
        ...

    def link_configs_request(self, link: str, changes: Mapping[str, str | None]) -> Mapping[str, Any]:
        """The exact requests `alter_link_configs` would send: they become the intent."""
        ...

    def link_configs_command(self, link: str, changes: Mapping[str, str | None]) -> str: ...


@runtime_checkable
class ReadsGroups(Protocol):
    def groups(self, names: Sequence[str] | None = None, *, deadline: float) -> Mapping[str, GroupFacts]:
        """With members and committed offsets; a name the coordinator does not know comes back DEAD with 0 members."""
        ...


@runtime_checkable
class ReadsOffsets(Protocol):
    def topics(self, names: Sequence[str], *, deadline: float) -> Mapping[str, TopicFacts]:
        """Start and end offsets per partition; a missing topic is absent from the answer."""
        ...


@runtime_checkable
class ChangesTopics(Protocol):
    def topic_deletion(self, topic: str) -> Prepared:
        """The topic goes, and with it the mirror it is or was, and every offset that groups committed on it."""
        ...

    def mirror_creation(self, link: str, source: str, topic: str) -> Prepared:
        """A new mirror begins at the start of its source; over a topic that exists none can be made."""
        ...


@runtime_checkable
class DeletesLinks(Protocol):
    def link_deletion(self, link: str) -> Prepared:
        """This side's half of the link, with the history of its stopped mirrors; never by force."""
        ...


@runtime_checkable
class SetsOffsets(Protocol):
    def offsets_setting(self, group: str, offsets: Mapping[tuple[str, int], int]) -> Prepared:
        """Commits these offsets (topic, partition → offset) for a group without members; others keep theirs."""
        ...


@runtime_checkable
class ReadsRecords(Protocol):
    def records(self, topic: str, partition: int, start: int, end: int, *, most: int, deadline: float) -> RecordSlice:
        """From `start` on, below `end`, as far as it comes by the deadline. No group is joined, nothing is committed.

        Records of open and aborted transactions are not among them.
        """
        ...


@runtime_checkable
class WritesRecords(Protocol):
    def write_records(self, topic: str, records: Sequence[Record], *, deadline: float) -> tuple[Delivery, ...]:
        """Appends each to the partition it names, once, and tells of each in their order."""
        ...


@runtime_checkable
class SetsRegistryModes(Protocol):
    """A side's Schema Registry; without a subject it is about all that have no mode of their own."""

    def registry_mode(self, subject: str = "", *, deadline: float) -> str | None:
        """None where the subject has no mode of its own."""
        ...

    def registry_subjects(self, *, deadline: float) -> tuple[str, ...]: ...
    def registry_mode_setting(self, mode: RegistryMode, subject: str = "", *, force: bool = False) -> Prepared: ...


class SideGateway(
    ReadsLinks,
    ReadsMirrors,
    ChangesMirrors,
    AltersLinkConfigs,
    ReadsGroups,
    ReadsOffsets,
    ChangesTopics,
    DeletesLinks,
    SetsOffsets,
    ReadsRecords,
    WritesRecords,
    SetsRegistryModes,
    Protocol,
):
    """One side of a pair, whatever ways in it has."""

    side: str


class MovesClients(Protocol):
    """A routing driver. A time-out of `apply` is unknown, never failed; `verify` is the only proof."""

    name: str
    kind: str
    vantage: str
    is_manual: bool

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan: ...
    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer: ...
    def verify(self, target: str, *, deadline: float) -> ClientState: ...


@runtime_checkable
class ShowsAccess(Protocol):
    """A driver whose plans ask nobody, so that a dry run has to ask by itself whether its addresses and credential do.

    It changes nothing. Raises ClusterError where they do not; it returns what could not be told, empty where all was.
    """

    def access(self, *, deadline: float) -> str: ...


@runtime_checkable
class FollowsOrders(Protocol):
    """A driver that takes an order at once, carries it out later, and tells how it gets on."""

    def progress(self, follow: str, *, deadline: float) -> Progress: ...


@runtime_checkable
class ReadsKeepers(Protocol):
    """A driver whose workloads other controllers may set to a state of their own."""

    def keepers(self, target: str, *, deadline: float) -> KeeperFacts: ...


class KeepsExports(Protocol):
    """Files in the one folder that the inventory names for exports. Errors are those of `clusters.errors`."""

    def put(self, name: str, at: int, data: bytes) -> int:
        """Writes `data` at `at`, where the file has to end or go on by what nobody has noted; the new end."""
        ...

    def take(self, name: str, start: int, end: int) -> bytes: ...
    def sha256(self, name: str) -> str: ...
    def path(self, name: str) -> str: ...


class ReadsEndpoints(Protocol):
    def get(self, endpoint: str, path: str, *, deadline: float) -> EndpointAnswer: ...


@dataclass(frozen=True)
class EndpointAnswer:
    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Gateways(Protocol):
    """What a step reaches: the two sides, the drivers and the named endpoints of one pair."""

    def side(self, name: str) -> SideGateway: ...
    def driver(self, name: str) -> MovesClients: ...
    @property
    def endpoints(self) -> ReadsEndpoints: ...
    @property
    def exports(self) -> KeepsExports: ...


@dataclass(frozen=True)
class Command:
    """A command that a person can run without this program; `what` says what it shows or does."""

    what: str
    text: str


Commands = tuple[Command, ...]


class SideByHand(Protocol):
    """The commands of one side as its own tools spell them: for paper, without a call, and without a secret."""

    side: str

    def looks_alive(self) -> Commands: ...
    def looks_at_link(self, link: str) -> Commands: ...
    def looks_at_mirrors(self, link: str) -> Commands: ...
    def looks_at_groups(self, groups: Sequence[str]) -> Commands: ...
    def looks_at_ends(self, topics: Sequence[str]) -> Commands: ...
    def alters_mirrors(self, action: MirrorAction, link: str, topics: Sequence[str]) -> Commands:
        """The dry run first, where there is one."""
        ...

    def alters_link(self, link: str, changes: Mapping[str, str | None]) -> Commands: ...
    def creates_mirror(self, link: str, source: str, topic: str) -> Commands: ...
    def deletes_link(self, link: str) -> Commands: ...
    def deletes_topic(self, topic: str) -> Commands: ...
    def sets_offsets(self, group: str) -> Commands:
        """From OFFSETS.csv, which people write: one line `topic,partition,offset` for each place."""
        ...

    def looks_at_registry(self, subjects: tuple[str, ...] = ()) -> Commands: ...
    def sets_registry_mode(self, mode: RegistryMode, subject: str, *, force: bool) -> Commands: ...


class PairByHand(Protocol):
    def side(self, name: str) -> SideByHand: ...
    def witnesses(self) -> Commands: ...
    def looks_at_client(self, driver: str, target: str) -> Commands: ...
    def moves_client(self, driver: str, target: str, to: str | None) -> Commands: ...
    def endpoint(self, name: str, path: str) -> Commands: ...
