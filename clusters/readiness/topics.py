"""The topics that matter: those of declared clients at their home, and their mirrors on the other side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from clusters.facts import MirrorFacts, PairFacts

MANY = 5
NOBODY_DECLARED = "the inventory declares no client, so nobody knows which topics matter"


def declared_topics(facts: PairFacts) -> tuple[tuple[str, str], ...]:
    """(side, topic), in order, once each."""
    found = {(client.home, topic) for client in facts.clients for topic in client.topics if client.home in facts.sides}
    return tuple(sorted(found))


def mirror_of(facts: PairFacts, home: str, topic: str) -> MirrorFacts | None:
    mirrors = facts.other(home).mirrors or ()
    return next((mirror for mirror in mirrors if mirror.source_topic == topic), None)


def with_mirrors(facts: PairFacts) -> Iterator[tuple[str, str]]:
    """(side, topic): each declared topic, and the mirror of it where there is one."""
    for home, topic in declared_topics(facts):
        yield home, topic
        if (mirror := mirror_of(facts, home, topic)) is not None:
            yield facts.other(home).side, mirror.topic


def settings_of(facts: PairFacts, side: str, name: str) -> Mapping[str, str] | None:
    """None where they were not read."""
    topic = (facts.side(side).topics or {}).get(name)
    return topic.settings if topic else None


def some(names: Iterable[str]) -> str:
    """`a, b, c and 7 more`."""
    ordered = list(names)
    rest = len(ordered) - MANY
    return ", ".join(ordered) if rest <= 0 else f"{', '.join(ordered[:MANY])} and {rest} more"
