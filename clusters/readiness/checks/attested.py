from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import Attested, ClientFacts, PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.statements import Statement, asked
from clusters.readiness.topics import some

Wrong = tuple[Weight, str]


@checks.add("attested")
class WhatNoClusterTells(Check):
    """What no cluster can tell of a declared client, its owner has said lately: ordering, reading twice, conflicts,
    subscription, transactions, group ids of AWS Lambda.

    A statement counts until it expires, and as long as its owner is active here. It proves nothing: what was said and
    is weak lowers the answer, and what was said and is well raises none.
    """

    code: ClassVar[str] = "C27"
    title: ClassVar[str] = "What no cluster can tell is attested"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "a statement in force for each declared client, and none that says a failover does harm"
    act: ClassVar[str] = (
        "Ask the owner of the client, and enter what they say under Statements of this pair. Where a failover does "
        "harm, change the client first."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if facts.attested is None:
            return self.unknown("what people have said was not read")
        if not facts.clients:
            return self.unknown("the inventory declares no client")
        if wrong := sorted(_wrong(facts, facts.attested), key=lambda one: (one[0].rank, one[1])):
            return self.fails(some([said for _, said in wrong]), weight=wrong[0][0])
        wanted = [(client, one) for client in facts.clients for one in asked(client, facts.topology)]
        first = min(one.expires for one in facts.attested if _is_of(one, wanted))
        return self.met(f"{len(wanted)} statements of {len(facts.clients)} clients; the first expires on {first:%F}")


def _is_of(one: Attested, wanted: list[tuple[ClientFacts, Statement]]) -> bool:
    return any((one.client, one.statement) == (client.name, asks.key) for client, asks in wanted)


def _wrong(facts: PairFacts, said: tuple[Attested, ...]) -> Iterator[Wrong]:
    newest = {(one.client, one.statement): one for one in said}
    for client in facts.clients:
        for one in asked(client, facts.topology):
            if problem := _problem(client, one, newest.get((client.name, one.key))):
                yield one.weight, f"{client.name}, {one.title.lower()}: {problem}"


def _problem(client: ClientFacts, one: Statement, said: Attested | None) -> str:
    if said is None:
        return "nobody has said"
    reply = one.replies.get(said.reply)
    if reply is None:
        return f"“{said.reply}”, which this release does not know"
    if said.is_expired:
        return f"said by {said.owner} on {said.given:%F}, expired on {said.expires:%F}"
    if not said.is_owned:
        return f"said by {said.owner}, who is no longer active here"
    if one.key == "transactions" and said.reply == "none" and client.transactional:
        return f"{said.owner} says there are none, and the inventory says transactional: true"
    return f"{reply.text[0].lower()}{reply.text[1:]}, says {said.owner}" if reply.is_weak else ""
