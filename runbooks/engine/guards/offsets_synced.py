from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import GroupFacts, SideFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import Rule, acting_side, other_side, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict


@guards.add("offsets_synced")
@dataclass(frozen=True)
class OffsetsSynced(Rule):
    """The last commits of each group have crossed to the side it starts on; what has not will be read twice."""

    code: ClassVar[str] = "R12b"
    title: ClassVar[str] = "The last commits have crossed"
    level: ClassVar[Level] = Level.WARNING
    source: ClassVar[str] = "duplicates after a switch"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        here, there = acting_side(step, case), other_side(step, case)
        needs = "commits here at or above those on the other side"
        if not there.reachable or there.groups is None:
            return self.met(f"{there.side} does not answer; its last commits are not known", needs)
        groups, twice = present(here.groups, f"the consumer groups of {here.side}"), 0
        for name in step.subjects(case).groups:
            twice += behind(groups.get(name), there.groups.get(name), here, there)
        if twice:
            says = (
                f"About {twice:,} records will be read twice: their commits on {there.side} have not crossed to "
                f"{here.side} yet. Wait one offset sync to avoid it."
            )
            return self.refused(says, f"{twice:,} records behind", needs, here.read_at)
        return self.met("all have crossed", needs, here.read_at)


def behind(mine: GroupFacts | None, theirs: GroupFacts | None, here: SideFacts, there: SideFacts) -> int:
    """By how many records what the group has committed here lies below what it committed there."""
    if theirs is None:
        return 0
    known = {(commit.topic, commit.partition): commit.offset for commit in mine.committed} if mine else {}
    return sum(
        max(0, commit.offset - known.get((local_name(here, there, commit.topic), commit.partition), 0))
        for commit in theirs.committed
    )


def local_name(here: SideFacts, there: SideFacts, topic: str) -> str:
    """The topic here whose offsets belong together with those of `topic` there: its source, its mirror, or itself."""
    source = there.mirror(topic)
    if source is not None:
        return source.source_topic
    return next((mirror.topic for mirror in here.mirrors or () if mirror.source_topic == topic), topic)
