"""What pages say of a whole side without reading its mirrors, topics and groups: kept beside the reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from clusters.facts import MirrorStatus, SideFacts
from dashboard.memory import Row
from dashboard.rows import AT

SAMPLE = 3


@dataclass(frozen=True)
class Totals:
    """`owned` topics are those no link writes here, as far as they were read. `lag` is None where one is not known."""

    mirrors: int = 0
    stopped: int = 0
    moving: int = 0
    unmeasured: int = 0
    max_lag: int | None = None
    total_lag: int | None = None
    last_total: int | None = None  # with the frozen ones, as they were measured last
    severities: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)
    mirror_names: tuple[str, ...] = ()
    owned: int = 0
    owned_names: tuple[str, ...] = ()
    worst: tuple[str, str, str] | None = None  # topic, words, why of the mirror that is judged worst

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Totals:
        """From what was kept; what another release kept beside it is left out."""
        return cls(**{name: kept[name] for name in cls.__dataclass_fields__ if name in kept})


def totals(facts: SideFacts, rows: Mapping[str, Row]) -> Totals:
    mirrors = [mirror for mirror in facts.mirrors or () if mirror.status is not MirrorStatus.STOPPED]
    names = sorted(mirror.topic for mirror in mirrors)
    owned = sorted(set(facts.topics or {}) - set(names))
    lags = [(_number(row, "max_lag"), _number(row, "total_lag")) for row in map(rows.get, names) if row is not None]
    known = [(most, total) for most, total in lags if most is not None and total is not None]
    return Totals(
        mirrors=len(mirrors),
        stopped=len(facts.mirrors or ()) - len(mirrors),
        moving=sum(mirror.status.is_in_transition for mirror in mirrors),
        unmeasured=len(lags) - len(known),
        max_lag=max((most for most, _ in known), default=None),
        total_lag=sum(total for _, total in known) if known else None,
        last_total=sum(mirror.total_lag or 0 for mirror in mirrors if mirror.is_measured) if mirrors else None,
        severities=_counted(rows.values(), "severity"),
        statuses=_counted(rows.values(), "status"),
        mirror_names=tuple(names[:SAMPLE]),
        owned=len(owned),
        owned_names=tuple(owned[:SAMPLE]),
        worst=_worst(rows),
    )


def _counted(rows: Iterable[Row], name: str) -> dict[str, int]:
    return dict(Counter(str(row[AT[name]]) for row in rows))


def _worst(rows: Mapping[str, Row]) -> tuple[str, str, str] | None:
    row = max(rows.values(), key=lambda each: int(str(each[AT["rank"]])), default=None)
    return (str(row[AT["topic"]]), str(row[AT["words"]]), str(row[AT["why"]])) if row is not None else None


def _number(row: Row, name: str) -> int | None:
    found = row[AT[name]]
    return found if isinstance(found, int) else None
