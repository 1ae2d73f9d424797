"""What the platforms allow, as rows: each with its source and the day from which Breakwater judges by it.

A new advisory is a new row here, nothing else. Versions are compared number by number; `below` is not included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from clusters.facts import Edition, MetadataMode, Version
from runbooks.engine.features import (
    BIDIRECTIONAL_SINCE,
    DR_GUIDE,
    PACK,
    REVERSE_SINCE,
    Feature,
    Has,
    platform,
    row,
)

ADVISORY = "vendor advisory: truncate-and-restore with Tiered Storage (7.9.0–7.9.2, 8.0.0)"
NOTHING_SAID = "no vendor statement on 7.7 and 7.8 with Tiered Storage: unknown is treated as unsafe"


class TieredRestore(StrEnum):
    """What is known of truncate-and-restore on a version with Tiered Storage."""

    SAFE = "safe"
    LOSES_DATA = "can lose data silently"
    UNPROVEN = "is not known to be safe"


@dataclass(frozen=True)
class VersionRow:
    at_least: Version
    below: Version | None
    verdict: TieredRestore
    source: str
    effective: date = PACK

    def covers(self, version: Version) -> bool:
        return self.at_least <= version and (self.below is None or version < self.below)


TIERED_RESTORE: tuple[VersionRow, ...] = (
    VersionRow(Version(7, 7, 0), Version(7, 9, 0), TieredRestore.UNPROVEN, NOTHING_SAID),
    VersionRow(Version(7, 9, 0), Version(7, 9, 3), TieredRestore.LOSES_DATA, ADVISORY),
    VersionRow(Version(7, 9, 3), Version(8, 0, 0), TieredRestore.SAFE, ADVISORY),
    VersionRow(Version(8, 0, 0), Version(8, 0, 1), TieredRestore.LOSES_DATA, ADVISORY),
    VersionRow(Version(8, 0, 1), None, TieredRestore.SAFE, ADVISORY),
)


@dataclass(frozen=True)
class MinimumRow:
    """The lowest version on which a feature may be used; the lowest broker of a cluster decides."""

    at_least: Version
    source: str
    effective: date = PACK


BIDIRECTIONAL = MinimumRow(BIDIRECTIONAL_SINCE, DR_GUIDE)
REVERSE_AND_RESTORE = MinimumRow(REVERSE_SINCE, DR_GUIDE)


def tiered_restore(version: Version) -> VersionRow:
    """The row of a version; one below every row was never judged and counts as unproven."""
    found = next((row for row in TIERED_RESTORE if row.covers(version)), None)
    return found or VersionRow(version, None, TieredRestore.UNPROVEN, NOTHING_SAID)


def bidirectional(edition: Edition) -> Has:
    """Whether an edition can be a side of a bidirectional link, and so of reverse and restore.

    Of Confluent Platform the newest is meant here: its versions and metadata modes are judged by themselves. An edition
    without a column is unknown, and refused until it has been judged.
    """
    newest = platform(edition, REVERSE_AND_RESTORE.at_least, MetadataMode.KRAFT)
    return row(Feature.BIDIRECTIONAL).on(newest)
