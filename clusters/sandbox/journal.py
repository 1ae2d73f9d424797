"""Every command a simulated cluster received, whatever came of it: the judge of what was sent how often."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

ACCEPTED, REFUSED = "accepted", "refused"
DROPPED_APPLIED, DROPPED_NOT_APPLIED = "dropped-applied", "dropped-not-applied"


@dataclass(frozen=True)
class Command:
    """One command as it was understood. `n` counts over all pairs; `at` is UTC."""

    at: str
    pair: str
    side: str
    via: str  # rest | kafka-mirrors | kafka | schema-registry
    action: str
    outcome: str
    link: str = ""
    topics: list[str] = field(default_factory=list)
    settings: dict[str, str | None] = field(default_factory=dict)  # of the link; None resets one
    groups: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)  # where each says it comes from
    validate_only: bool = False
    include_partition_level_truncation_data: bool = False
    refused: dict[str, str] = field(default_factory=dict)
    method: str = ""
    path: str = ""
    status: int = 0
    n: int = 0


class Journal:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._commands: list[Command] = []
        self._count = 0

    def add(self, command: Command) -> None:
        """Number the command and keep it."""
        with self._lock:
            self._count += 1
            self._commands.append(replace(command, n=self._count))

    def commands(self, pair: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(command) for command in self._commands if pair in (None, command.pair)]

    def clear(self, pair: str | None = None) -> None:
        with self._lock:
            self._commands = [command for command in self._commands if pair not in (None, command.pair)]


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
