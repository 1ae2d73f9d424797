"""Topics that carry transactions: which they are, and in what order topics are taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from clusters.facts import ClientFacts
from runbooks.engine.context import Case

LAST = 1_000_000  # of topics whose clients have no tier


def transactional(case: Case, topics: Iterable[str]) -> set[str]:
    """Those that a client is declared to write transactions to. A mirror carries what its source carries."""
    clients = _clients(case)
    return {topic for topic in topics if any(client.transactional for client in clients.get(topic, ()))}


def undeclared(case: Case, topics: Iterable[str]) -> set[str]:
    """Those with a producer of which nobody has said whether it writes transactions."""
    clients = _clients(case)
    return {topic for topic in topics if any(_is_undeclared(client) for client in clients.get(topic, ()))}


def in_order(case: Case, topics: Iterable[str]) -> tuple[str, ...]:
    """The most urgent tier first, then by name."""
    clients = _clients(case)

    def rank(topic: str) -> tuple[int, str]:
        tiers = [client.tier for client in clients.get(topic, ()) if client.tier is not None]
        return min(tiers, default=LAST), topic

    return tuple(sorted(topics, key=rank))


def _is_undeclared(client: ClientFacts) -> bool:
    return client.kind == "producers" and client.transactional is None


def _clients(case: Case) -> Mapping[str, Sequence[ClientFacts]]:
    """By the topic they use, and by every mirror of it."""
    found: dict[str, list[ClientFacts]] = defaultdict(list)
    for client in case.facts.clients:
        for topic in client.topics:
            found[topic].append(client)
    for side in case.facts.sides.values():
        for mirror in side.mirrors or ():
            if mirror.source_topic != mirror.topic and mirror.source_topic in found:
                found[mirror.topic] = [*found.get(mirror.topic, ()), *found[mirror.source_topic]]
    return found
