"""What one way in tells of a side in one look; `reading` puts several of them together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from clusters.broker_settings import OF_BROKERS, OF_TOPICS, kept, metadata, tiered, tiering
from clusters.errors import ClusterError, Rejected
from clusters.facts import (
    AclFacts,
    Acls,
    ClockSkew,
    GroupFacts,
    LinkFacts,
    MetadataMode,
    MirrorFacts,
    Probe,
    TopicFacts,
)

# As brokers word it over either protocol, with a ZooKeeper and with KRaft.
NO_AUTHORIZER = re.compile(r"No Authorizer is configured|SECURITY_DISABLED")


def _bears_on(principal: str, want: Want) -> bool:
    return principal in want.principals or principal == "User:*" or not principal.startswith("User:")


class Told(Enum):
    """What came of asking for the brokers' settings. A refusal is final; no answer may come next time."""

    NOTHING = "nothing"
    REFUSAL = "refusal"
    SETTINGS = "settings"


@dataclass(frozen=True)
class Want:
    """What to look at. Named topics and groups are always read; others as far as the budget goes.

    `configs` asks for what changes rarely (settings of link, brokers and topics, and the ACLs of `principals`).
    """

    links: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    principals: frozenset[str] = frozenset()
    configs: bool = True
    max_partitions: int = 6000
    max_groups: int = 200


@dataclass
class Observed:
    """None means: not read, by this way or this time. `said` collects what went wrong, in order."""

    probe: Probe
    cluster_id: str | None = None
    broker_ids: frozenset[int] | None = None
    metadata: MetadataMode | None = None
    metadata_said: str = ""
    tiering: bool | None = None
    tiering_said: str = ""
    links: tuple[LinkFacts, ...] | None = None
    mirrors: tuple[MirrorFacts, ...] | None = None
    topics: Mapping[str, TopicFacts] | None = None
    other_topics: tuple[str, ...] | None = None
    tiered: Mapping[str, bool] | None = None
    topic_settings: Mapping[str, Mapping[str, str]] | None = None
    broker_settings: Mapping[int, Mapping[str, str]] | None = None
    skew: ClockSkew | None = None
    acls: Acls | None = None
    acls_said: str = ""
    groups: Mapping[str, GroupFacts] | None = None
    told: Told = Told.NOTHING
    problems: list[str] = field(default_factory=list)

    def put_broker_settings(self, found: Mapping[int, Mapping[str, str | None]]) -> None:
        self.told = Told.SETTINGS
        self.metadata, self.metadata_said = metadata(found)
        self.tiering, self.tiering_said = tiering(found)
        self.broker_settings = {broker: kept(settings, OF_BROKERS) for broker, settings in found.items()}

    def put_topic_settings(self, found: Mapping[str, Mapping[str, str | None]], *, is_cloud: bool) -> None:
        """Tiering of single topics is asked for where it can be off: on Confluent Cloud it is the vendor's."""
        self.topic_settings = {topic: kept(settings, OF_TOPICS) for topic, settings in found.items()}
        if not is_cloud:
            said = {topic: tiered(settings) for topic, settings in found.items()}
            self.tiered = {topic: is_on for topic, is_on in said.items() if is_on is not None}

    def put_acls(self, found: Iterable[AclFacts], want: Want) -> None:
        """Of thousands, those that bear on what is declared."""
        self.acls = Acls(is_enforced=True, entries=tuple(acl for acl in found if _bears_on(acl.principal, want)))

    def note_no_acls(self, error: ClusterError) -> None:
        if isinstance(error, Rejected) and NO_AUTHORIZER.search(error.said):
            self.acls = Acls(is_enforced=False)
        else:
            self.acls_said = f"the ACLs could not be read: {error.said}"

    def note_no_broker_settings(self, error: ClusterError) -> None:
        self.told = Told.REFUSAL if isinstance(error, Rejected) else Told.NOTHING
