"""A step with fewer items: what a second arming, or the next batch, is about. Guards then judge those alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any

from runbooks.engine.context import Case
from runbooks.engine.kinds import StepKind

NAMES = ("topics", "groups", "clients")


def narrowed(kind: StepKind, case: Case, items: Collection[str]) -> StepKind:
    """The same step with only the names whose targets are all among `items`."""
    wanted = frozenset(items)
    if wanted.issuperset(kind.targets(case)):
        return kind
    if (some := kind.only(wanted)) is not None:
        return some
    dataclass: Any = kind
    lists = [
        field.name for field in fields(dataclass) if field.name in NAMES and _is_of_targets(kind, case, field.name)
    ]
    kept = {
        name: tuple(one for one in getattr(kind, name) if wanted.issuperset(_with(dataclass, name, one).targets(case)))
        for name in lists
    }
    found: StepKind = replace(dataclass, **kept)
    return found


def _is_of_targets(kind: Any, case: Case, name: str) -> bool:  # noqa: ANN401  (a dataclass of any kind)
    """Whether its targets come from this list; another (the topics on which groups are placed) stays whole."""
    return bool(getattr(kind, name)) and replace(kind, **{name: ()}).targets(case) != kind.targets(case)


def _with(kind: Any, name: str, one: str) -> StepKind:  # noqa: ANN401  (a dataclass of any kind)
    found: StepKind = replace(kind, **{name: (one,)})
    return found
