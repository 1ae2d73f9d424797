"""What each platform has, feature by feature: one row each, with its source and the day from which it is judged by.

A new statement of the vendor is a changed row, nothing else. Unknown is a verdict of its own, and refuses like a no.
Rows that depend on Tiered Storage stand in `matrix.TIERED_RESTORE`, version by version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from clusters.facts import Edition, MetadataMode, Version

PACK = date(2026, 10, 1)
DR_GUIDE = "vendor documentation of Cluster Linking for disaster recovery"
API = "the published Kafka REST API and its SDKs"
OBSERVED = "observed by operators; until proven on a real system treated as unsafe"
REVERSE_SINCE, BIDIRECTIONAL_SINCE = Version(7, 7, 0), Version(7, 5, 0)


class Has(StrEnum):
    """Allowed, refused, unknown (which refuses), or a question that does not arise there."""

    ALLOWED = "A"
    REFUSED = "R"
    UNKNOWN = "U"
    NO_QUESTION = "-"


class Platform(StrEnum):
    """The columns, in the order of the cells."""

    CLOUD_SHARED = "Cloud Basic or Standard"
    CLOUD_DEDICATED = "Cloud Dedicated"
    CLOUD_ENTERPRISE = "Cloud Enterprise"
    CLOUD_FREIGHT = "Cloud Freight"
    BEFORE_BIDIRECTIONAL = "Platform before 7.5"
    BEFORE_REVERSE = "Platform 7.5 or 7.6"
    ZOOKEEPER = "Platform 7.7 or later on ZooKeeper"
    KRAFT = "Platform 7.7 or later on KRaft"
    COMBINED = "Platform 7.7 or later on combined KRaft nodes"
    APACHE = "open-source Kafka"
    UNKNOWN = "edition not known"


class Feature(StrEnum):
    ONE_WAY_SOURCE = "one-way link, as source"
    ONE_WAY_DESTINATION = "one-way link, as destination"
    SOURCE_INITIATED = "source-initiated link, as source"
    BIDIRECTIONAL = "bidirectional link"
    CONVERT = "one-way to bidirectional in place"
    GROUP_PREFIX = "consumer group prefix on a bidirectional link"
    PREFIX_AUTO_CREATE = "prefix and automatic mirrors on a bidirectional link"
    PREFIX_ACL_SYNC = "prefix and ACL sync on one link"
    FAILOVER_PROMOTE = "failover and promote"
    PAUSE_RESUME = "pause and resume of a mirror"
    REVERSE = "reverse on a link without prefix"
    REVERSE_PREFIXED = "reverse on a link with prefix"
    RESTORE = "truncate-and-restore without Tiered Storage"
    RESTORE_PREFIXED = "truncate-and-restore on a prefixed pair"
    RESTORE_BY_REST = "truncate-and-restore through REST"
    MIRROR_CLI = "the mirror commands of the Cloud command line"
    SWITCHOVER = "switchover pair"
    SWITCHOVER_ACTIVE_ACTIVE = "switchover pair for active-active"
    TRANSACTIONAL = "topics with transactional records"
    OLD_FORMAT = "topics with batches of message format v0 or v1"
    SYNC_FROM_APACHE = "offset sync from open-source Kafka"
    SYNC_TO_APACHE = "offset sync back to open-source Kafka"


@dataclass(frozen=True)
class FeatureRow:
    """`cells` holds one letter for each platform, in order."""

    feature: Feature
    cells: str
    source: str = DR_GUIDE
    effective: date = PACK

    def on(self, platform: Platform) -> Has:
        return Has(self.cells.replace(" ", "")[tuple(Platform).index(platform)])


F = Feature
FEATURES: tuple[FeatureRow, ...] = (  # Cloud: shared dedicated enterprise freight; Platform; Apache; unknown
    FeatureRow(F.ONE_WAY_SOURCE, "A A A U  A A A A U  A U"),
    FeatureRow(F.ONE_WAY_DESTINATION, "R A A U  A A A A U  R U"),
    FeatureRow(F.SOURCE_INITIATED, "R A A U  A A A A U  R U"),
    FeatureRow(F.BIDIRECTIONAL, "R A A R  R A A A U  R R"),
    FeatureRow(F.CONVERT, "R R R R  R R R R R  R R"),
    FeatureRow(F.GROUP_PREFIX, "R R R R  R R R R R  R R"),
    FeatureRow(F.PREFIX_AUTO_CREATE, "R R R R  R R R R R  R R"),
    FeatureRow(F.PREFIX_ACL_SYNC, "R R R R  R R R R R  R R"),
    FeatureRow(F.FAILOVER_PROMOTE, "R A A U  A A A A U  R U"),
    FeatureRow(F.PAUSE_RESUME, "R A A U  A A A A U  R U"),
    FeatureRow(F.REVERSE, "R A A R  R R R A U  R R"),
    FeatureRow(F.REVERSE_PREFIXED, "R R R R  R R R R R  R R", OBSERVED),
    FeatureRow(F.RESTORE, "R A A R  R R R A U  R R"),
    FeatureRow(F.RESTORE_PREFIXED, "R U U R  R R R U U  R R", OBSERVED),
    FeatureRow(F.RESTORE_BY_REST, "- - - -  - - - U U  - -", API),
    FeatureRow(F.MIRROR_CLI, "A A A A  R R R R R  R U", API),
    FeatureRow(F.SWITCHOVER, "R A A R  R R R R R  R R", API),
    FeatureRow(F.SWITCHOVER_ACTIVE_ACTIVE, "R R R R  R R R R R  R R", API),
    FeatureRow(F.TRANSACTIONAL, "- U U U  R R R R R  - R", OBSERVED),
    FeatureRow(F.OLD_FORMAT, "R R R R  R R R R R  - R"),
    FeatureRow(F.SYNC_FROM_APACHE, "- A A U  A A A A U  R U"),
    FeatureRow(F.SYNC_TO_APACHE, "R R R R  R R R R R  R R"),
)
EDITIONS = {
    Edition.CLOUD_BASIC: Platform.CLOUD_SHARED,
    Edition.CLOUD_STANDARD: Platform.CLOUD_SHARED,
    Edition.CLOUD_DEDICATED: Platform.CLOUD_DEDICATED,
    Edition.CLOUD_ENTERPRISE: Platform.CLOUD_ENTERPRISE,
    Edition.CLOUD_FREIGHT: Platform.CLOUD_FREIGHT,
    Edition.APACHE: Platform.APACHE,
}
MODES = {
    MetadataMode.ZOOKEEPER: Platform.ZOOKEEPER,
    MetadataMode.KRAFT: Platform.KRAFT,
    MetadataMode.KRAFT_COMBINED: Platform.COMBINED,
}


def platform(edition: Edition | None, lowest: Version | None = None, mode: MetadataMode | None = None) -> Platform:
    """The column of a cluster. The lowest broker decides; what is not known makes the whole unknown."""
    if edition is not Edition.PLATFORM:
        return EDITIONS.get(edition, Platform.UNKNOWN) if edition else Platform.UNKNOWN
    if lowest is None:
        return Platform.UNKNOWN
    if lowest < BIDIRECTIONAL_SINCE:
        return Platform.BEFORE_BIDIRECTIONAL
    if lowest < REVERSE_SINCE:
        return Platform.BEFORE_REVERSE
    return MODES.get(mode, Platform.UNKNOWN) if mode else Platform.UNKNOWN


def row(feature: Feature) -> FeatureRow:
    return next(each for each in FEATURES if each.feature is feature)
