from __future__ import annotations

from typing import ClassVar

from clusters.facts import PairFacts
from clusters.permissions import Effect, Right, Ruling, ruling
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.links import links_of
from clusters.readiness.topics import some


@checks.add("mirrors-denied")
class MirrorsDenied(Check):
    """Writing to the mirrors' names is denied to every declared client, so that one gone astray gets a clear error."""

    code: ClassVar[str] = "C12"
    title: ClassVar[str] = "Nobody may write to mirrors"
    weight: ClassVar[Weight] = Weight.MEDIUM
    needs: ClassVar[str] = "DENY WRITE on the prefix of the mirrors, on both sides, for every declared principal"
    act: ClassVar[str] = (
        "Add it (PREFIXED, for User:* or for each): brokers keep mirrors read-only, but a producer told so by its "
        "rights fails at once and says why."
    )

    def judge(self, facts: PairFacts) -> Finding:
        prefixes = {name: link.prefix for name, link in links_of(facts).items()}
        if len(prefixes) < len(facts.sides) or None in prefixes.values():
            return self.unknown("the link's settings could not be read")
        if not any(prefixes.values()):
            return self.spared("no prefix: a mirror has the name of its source, which must become writable")
        who = sorted({client.principal for client in facts.clients if client.principal})
        if not who:
            return self.unknown("the inventory names no principal of any client")
        found = [
            (
                f"{principal} on {prefix}* at {name}",
                ruling(facts.side(name), principal, Right("WRITE", "TOPIC", prefix)),
            )
            for name, prefix in prefixes.items()
            if prefix
            for principal in who
        ]
        if open_to := [what for what, said in found if _is_open(said)]:
            return self.fails(f"not denied: {some(open_to)}")
        if unsure := [said.why for _, said in found if said.effect is not Effect.DENIED]:
            return self.unknown(some(dict.fromkeys(unsure)))
        return self.met(f"denied to {len(who)} principals")


def _may_write(facts: PairFacts, side: str, prefix: str, principal: str) -> Ruling:
    return ruling(facts.side(side), principal, Right("WRITE", "TOPIC", prefix))


def _is_open(said: Ruling) -> bool:
    """Not granted is not enough: a later grant, or a role binding, would open it."""
    return said.effect in {Effect.ALLOWED, Effect.MISSING}
