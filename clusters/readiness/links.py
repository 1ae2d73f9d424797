"""The halves of a pair's link, and their settings."""

from __future__ import annotations

from collections.abc import Mapping

from clusters.facts import LinkFacts, PairFacts, Topology


def links_of(facts: PairFacts) -> Mapping[str, LinkFacts]:
    """By side; without what is missing or could not be read."""
    found = {name: side.link(facts.link) for name, side in facts.sides.items()}
    return {name: link for name, link in found.items() if link is not None}


def receiving(facts: PairFacts) -> Mapping[str, LinkFacts]:
    """The halves that bring records and offsets to their side in normal times."""
    links = links_of(facts)
    if facts.topology is Topology.ACTIVE_ACTIVE:
        return links
    return {name: link for name, link in links.items() if name != facts.home}


def one_way(facts: PairFacts) -> str:
    """The mode of a link that has one half by design, where it brings records; empty for any other, and for none."""
    links = links_of(facts)
    is_read = all(side.links is not None for side in facts.sides.values())
    if not is_read or facts.topology is Topology.ACTIVE_ACTIVE or len(links) != 1 or facts.home in links:
        return ""
    (link,) = links.values()
    return link.mode if link.mode and link.mode != "BIDIRECTIONAL" else ""


def is_on(link: LinkFacts, setting: str) -> bool | None:
    """None where the setting was not read."""
    value = link.configs.get(setting)
    return None if value is None else value == "true"
