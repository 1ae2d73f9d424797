"""What is needed to delete a former mirror and mirror its source anew: where groups stood, and where they go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, present
from runbooks.engine.truncation import saved_cut

SAVED = "groups.save-offsets"
Positions = Mapping[tuple[str, int], int]


def source_name(case: Case, side: str, topic: str) -> str:
    """The topic of the other side that a mirror of this name has as its source: the name without the link's prefix."""
    link = present(case.facts.side(side).link(case.facts.link), f"link {case.facts.link} on {side}")
    prefix = present(link.prefix, f"the prefix of link {link.name} on {side}")
    if not topic.startswith(prefix) or topic == prefix:
        raise MissingFact(f"the source of {topic}: mirrors on {side} are named {prefix}…")
    return topic.removeprefix(prefix)


UNREAD = "SOURCE-TOPIC"


def source_on_paper(case: Case, side: str, topic: str) -> str:
    """Paper is written before the link was ever read, too: people then put the name in."""
    try:
        return source_name(case, side, topic)
    except MissingFact:
        return UNREAD


def saved_positions(case: Case, side: str) -> Mapping[str, Positions]:
    """Committed offsets as this incident saved them on `side`: group → topic, partition → offset."""
    recorded = case.evidence.get(SAVED, {})
    if recorded.get("side") != side:
        raise MissingFact(f"the committed offsets of the groups on {side}", waits_for=SAVED)
    groups: Mapping[str, list[Mapping[str, Any]]] = recorded["groups"]
    return {
        group: {(row["topic"], row["partition"]): row["offset"] for row in rows if row["topic"] in recorded["topics"]}
        for group, rows in groups.items()
    }


def wanted_positions(case: Case, side: str, topics: tuple[str, ...], group: str) -> Positions:
    """Where a group goes on in the new mirror: where it stood, and at the cut where it had read what is gone.

    Offsets are preserved, so up to the cut an old position means the same record.
    """
    stood = saved_positions(case, side)
    if group not in stood:
        raise MissingFact(f"the committed offsets of {group} on {side}", waits_for=SAVED)
    cuts = {topic: saved_cut(case, side, topic) for topic in topics}
    return {
        (topic, partition): min(offset, cuts[topic][partition])
        for (topic, partition), offset in sorted(stood[group].items())
        if topic in cuts and partition < len(cuts[topic])
    }
