from __future__ import annotations

from typing import ClassVar

from clusters.facts import PairFacts
from clusters.health.groups import active_twice
from clusters.readiness.finding import Check, Finding, Weight, checks


@checks.add("groups-apart")
class GroupsApart(Check):
    """No consumer group runs on both clusters."""

    code: ClassVar[str] = "C14"
    title: ClassVar[str] = "No group runs on both sides"
    weight: ClassVar[Weight] = Weight.CRITICAL
    needs: ClassVar[str] = "every group active on one side at most"
    act: ClassVar[str] = "Stop one of the two at once: both commit, and offset sync overwrites one with the other."

    def judge(self, facts: PairFacts) -> Finding:
        first, second = facts.sides.values()
        if first.groups is None or second.groups is None:
            return self.unknown("the consumer groups of a side could not be read")
        if double := active_twice(facts):
            return self.fails(f"on both: {', '.join(double)}")
        return self.met(f"{len(first.groups.keys() & second.groups.keys())} names known on both")
