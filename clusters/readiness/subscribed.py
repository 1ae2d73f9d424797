"""The declared consumer groups, and the names of topics their subscriptions are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clusters.facts import ClientFacts, PairFacts, SideFacts, Subscription
from clusters.subscriptions import expected, names_on


def groups(facts: PairFacts) -> list[ClientFacts]:
    return [client for client in facts.clients if client.group]


def unread(facts: PairFacts) -> str:
    """Why subscriptions cannot be judged; empty where they can."""
    if not groups(facts):
        return "the inventory declares no consumer group"
    if nameless := [side.side for side in facts.sides.values() if names_on(side) is None]:
        return f"not every topic of {' and '.join(nameless)} is known by name"
    if any(expected(facts, groups(facts)[0], side) is None for side in facts.sides.values()):
        return "the link's settings could not be read, so the names of mirrors are not known"
    return ""


def undeclared(facts: PairFacts) -> list[str]:
    return [client.name for client in groups(facts) if client.subscription is None]


def subscribed(
    facts: PairFacts, is_meant: Callable[[Subscription], bool]
) -> Iterator[tuple[ClientFacts, Subscription, SideFacts, frozenset[str]]]:
    """Each such subscription on each side, with what it has to cover there."""
    for client in groups(facts):
        if client.subscription is not None and is_meant(client.subscription):
            for side in facts.sides.values():
                yield client, client.subscription, side, expected(facts, client, side) or frozenset()
