"""Making a pair of the sandbox, and the inventory an admin wrote for it, what a row of the table says.

The simulated clusters serve truncate-and-restore whatever the row says: only the product can refuse.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from ruamel.yaml import YAML

from tests.restore_table import LATEST, Cluster, Row

TIERED = "confluent.tier.enable"
SHOWN = {True: "true", False: "false", None: ""}  # a setting whose value is not shown leaves it unknown
LEGIBLE = {"7.7.0", "7.8.3", "7.9.0", "7.9.1-1-ce", "7.9.2", "7.9.3", "8.0.0", "8.0.0-rc1", "8.0.1", LATEST}


class World:
    """One pair of a sandbox in this process. `remember` what it is now; `become` a row with all of that."""

    def __init__(self, sandbox, pair: str) -> None:
        self._sandbox, self._pair = sandbox, sandbox.pairs[pair]
        self._kept: Any = None

    def remember(self) -> None:
        with self._moved_up() as pair:
            self._kept = copy.deepcopy((pair.sides, pair.targets))

    def become(self, row: Row) -> None:
        """The pair as it was remembered, with this row's versions, editions and tiering."""
        with self._moved_up() as pair:
            pair.sides, pair.targets = copy.deepcopy(self._kept)
            for cluster, wanted in zip(pair.sides.values(), (row.old_home, row.other), strict=True):
                _dress(cluster, wanted)

    def inventory(self, row: Row) -> str:
        """The title names the row, so that no process judges it by settings it read of another row's clusters."""
        yaml = YAML(typ="safe")
        document = yaml.load(self._sandbox.inventory_text())
        pair = next(entry for entry in document["pairs"] if entry["name"] == self._pair.name)
        pair["title"] = row.name
        for side, wanted in zip(pair["sides"], (row.old_home, row.other), strict=True):
            _declare(side, wanted)
        text = io.StringIO()
        yaml.dump({"pairs": [pair]}, text)
        return text.getvalue()

    @contextmanager
    def _moved_up(self) -> Iterator[Any]:
        with self._pair.lock:
            self._pair.catch_up()
            yield self._pair


def _dress(cluster: Any, wanted: Cluster) -> None:
    is_cloud = (wanted.edition or "").startswith("cloud-")
    cluster.settings.edition = "cloud-dedicated" if is_cloud else "platform"
    cluster.settings.tiering = bool(wanted.tiering)
    if is_cloud:
        cluster.id = f"lkc-{cluster.region}"
    for topic in cluster.topics.values():
        topic.configs[TIERED] = SHOWN[wanted.topics]
    for broker, version in zip(cluster.brokers, wanted.versions, strict=False):
        broker.version = version if version in LEGIBLE else LATEST


def _declare(side: dict[str, Any], wanted: Cluster) -> None:
    side["edition"] = _fact(wanted.edition)
    side["tiering"] = _fact({True: "true", False: "false", None: None}[wanted.tiering])
    versions = {number: _fact(version) for number, version in enumerate(wanted.versions, start=1)}
    side["versions"] = {number: fact for number, fact in versions.items() if fact}
    for key in [key for key in ("edition", "tiering", "versions") if not side[key]]:
        del side[key]


def _fact(value: str | None) -> dict[str, str] | None:
    on = datetime.now(UTC).date().isoformat()
    return {"value": value, "how": "support ticket", "by": "platform team", "on": on} if value else None
