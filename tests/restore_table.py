"""When truncate-and-restore may run: the expected verdicts, by hand from the vendor's advisory and the house rule.

Plain data that knows nothing of the product, for every door there is to the command: page, forged request, forged
task, executor, service, definition, inventory. A row says what both clusters are and whether the restore is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

ON, OFF, UNKNOWN = True, False, None
NONSENSE = "eight point one"
LATEST = "8.1.0"


@dataclass(frozen=True)
class Cluster:
    """`versions` by broker, as somebody wrote them; None where nobody did. `topics` is Tiered Storage of the topics."""

    edition: str | None
    versions: tuple[str | None, ...]
    tiering: bool | None
    topics: bool | None


@dataclass(frozen=True)
class Row:
    """`old_home` is the cluster that is truncated, `other` the one it is restored from."""

    name: str
    old_home: Cluster
    other: Cluster
    is_allowed: bool


# Between two Platform clusters. The letters: R refused, A allowed.
# Columns: Tiered Storage of the cluster, and under it of the topic (off, on, unknown).
BETWEEN_PLATFORMS = """
              off        on         unknown
              off on ?   off on ?   off on ?
7.7.0         A   R  R   R   R  R   R   R  R
7.8.3         A   R  R   R   R  R   R   R  R
7.9.0         A   R  R   R   R  R   R   R  R
7.9.1-1-ce    A   R  R   R   R  R   R   R  R
7.9.2         A   R  R   R   R  R   R   R  R
7.9.3         A   A  R   A   A  R   R   R  R
8.0.0         A   R  R   R   R  R   R   R  R
8.0.0-rc1     A   R  R   R   R  R   R   R  R
8.0.1         A   A  R   A   A  R   R   R  R
8.1.0         A   A  R   A   A  R   R   R  R
none          R   R  R   R   R  R   R   R  R
nonsense      R   R  R   R   R  R   R   R  R
"""

# A Platform cluster beside Confluent Cloud (Dedicated or Enterprise), which counts as tiered, always.
BESIDE_CLOUD = """
              off        on         unknown
              off on ?   off on ?   off on ?
7.7.0         R   R  R   R   R  R   R   R  R
7.8.3         R   R  R   R   R  R   R   R  R
7.9.0         R   R  R   R   R  R   R   R  R
7.9.1-1-ce    R   R  R   R   R  R   R   R  R
7.9.2         R   R  R   R   R  R   R   R  R
7.9.3         A   A  R   A   A  R   R   R  R
8.0.0         R   R  R   R   R  R   R   R  R
8.0.0-rc1     R   R  R   R   R  R   R   R  R
8.0.1         A   A  R   A   A  R   R   R  R
8.1.0         A   A  R   A   A  R   R   R  R
none          R   R  R   R   R  R   R   R  R
nonsense      R   R  R   R   R  R   R   R  R
"""

# Two Cloud clusters: versions and tiering are the vendor's own affair; the edition alone decides.
BETWEEN_CLOUDS = """
                   cloud-dedicated cloud-enterprise cloud-basic cloud-standard cloud-freight
cloud-dedicated    A               A                R           R              R
cloud-enterprise   A               A                R           R              R
cloud-basic        R               R                R           R              R
cloud-standard     R               R                R           R              R
cloud-freight      R               R                R           R              R
"""

# The newest Platform without Tiered Storage beside what else there is.
BESIDE_OTHERS = """
cloud-basic R
cloud-standard R
cloud-freight R
apache R
unknown R
"""

TIERING = {"off": OFF, "on": ON, "?": UNKNOWN, "unknown": UNKNOWN}
VERSIONS = {"none": None, "nonsense": NONSENSE}
COLUMNS = [(cluster, topic) for cluster in ("off", "on", "unknown") for topic in ("off", "on", "?")]


def _grid(table: str) -> Iterator[tuple[str, str, str, bool]]:
    """Version, tiering of the cluster, tiering of the topic, and whether it is allowed."""
    for line in table.strip().splitlines()[2:]:
        version, *letters = line.split()
        assert len(letters) == len(COLUMNS), line
        for (cluster, topic), letter in zip(COLUMNS, letters, strict=True):
            yield version, cluster, topic, {"A": True, "R": False}[letter]


def _brokers(version: str, brokers: str) -> tuple[str | None, ...]:
    """All three on the version, or one of them among others on the newest: one is enough."""
    found = VERSIONS.get(version, version)
    return (found,) * 3 if brokers == "same" else (LATEST, found, LATEST)


def _between_platforms() -> Iterator[Row]:
    for version, cluster, topic, is_allowed in _grid(BETWEEN_PLATFORMS):
        for brokers in ("same", "mixed"):
            for place in ("old home", "other", "both"):
                for tiered in ("old home", "other"):
                    yield Row(
                        f"{version} on {brokers} brokers of {place}, tiering {cluster} and topic {topic} on {tiered}",
                        *(
                            Cluster(
                                "platform",
                                _brokers(version, brokers) if place in (side, "both") else (LATEST,) * 3,
                                TIERING[cluster] if tiered == side else OFF,
                                TIERING[topic] if tiered == side else OFF,
                            )
                            for side in ("old home", "other")
                        ),
                        is_allowed=is_allowed,
                    )


def _beside_cloud() -> Iterator[Row]:
    for version, cluster, topic, is_allowed in _grid(BESIDE_CLOUD):
        for brokers in ("same", "mixed"):
            platform = Cluster("platform", _brokers(version, brokers), TIERING[cluster], TIERING[topic])
            for edition in ("cloud-dedicated", "cloud-enterprise"):
                cloud = Cluster(edition, (), UNKNOWN, UNKNOWN)
                name = f"{version} on {brokers} brokers, tiering {cluster} and topic {topic}, "
                yield Row(f"{name}restored from {edition}", platform, cloud, is_allowed)
                yield Row(f"{name}as the source of {edition}", cloud, platform, is_allowed)


def _between_clouds() -> Iterator[Row]:
    head, *lines = BETWEEN_CLOUDS.strip().splitlines()
    for line in lines:
        edition, *letters = line.split()
        for other, letter in zip(head.split(), letters, strict=True):
            for tiering in (ON, OFF, UNKNOWN):
                sides = (Cluster(edition, (), tiering, tiering), Cluster(other, (), tiering, tiering))
                yield Row(f"{edition} restored from {other}, tiering {tiering}", *sides, is_allowed=letter == "A")


def _beside_others() -> Iterator[Row]:
    platform = Cluster("platform", (LATEST,) * 3, OFF, OFF)
    for line in BESIDE_OTHERS.strip().splitlines():
        edition, letter = line.split()
        versions = (LATEST,) * 3 if edition in ("apache", "unknown") else ()
        odd = Cluster(None if edition == "unknown" else edition, versions, OFF, OFF)
        yield Row(f"{LATEST} restored from {edition}", platform, odd, is_allowed=letter == "A")
        yield Row(f"{edition} restored from {LATEST}", odd, platform, is_allowed=letter == "A")


ROWS: tuple[Row, ...] = (*_between_platforms(), *_beside_cloud(), *_between_clouds(), *_beside_others())

# For doors that are slow to knock at: a row for each reason there is to refuse, and for each kind that is allowed.
FEW: tuple[Row, ...] = tuple(
    next(row for row in ROWS if row.name == name)
    for name in (
        "7.9.1-1-ce on same brokers of old home, tiering on and topic off on old home",
        "7.9.2 on mixed brokers of other, tiering off and topic on on old home",
        "8.0.0 on same brokers of both, tiering off and topic on on other",
        "8.0.0-rc1 on mixed brokers of old home, tiering unknown and topic off on other",
        "7.8.3 on same brokers of old home, tiering on and topic on on old home",
        "none on mixed brokers of other, tiering off and topic off on old home",
        "nonsense on same brokers of old home, tiering off and topic off on old home",
        "8.1.0 on same brokers of both, tiering unknown and topic off on old home",
        "8.1.0 on same brokers of both, tiering off and topic ? on other",
        "8.0.0 on same brokers, tiering off and topic off, restored from cloud-dedicated",
        "cloud-dedicated restored from cloud-basic, tiering None",
        "8.1.0 restored from apache",
        "unknown restored from 8.1.0",
        "8.1.0 on same brokers of both, tiering off and topic off on old home",
        "7.9.1-1-ce on same brokers of both, tiering off and topic off on old home",
        "7.9.3 on mixed brokers of both, tiering on and topic on on old home",
        "8.0.1 on same brokers, tiering on and topic on, as the source of cloud-enterprise",
        "cloud-dedicated restored from cloud-enterprise, tiering None",
    )
)
