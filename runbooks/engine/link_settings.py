"""Settings of one half of a link: their names, whether two values say the same, what a group filter lets through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from clusters.facts import LinkFacts, SideFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, present

ENABLE, FILTERS = "consumer.offset.sync.enable", "consumer.offset.group.filters"
SAVED = "offset-sync.before"
Settings = Mapping[str, str | None]


def saved_as(side: str) -> str:
    """Under which kind of evidence the settings of a side stand that were taken away from it."""
    return f"{SAVED} ({side})"


def half_on(case: Case, side: SideFacts) -> LinkFacts:
    present(side.links, f"the links of {side.side}")
    return present(side.link(case.facts.link), f"link {case.facts.link} on {side.side}")


def setting(link: LinkFacts, name: str, side: str) -> str:
    """MissingFact where it was not read; a setting that reads null is an empty one."""
    if name not in link.configs:
        raise MissingFact(f"{name} of link {link.name} on {side}")
    return link.configs[name] or ""


def is_same(one: str | None, other: str | None) -> bool:
    """Filters are JSON in a text: spaces and the order of keys say nothing."""
    if (one or "") == (other or ""):
        return True
    try:
        return bool(json.loads(one or "null") == json.loads(other or "null"))
    except ValueError:
        return False


def lets_through(filters: str, group: str) -> bool:
    """Whether offsets of the group are synced; an empty filter syncs none. MissingFact where it cannot be read."""
    kinds = {str(row["filterType"]) for row in _rows(filters) if _names(row, group)}
    return "INCLUDE" in kinds and "EXCLUDE" not in kinds


def _rows(filters: str) -> Iterator[Mapping[str, Any]]:
    try:
        rows = json.loads(filters or "{}").get("groupFilters", [])
        yield from ({key: row[key] for key in ("name", "patternType", "filterType")} for row in rows)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise MissingFact(f"what the group filter {filters[:80]!r} lets through") from error


def _names(row: Mapping[str, Any], group: str) -> bool:
    name = str(row["name"])
    return name in {"*", group} or (row["patternType"] == "PREFIXED" and group.startswith(name))
