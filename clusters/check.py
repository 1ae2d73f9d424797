"""Connects read-only to everything the inventory names: each fact with its origin, each unknown with what to do.

Nothing is changed anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import TypeVar

from clusters.connections import Connections, open_pair
from clusters.declared import Inventory, PairEntry
from clusters.errors import ClusterError
from clusters.facts import Fact, LinkFacts, Origin, PairFacts, SideFacts
from clusters.reading import read_pair
from clusters.secrets import SecretReference

DEADLINE_S = 5.0
T = TypeVar("T")


class Level(StrEnum):
    FOUND = "found"
    UNKNOWN = "unknown"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Line:
    """`where` is the pair or the side, `what` the fact, `origin` how it is known, `todo` what makes it better."""

    level: Level
    where: str
    what: str
    origin: str = ""
    todo: str = ""

    def __str__(self) -> str:
        origin = f" [{self.origin}]" if self.origin else ""
        todo = f"\n    → {self.todo}" if self.todo else ""
        return f"{self.level:8} {self.where}: {self.what}{origin}{todo}"


def check(inventory: Inventory) -> Iterator[Line]:
    """Pair by pair, as each is read; a pair that cannot be opened does not hide the next."""
    if not inventory.pairs:
        yield Line(Level.UNKNOWN, "inventory", "no pairs", todo="write down the first pair")
    for pair in inventory.pairs.values():
        yield from _secrets(pair)
        try:
            with open_pair(pair) as connections:
                facts = read_pair(connections, pair, deadline_s=DEADLINE_S)
                yield from _pair(pair, facts)
                yield from _drivers(pair, connections)
        except ClusterError as error:
            yield Line(Level.PROBLEM, f"{pair.name} / {error.where}", error.said, todo="correct it, then check again")


def _pair(pair: PairEntry, facts: PairFacts) -> Iterator[Line]:
    change = "true: its runbooks may act" if pair.may_change else "false: looking and rehearsing only"
    yield Line(Level.FOUND, pair.name, f"may_change {change}", Origin.DECLARED)
    for side in facts.sides.values():
        yield from _side(f"{pair.name} / {side.side}", side)
    if pair.link:
        yield from _links(pair, facts)
    yield from _witnesses(pair, facts)


def _secrets(pair: PairEntry) -> Iterator[Line]:
    """Every secret the entry names can be read by this process; its value is not looked at."""
    for reference in sorted({found.reference for found in _references(pair)}):
        try:
            SecretReference(reference).resolve()
        except ClusterError as error:
            yield Line(Level.PROBLEM, pair.name, str(error), Origin.PROBED)


def _references(entry: object) -> Iterator[SecretReference]:
    if isinstance(entry, SecretReference):
        yield entry
    elif isinstance(entry, Mapping):
        yield from (found for value in entry.values() for found in _references(value))
    elif isinstance(entry, tuple):
        yield from (found for value in entry for found in _references(value))
    elif is_dataclass(entry):
        yield from (found for item in fields(entry) for found in _references(getattr(entry, item.name)))


def _side(where: str, side: SideFacts) -> Iterator[Line]:
    for probe in side.probes:
        level = Level.FOUND if probe.ok else Level.PROBLEM
        todo = "" if probe.ok else "check address, credential, certificate and network from this host"
        yield Line(level, where, f"{probe.protocol}: {probe.said} ({probe.took_ms} ms)", Origin.PROBED, todo)
    if side.reachable and side.said:
        yield Line(Level.UNKNOWN, where, side.said, Origin.PROBED, "grant the read rights that are missing, if any")
    yield _fact(where, "edition", side.edition)
    is_cloud = side.edition.value is not None and side.edition.value.is_cloud
    if not is_cloud:
        yield _fact(where, "metadata mode", side.metadata)
        yield _fact(where, "Tiered Storage", side.tiering)
        for broker in side.brokers:
            yield _fact(where, f"version of broker {broker.broker_id}", broker.version)
    yield from _counts(where, side)
    yield from _registry(where, side)


def _fact(where: str, what: str, fact: Fact[T]) -> Line:
    if fact.is_known:
        said = {"True": "on", "False": "off"}.get(str(fact.value), str(fact.value))
        return Line(Level.FOUND, where, f"{what}: {said}", f"{fact.origin}; {fact.note}" if fact.note else fact.origin)
    todo = "declare it in the inventory with value, how, by and on; until then every guard that needs it refuses"
    return Line(Level.UNKNOWN, where, f"{what}: {fact.note or 'not known'}", fact.origin, todo)


def _counts(where: str, side: SideFacts) -> Iterator[Line]:
    for what, found in (
        ("links", side.links),
        ("mirrors", side.mirrors),
        ("topics", side.topics),
        ("groups", side.groups),
    ):
        if found is not None:
            yield Line(Level.FOUND, where, f"{len(found)} {what}", Origin.PROBED)
        elif side.reachable:
            yield Line(Level.UNKNOWN, where, f"{what} could not be read", Origin.PROBED, "see the lines above")


def _registry(where: str, side: SideFacts) -> Iterator[Line]:
    if (registry := side.registry) is None:
        return
    if registry.said:
        todo = "check the address of schema_registry, its credential, and that this host reaches it"
        yield Line(Level.UNKNOWN, where, f"Schema Registry: {registry.said}", Origin.PROBED, todo)
    if registry.mode is not None:
        yield Line(Level.FOUND, where, f"Schema Registry: mode {registry.mode}", Origin.PROBED)
    for exporter in registry.exporters or ():
        yield Line(Level.FOUND, where, f"exporter {exporter.name}: {exporter.state}", Origin.PROBED)


def _links(pair: PairEntry, facts: PairFacts) -> Iterator[Line]:
    """Both sides of the link, and whether they are two halves of one."""
    found = {name: side.link(pair.link) for name, side in facts.sides.items() if side.links is not None}
    for name, link in found.items():
        where = f"{pair.name} / {name}"
        if link is None:
            yield Line(
                Level.PROBLEM, where, f"there is no link {pair.link!r}", Origin.PROBED, "create it, or correct its name"
            )
        else:
            yield _link(where, link)
    halves = [link for link in found.values() if link is not None]
    if len({link.cluster_link_id for link in halves}) > 1:
        todo = "both halves of a bidirectional link must share name and id, or offset sync and reversal do not work"
        yield Line(Level.PROBLEM, pair.name, f"the two sides of {pair.link!r} do not match", Origin.PROBED, todo)


def _link(where: str, link: LinkFacts) -> Line:
    if not link.is_mode_known:
        todo = "let the console's principal read the link's settings (DESCRIBE_CONFIGS on the cluster)"
        return Line(Level.UNKNOWN, where, f"link {link.name}: mode not known", Origin.PROBED, todo)
    prefix = f"prefix {link.prefix!r}" if link.prefix else "no prefix" if link.prefix == "" else "prefix not known"
    return Line(Level.FOUND, where, f"link {link.name}: {link.state}, {link.mode}, {prefix}", Origin.PROBED)


def _witnesses(pair: PairEntry, facts: PairFacts) -> Iterator[Line]:
    for row in facts.vantages:
        if row.kind == "witness":
            level = Level.UNKNOWN if row.sees is None else Level.FOUND
            todo = "check the witness, and that this host reaches it" if row.sees is None else ""
            yield Line(level, f"{pair.name} / {row.name}", f"on {row.side}: {row.said}", Origin.PROBED, todo)
    if not pair.witnesses:
        todo = "name at least one witness in another network: an outage needs two vantage points to be confirmed"
        yield Line(Level.UNKNOWN, pair.name, "no witness", Origin.DECLARED, todo)


def _drivers(pair: PairEntry, connections: Connections) -> Iterator[Line]:
    for client in pair.clients:
        where = f"{pair.name} / {client.name}"
        try:
            state = connections.driver(client.driver).verify(client.name, deadline=time.monotonic() + DEADLINE_S)
        except ClusterError as error:
            todo = "check the driver's address and secret, and that it knows this target"
            yield Line(Level.PROBLEM, where, f"driver {client.driver}: {error.said}", Origin.PROBED, todo)
        else:
            level = Level.UNKNOWN if state.desired is None else Level.FOUND
            yield Line(level, where, f"driver {client.driver}: {state.said}", Origin.PROBED)
