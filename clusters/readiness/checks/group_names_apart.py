from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from clusters.facts import GroupFacts, PairFacts, SideFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.topics import some


@checks.add("group-names-apart")
class GroupNamesApart(Check):
    """A group name that both clusters know is one application: it has committed on the same topics, by their sources.

    The same name on both sides is normal, since offsets are synced under it. Two applications under one name would
    overwrite each other's offsets.
    """

    code: ClassVar[str] = "C13"
    title: ClassVar[str] = "One group name, one application"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "no group name with topics of its own on each cluster, and none declared twice"
    act: ClassVar[str] = "Rename one of the two: synced offsets of one would overwrite those of the other."

    def judge(self, facts: PairFacts) -> Finding:
        first, second = facts.sides.values()
        if first.groups is None or second.groups is None:
            return self.unknown("the consumer groups of a side could not be read")
        if first.mirrors is None or second.mirrors is None:
            return self.unknown("the mirrors of a side could not be read, so topics cannot be told by their sources")
        if wrong := [*_declared_twice(facts), *_apart(first, second)]:
            return self.fails(some(wrong))
        return self.met(f"{len(first.groups.keys() & second.groups.keys())} names known on both")


def _declared_twice(facts: PairFacts) -> Iterator[str]:
    names = [client.group for client in facts.clients if client.group]
    yield from (f"{name} is declared for two clients" for name in sorted({n for n in names if names.count(n) > 1}))


def _apart(first: SideFacts, second: SideFacts) -> Iterator[str]:
    """Neither reads all that the other reads: what one side only lacks may not have been synced yet."""
    one, two = _sources(first), _sources(second)
    groups: tuple[Mapping[str, GroupFacts], ...] = (first.groups or {}, second.groups or {})
    for name in sorted(groups[0].keys() & groups[1].keys()):
        here, there = (_read(groups[0][name], one), _read(groups[1][name], two))
        if here - there and there - here:
            yield f"{name}: {some(sorted(here - there))} on {first.side}, {some(sorted(there - here))} on {second.side}"


def _sources(side: SideFacts) -> dict[str, str]:
    return {mirror.topic: mirror.source_topic for mirror in side.mirrors or ()}


def _read(group: GroupFacts, sources: Mapping[str, str]) -> set[str]:
    return {sources.get(commit.topic, commit.topic) for commit in group.committed}
