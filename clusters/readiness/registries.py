"""Two Schema Registries held against each other: what is missing, what differs, and what does not go on copying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clusters.facts import ExporterFacts, PairFacts, RegistryFacts, SchemaFacts, Topology
from clusters.readiness.topics import some

AT_WORK = {"RUNNING", "STARTING"}
AS_IT_IS = "NONE"  # the context type of an exporter that copies into the very subjects, which then have to take imports


@dataclass(frozen=True)
class Way:
    """From the registry that schemas are registered in to the one that has to know them."""

    source: str
    target: str
    here: RegistryFacts
    there: RegistryFacts


def ways(facts: PairFacts) -> tuple[Way, ...]:
    """Both ways where clients of both sides write; none where a side has no registry."""
    first, second = facts.home, facts.other(facts.home).side
    named = [(first, second), (second, first)] if facts.topology is Topology.ACTIVE_ACTIVE else [(first, second)]
    found = []
    for source, target in named:
        here, there = facts.side(source).registry, facts.side(target).registry
        if here is not None and there is not None:
            found.append(Way(source, target, here, there))
    return tuple(found)


def unread(facts: PairFacts) -> Iterator[str]:
    for side in facts.sides.values():
        registry = side.registry
        if registry is not None and None in (registry.mode, registry.schemas, registry.exporters):
            yield f"the Schema Registry of {side.side} ({registry.said or 'not read whole'})"


def unlike(way: Way) -> Iterator[str]:
    """By id, whatever the subject: a record carries nothing else. An exporter may rename subjects, never ids."""
    known: dict[int, set[str]] = {}
    for schema in way.there.schemas or ():
        known.setdefault(schema.id, set()).add(schema.digest)
    schemas = way.here.schemas or ()
    if missing := _named(schema for schema in schemas if schema.id not in known):
        yield f"not on {way.target}: {some(missing)}"
    if others := _named(one for one in schemas if one.id in known and one.digest not in known[one.id]):
        yield f"another schema under the same id on {way.target}: {some(others)}"


def not_copying(way: Way) -> Iterator[str]:
    exporters = way.here.exporters or ()
    for one in exporters:
        if one.state not in AT_WORK:
            yield f"exporter {one.name} of {way.source} is {one.state}"
        elif one.trace:
            yield f"exporter {one.name} of {way.source} stumbles: {one.trace}"
    if any(_imports(one) for one in exporters) and way.there.mode != "IMPORT":
        yield f"{way.target} reads {way.there.mode}, and takes nothing from the exporters of {way.source}"


def _imports(exporter: ExporterFacts) -> bool:
    return exporter.state in AT_WORK and exporter.context_type == AS_IT_IS


def _named(schemas: Iterator[SchemaFacts]) -> list[str]:
    return [f"{schema.subject} version {schema.version} (id {schema.id})" for schema in schemas]
