from __future__ import annotations

from typing import ClassVar

from clusters.facts import PairFacts
from clusters.permissions import Effect
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.rights import Held, held, missing
from clusters.readiness.topics import some


@checks.add("acl-parity")
class AclParity(Check):
    """Each declared client may do the same on both clusters: write or read its topics and their mirrors, run its group.

    Judged by effective permission: patterns, hosts, DENY before ALLOW. Role bindings are not told by the clusters: what
    neither side's ACLs grant is unknown, not missing.
    """

    code: ClassVar[str] = "C11"
    title: ClassVar[str] = "Clients have their rights on both sides"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "the same effective rights of each declared principal on both clusters"
    act: ClassVar[str] = (
        "Grant what is missing, or take back the DENY, on that cluster: links do not carry ACLs beside a prefix, and "
        "never role bindings."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if not facts.clients:
            return self.unknown("the inventory declares no client")
        if any((link := side.link(facts.link)) is None or link.prefix is None for side in facts.sides.values()):
            return self.unknown("the link's settings could not be read, so the names of mirrors are not known")
        rulings = list(held(facts))
        if lacking := [str(one) for one in missing(rulings)]:
            return self.fails(some(lacking))
        if unsure := [one for one in rulings if one.ruling.effect is not Effect.ALLOWED]:
            return self.unknown(some(dict.fromkeys(_why(one) for one in unsure)))
        if nameless := [client.name for client in facts.clients if not client.principal]:
            return self.unknown(f"the inventory names no principal for {some(nameless)}")
        return self.met(f"{len(rulings)} rights of {len(facts.clients)} clients on both sides")


def _why(one: Held) -> str:
    if one.ruling.effect is Effect.MISSING:
        return f"{one.right} is granted to {one.client.principal} by no ACL of either side; role bindings are not seen"
    return one.ruling.why
