from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import PairFacts, Topology
from clusters.permissions import CLUSTER, Effect, Right, ruling
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.links import one_way
from clusters.readiness.topics import declared_topics, some


@checks.add("link-may-reverse")
class LinkMayReverse(Check):
    """The link's own principals may do on both clusters what a reversal asks of them, not only what mirroring does."""

    code: ClassVar[str] = "C19"
    title: ClassVar[str] = "The link may be reversed"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "DESCRIBE and ALTER on Cluster, READ and DESCRIBE_CONFIGS on the topics, on both clusters"
    act: ClassVar[str] = (
        "Grant it to the principal that the other cluster's half of the link uses here: without it a reversal stays in "
        "PENDING_SYNCHRONIZE."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if facts.topology is Topology.ACTIVE_ACTIVE:
            return self.spared("active-active: clients are moved, and nothing is reversed")
        if mode := one_way(facts):
            return self.spared(f"the link is one-way ({mode}), and nothing can be reversed")
        if nameless := [name for name in facts.sides if not facts.link_principals.get(name)]:
            return self.unknown(f"the inventory names no link_principal on {' and '.join(nameless)}")
        missing, unsure, number = [], [], 0
        for side, right in _needed(facts):
            number += 1
            said = ruling(facts.side(side), facts.link_principals[side], right)
            if said.effect in {Effect.DENIED, Effect.MISSING}:
                missing.append(f"{facts.link_principals[side]}: {said.effect} {right} at {side}")
            elif said.effect is Effect.UNCERTAIN:
                unsure.append(said.why)
        if missing:
            return self.fails(some(missing))
        return self.unknown(some(dict.fromkeys(unsure))) if unsure else self.met(f"{number} rights on both sides")


def _needed(facts: PairFacts) -> Iterator[tuple[str, Right]]:
    topics = dict.fromkeys(topic for _, topic in declared_topics(facts))
    for side in facts.sides:
        yield from ((side, Right(operation, "CLUSTER", CLUSTER)) for operation in ("DESCRIBE", "ALTER"))
        for topic in topics:
            yield from ((side, Right(operation, "TOPIC", topic)) for operation in ("READ", "DESCRIBE_CONFIGS"))
