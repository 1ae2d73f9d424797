from __future__ import annotations

from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.subscribed import subscribed, undeclared, unread
from clusters.readiness.topics import some
from clusters.subscriptions import names_on


@checks.add("lists-fit")
class ListsFit(Check):
    """Each fixed list of topics names, for each side, the group's topics and the mirrors as they are called there.

    In active-active the two lists differ: each side has mirrors that the other has not.
    """

    code: ClassVar[str] = "C16"
    title: ClassVar[str] = "Fixed topic lists fit each side"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "on each side a list of its own, of topics that are there, mirrors among them"
    act: ClassVar[str] = "Give the application the list of that side where it runs there, and declare both lists."

    def judge(self, facts: PairFacts) -> Finding:
        if why := unread(facts):
            return self.unknown(why)
        wrong, judged = [], 0
        for client, subscription, side, wanted in subscribed(facts, lambda one: not one.pattern):
            judged += 1
            listed = frozenset(subscription.topics.get(side.side, ()))
            if lacking := wanted - listed:
                wrong.append(f"{client.name} on {side.side} does not list {some(sorted(lacking))}")
            if absent := listed - frozenset(names_on(side) or ()):
                wrong.append(f"{client.name} on {side.side} lists {some(sorted(absent))}, not there")
        if wrong:
            return self.fails(some(wrong))
        if untold := undeclared(facts):
            return self.unknown(f"the inventory does not say how these subscribe: {some(untold)}")
        return self.met(f"{judged // 2} lists on both sides") if judged else self.spared("no group uses a fixed list")
