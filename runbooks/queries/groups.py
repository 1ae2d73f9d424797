"""Where each declared consumer group is active: one on two sides is the mistake that cannot be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clusters.facts import GroupFacts, PairFacts
from runbooks.queries.words import Chip, counted

INACTIVE = Chip("ok", "inactive")


@dataclass(frozen=True)
class GroupOnSides:
    """One group, and what each side shows of it now."""

    group: str
    on: Sequence[tuple[str, Chip]]

    @property
    def is_double(self) -> bool:
        return len(self.on) > 1 and all(chip is not INACTIVE and chip.kind != "unknown" for _, chip in self.on)


def groups_on_sides(facts: PairFacts | None) -> list[GroupOnSides]:
    if facts is None:
        return []
    groups = sorted({client.group for client in facts.clients if client.group})
    return [
        GroupOnSides(group, [(name, _on(side.groups, group)) for name, side in facts.sides.items()]) for group in groups
    ]


def _on(groups: Mapping[str, GroupFacts] | None, group: str) -> Chip:
    if groups is None:
        return Chip("unknown", "not known: no answer")
    found = groups.get(group)
    if found is None or not found.is_active:
        return INACTIVE
    return Chip("expected", f"active, {counted(found.members, 'member')}")
