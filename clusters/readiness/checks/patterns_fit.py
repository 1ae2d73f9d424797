from __future__ import annotations

from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.subscribed import subscribed, undeclared, unread
from clusters.readiness.topics import some
from clusters.subscriptions import names_on, read_on


@checks.add("patterns-fit")
class PatternsFit(Check):
    """Each subscription pattern matches the topics of its group and their mirrors, on both sides, and nothing else.

    Held against every topic name of both clusters and the names that mirrors have or will have. Too wide reads what is
    not meant; too narrow misses a mirror, most often because the pattern's prefix has no hyphen or dot in it.
    """

    code: ClassVar[str] = "C15"
    title: ClassVar[str] = "Subscription patterns fit"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "each pattern matches the group's topics and their mirrors, and no other topic"
    act: ClassVar[str] = (
        "Correct the pattern in the application, then in the inventory: too narrow reads nothing of the lost side, too "
        "wide reads foreign records."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if why := unread(facts):
            return self.unknown(why)
        narrow, wide, judged = [], [], 0
        for client, subscription, side, wanted in subscribed(facts, lambda one: bool(one.pattern)):
            judged += 1
            read = read_on(subscription, side.side, {*(names_on(side) or ()), *wanted})
            if lacking := wanted - read:
                narrow.append(f"{client.name} on {side.side} misses {some(sorted(lacking))}")
            if strange := read - wanted:
                wide.append(f"{client.name} on {side.side} also reads {some(sorted(strange))}")
        if narrow or wide:
            return self.fails(some([*narrow, *wide]), weight=None if narrow else Weight.MEDIUM)
        if untold := undeclared(facts):
            return self.unknown(f"the inventory does not say how these subscribe: {some(untold)}")
        return self.met(f"{judged // 2} patterns on both sides") if judged else self.spared("no group uses a pattern")
