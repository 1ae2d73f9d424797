"""What the platforms allow, as rows: each with its source and the day from which Breakwater judges by it.

A new advisory is a new row here, nothing else. Versions are compared number by number; `below` is not included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from clusters.facts import Edition, Version

PACK = date(2026, 10, 1)
ADVISORY = "vendor advisory: truncate-and-restore with Tiered Storage (7.9.0–7.9.2, 8.0.0)"
NOTHING_SAID = "no vendor statement on 7.7 and 7.8 with Tiered Storage: unknown is treated as unsafe"
DR_GUIDE = "vendor documentation of Cluster Linking for disaster recovery"


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


BIDIRECTIONAL = MinimumRow(Version(7, 5, 0), DR_GUIDE)
REVERSE_AND_RESTORE = MinimumRow(Version(7, 7, 0), DR_GUIDE)


@dataclass(frozen=True)
class EditionRow:
    """Whether an edition can be a side of a bidirectional link, and so of reverse and restore."""

    edition: Edition
    is_allowed: bool
    source: str
    effective: date = PACK


EDITIONS: tuple[EditionRow, ...] = (
    EditionRow(Edition.PLATFORM, True, DR_GUIDE),
    EditionRow(Edition.CLOUD_DEDICATED, True, DR_GUIDE),
    EditionRow(Edition.CLOUD_ENTERPRISE, True, DR_GUIDE),
    EditionRow(Edition.CLOUD_BASIC, False, DR_GUIDE),
    EditionRow(Edition.CLOUD_STANDARD, False, DR_GUIDE),
    EditionRow(Edition.CLOUD_FREIGHT, False, DR_GUIDE),
    EditionRow(Edition.APACHE, False, DR_GUIDE),
)


def tiered_restore(version: Version) -> VersionRow:
    """The row of a version; one below every row was never judged and counts as unproven."""
    row = next((row for row in TIERED_RESTORE if row.covers(version)), None)
    return row or VersionRow(version, None, TieredRestore.UNPROVEN, NOTHING_SAID)


def bidirectional(edition: Edition) -> EditionRow:
    """LookupError for an edition without a row: a new one is refused until it has been judged."""
    row = next((row for row in EDITIONS if row.edition is edition), None)
    if row is None:
        raise LookupError(f"edition {edition}")
    return row
