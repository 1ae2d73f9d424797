"""A runbook as it was written, checked and frozen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from clusters.facts import Topology
from runbooks.engine.kinds import Guard, StepKind, steps
from runbooks.engine.values import ValueType


class Confirm(StrEnum):
    """How a person confirms a step: one click, or by typing a phrase that is derived from the targets."""

    CLICK = "click"
    CLUSTER = "cluster"
    TOPIC = "topic"
    RECORD_COUNT = "record-count"

    @property
    def is_typed(self) -> bool:
        return self is not Confirm.CLICK


@dataclass(frozen=True)
class Parameter:
    """What a run is asked for when it begins."""

    name: str
    type: ValueType
    title: str
    help: str = ""


@dataclass(frozen=True)
class StepDefinition:
    """One step as written. `with_` may hold References; `guards` are those added to the kind's own."""

    key: str
    kind: str
    with_: Mapping[str, Any]
    needs: tuple[str, ...]
    confirm: Confirm
    approvals: int
    guards: tuple[Guard, ...]
    title: str
    help: str
    undo: str
    timeout: timedelta
    is_optional: bool
    line: int
    group: str = ""  # the title of the entry whose runbook it came from

    @property
    def kind_class(self) -> type[StepKind]:
        found: type[StepKind] = steps.get(self.kind)
        return found

    @property
    def is_irreversible(self) -> bool:
        """For templates: they would call a class, and so make a step of it."""
        return self.kind_class.is_irreversible


BROKEN = frozenset({"outage.confirm", "recovery.confirm", "mirrors.failover"})  # what has no place on a quiet day


@dataclass(frozen=True)
class Inclusion:
    """Another runbook whose steps this one holds, pinned by the digest of its text."""

    key: str
    slug: str
    digest: str
    title: str


@dataclass(frozen=True)
class RunbookDefinition:
    """`digest` is the SHA-256 of the text, which pins what it holds; `applies_to` None means any topology."""

    slug: str
    title: str
    help: str
    applies_to: Topology | None
    parameters: tuple[Parameter, ...]
    steps: tuple[StepDefinition, ...]
    digest: str
    holds: tuple[Inclusion, ...] = ()

    @property
    def is_planned(self) -> bool:
        """For work while nothing is broken: such a run needs no incident."""
        return BROKEN.isdisjoint(step.kind for step in self.steps)

    def step(self, key: str) -> StepDefinition:
        return next(step for step in self.steps if step.key == key)


def side_by_side(needs: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """For each step those that may be under way together with it: neither waits for the other, however far on."""
    before: dict[str, frozenset[str]] = {}

    def all_before(key: str) -> frozenset[str]:
        if key not in before:
            before[key] = frozenset(needs[key]).union(*(all_before(need) for need in needs[key] if need in needs))
        return before[key]

    return {
        key: tuple(other for other in needs if other not in {key, *all_before(key)} and key not in all_before(other))
        for key in needs
    }
