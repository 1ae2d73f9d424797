"""What a run is started with: checked against what is known of the pair, and suggested from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.facts import PairFacts
from runbooks.engine.values import CLIENTS, GROUPS, SIDE, TOPICS, BadValue, fit
from runbooks.engine.written import Parameter, RunbookDefinition


def check_parameters(definition: RunbookDefinition, values: Mapping[str, Any], facts: PairFacts) -> tuple[str, ...]:
    """Every reason why a run cannot be started with these values; empty where it can."""
    said: list[str] = []
    if definition.applies_to not in {None, facts.topology}:
        said.append(f"this runbook is for {definition.applies_to} pairs; {facts.pair} is {facts.topology}")
    declared = {parameter.name for parameter in definition.parameters}
    said += [f"there is no parameter {name!r}" for name in values if name not in declared]
    for parameter in definition.parameters:
        said += _problems(parameter, values, facts)
    return tuple(said)


def suggested(definition: RunbookDefinition, side: str, facts: PairFacts) -> dict[str, Any]:
    """What a commander would fill in when `side` is the one that failed, or the one to return to.

    Clients and groups whose home it is, and the topics that they use; nothing for parameters that only a person knows.
    """
    at_home = [client for client in facts.clients if client.home == side]
    by_type = {
        SIDE: side,
        CLIENTS: tuple(client.name for client in at_home if client.kind == "producers"),
        GROUPS: tuple(client.group for client in at_home if client.group),
        TOPICS: tuple(dict.fromkeys(topic for client in at_home for topic in client.topics)),
    }
    found = {parameter.name: by_type.get(parameter.type) for parameter in definition.parameters}
    return {name: value for name, value in found.items() if value}


def _problems(parameter: Parameter, values: Mapping[str, Any], facts: PairFacts) -> list[str]:
    if parameter.name not in values:
        return [f"{parameter.title} ({parameter.name}) is missing"]
    try:
        value = fit(parameter.type, values[parameter.name])
    except BadValue as bad:
        return [f"{parameter.title} ({parameter.name}) {bad}"]
    names = value if isinstance(value, tuple) else (value,)
    known = _known(parameter, facts)
    return (
        [] if known is None else [f"{parameter.title}: {known[1]} {name!r}" for name in names if name not in known[0]]
    )


def _known(parameter: Parameter, facts: PairFacts) -> tuple[frozenset[str], str] | None:
    """The names there are, and how to say that one is not among them; None where any value will do."""
    if parameter.type == SIDE:
        return frozenset(facts.sides), f"{facts.pair} has no side"
    if parameter.type == CLIENTS:
        return frozenset(client.name for client in facts.clients), "the inventory declares no client"
    if parameter.type == GROUPS:
        return _groups(facts), "neither the inventory nor a side that answers knows a group"
    if parameter.type == TOPICS:
        return _topics(facts), "neither the inventory nor a side that answers knows a topic"
    return None


def _groups(facts: PairFacts) -> frozenset[str]:
    declared = {client.group for client in facts.clients if client.group}
    return frozenset(declared.union(*(side.groups or () for side in facts.sides.values())))


def _topics(facts: PairFacts) -> frozenset[str]:
    declared = {topic for client in facts.clients for topic in client.topics}
    mirrors = {mirror.topic for side in facts.sides.values() for mirror in side.mirrors or ()}
    return frozenset(declared.union(mirrors, *(side.topics or () for side in facts.sides.values())))
