"""What declared clients need on both sides, ruled upon one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clusters.facts import ClientFacts, PairFacts, SideFacts
from clusters.permissions import Effect, Right, Ruling, needed, prefixes_on, ruling


@dataclass(frozen=True)
class Held:
    """How a side rules on one right of one client."""

    client: ClientFacts
    right: Right
    side: SideFacts
    ruling: Ruling

    def __str__(self) -> str:
        return f"{self.client.principal}: {self.ruling.effect} {self.right} at {self.side.side}"


def held(facts: PairFacts) -> Iterator[Held]:
    """Each right of each client with a principal, on both sides: of a prefixed mirror, by its name there."""
    for client in facts.clients:
        for side in facts.sides.values() if client.principal else ():
            for right in needed(client, prefixes_on(side, facts.link)):
                yield Held(client, right, side, ruling(side, client.principal or "", right))


def missing(rulings: Sequence[Held]) -> Iterator[Held]:
    """Denied; or not granted, where ACLs grant the client something of the kind, so that they are how it gets it."""
    by_acl = {_kind(one) for one in rulings if one.ruling.effect is Effect.ALLOWED}
    for one in rulings:
        effect = one.ruling.effect
        if effect is Effect.DENIED or (effect is Effect.MISSING and _kind(one) in by_acl):
            yield one


def _kind(one: Held) -> tuple[str, str, str]:
    return one.client.name, one.right.operation, one.right.resource_type
