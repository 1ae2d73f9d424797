"""Reads a side, or both sides of a pair, into facts: probed and declared put together, never later than the deadline.

A side that cannot be reached is a fact, not an error. What could not be read is None. A declared fact that a probe
contradicts becomes unknown; a probe that only hints may make a fact stricter, never looser.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime

from clusters import clock
from clusters.backends import Backend
from clusters.connections import Connections
from clusters.declared import PairEntry, SideEntry
from clusters.errors import ClusterError
from clusters.facts import NOT_DECLARED, PairFacts, Probe, RegistryFacts, SideFacts, Vantage
from clusters.keeping import start_keepers
from clusters.lanes import Lane, Stuck, wait
from clusters.merged import (
    Settings,
    any_on,
    brokers,
    edition,
    first,
    links,
    metadata,
    tiered_topics,
    tiering,
    topic_settings,
    with_settings,
)
from clusters.observed import Observed, Told, Want
from clusters.registry_reading import NOT_READ, start_registry
from clusters.vantage import vantages
from clusters.witness import read_witnesses

# Reads end this much before the side is given up, so that what came of them is not lost with what did not come,
# and the rest is for putting it together.
MARGIN_S = 0.15
POLLS = 4  # a reading of the poller that is older tells nothing of now


def read_side(
    connections: Connections,
    entry: PairEntry,
    side: str,
    *,
    deadline_s: float = 4.0,
    previous: SideFacts | None = None,
    topics: Collection[str] = (),
    groups: Collection[str] = (),
    configs: bool = False,
    registry: bool | None = None,
) -> SideFacts:
    """Every way in at once, each left behind at the deadline.

    `previous` lets what changes rarely (settings, tiering) be read again only after half of `policy.configs_for`;
    without it, or with `configs`, everything is read. `topics` and `groups` are read whatever the budget, beside those
    of declared clients. `registry` says whether its Schema Registry is looked at; None: where the last look is old.
    """
    deadline = time.monotonic() + deadline_s - MARGIN_S
    reads_end = deadline - MARGIN_S
    declared, opened, longest = entry.side(side), connections.side(side), entry.policy.configs_for
    began = clock.now()
    known = opened.settings
    is_due = configs or previous is None or known.at is None or bool(known.failed) or began - known.at > longest / 2
    want = _want(entry, declared, topics, groups, configs=is_due)
    schemas = start_registry(opened, previous.registry if previous else None, reads_end, longest, now=registry)
    asked = {name: opened.lanes[name].start(_look(way, want, reads_end), deadline) for name, way in opened.ways.items()}
    seen = [_own(declared, _seen(name, future, deadline)) for name, future in asked.items()]
    opened.settings = _settings(seen, want, known, began - longest)
    return replace(_facts(declared, seen, opened.settings), registry=schemas())


def read_pair(
    connections: Connections,
    entry: PairEntry,
    *,
    deadline_s: float = 4.0,
    lost_s: float | None = None,
    previous: PairFacts | None = None,
    topics: Collection[str] = (),
    groups: Collection[str] = (),
    clients: Collection[str] = (),
    configs: bool = False,
    registries: bool | None = None,
) -> PairFacts:
    """Both sides and the witnesses in parallel, so that a dead side never delays the other.

    With what keeps the workloads of `clients`, and of those that run `groups`, where their drivers can tell.

    A side that the poller lately waited for in vain gets only `lost_s`, where that is given: in a long outage every
    look would take its whole time again. One that is back is seen by the poller first.
    """
    deadline = time.monotonic() + deadline_s
    earlier = previous.sides if previous else {}

    def look(side: str) -> Callable[[], SideFacts]:
        before = earlier.get(side)
        within = lost_s if lost_s is not None and _is_lost(before, entry) else deadline_s
        return lambda: read_side(
            connections, entry, side, deadline_s=within, previous=before, topics=topics, groups=groups,
            configs=configs, registry=registries,
        )  # fmt: skip

    asked = {s.name: Lane[SideFacts](f"read {s.name}").start(look(s.name), deadline) for s in entry.sides}
    kept = start_keepers(connections, entry, {*clients}, {*groups}, deadline - MARGIN_S)
    witnesses = read_witnesses(connections, deadline=deadline - MARGIN_S)
    sides = {name: wait(future, deadline + 1.0) for name, future in asked.items()}
    known = previous.vantages if previous else ()
    found = pair_facts(entry, sides, vantages(sides, entry.link, witnesses, before=earlier, known=known))
    return replace(found, keepers=kept())


def _is_lost(before: SideFacts | None, entry: PairEntry) -> bool:
    if before is None or before.reachable:
        return False
    return clock.now() - before.read_at < POLLS * entry.policy.poll


def pair_facts(entry: PairEntry, sides: Mapping[str, SideFacts], seen: Sequence[Vantage] = ()) -> PairFacts:
    """Two readings (of the poller, for instance) and what the inventory declares of the pair."""
    today = clock.now().date()
    return PairFacts(
        pair=entry.name,
        topology=entry.topology,
        link=entry.link,
        home=entry.home.name,
        sides=dict(sides),
        clients=entry.clients,
        vantages=tuple(seen),
        policy=entry.policy,
        may_change=entry.may_change,
        link_managed_by=entry.data_link.managed_by.fact(today) if entry.data_link else NOT_DECLARED,
        schemas=entry.schemas.fact(today),
        link_principals={side.name: side.link_principal for side in entry.sides if side.link_principal},
    )


def unread_side(entry: PairEntry, side: str, why: str) -> SideFacts:
    """A side of which nothing could be read, with what is declared of it."""
    registry = RegistryFacts(None, NOT_READ) if entry.side(side).schema_registry else None
    return replace(_facts(entry.side(side), [_failed("none", why)], Settings()), registry=registry)


def _want(entry: PairEntry, side: SideEntry, topics: Iterable[str], groups: Iterable[str], *, configs: bool) -> Want:
    every = {topic: None for client in entry.clients for topic in client.topics} | dict.fromkeys(topics)
    named = {client.group: None for client in entry.clients if client.group} | dict.fromkeys(groups)
    links = tuple(link.name for link in entry.links)
    principals = {client.principal for client in entry.clients} | {side.link_principal}
    return Want(links, tuple(every), tuple(named), frozenset(filter(None, principals)), configs=configs)


def _look(way: Backend, want: Want, deadline: float) -> Callable[[], Observed]:
    return lambda: way.observe(want, deadline=deadline)


def _seen(name: str, future: Future[Observed], deadline: float) -> Observed:
    began = time.monotonic()
    try:
        return wait(future, deadline)
    except (Stuck, ClusterError) as error:
        return _failed(name, getattr(error, "said", str(error)), began)


def _failed(name: str, why: str, began: float | None = None) -> Observed:
    took = 0 if began is None else round((time.monotonic() - began) * 1000)
    return Observed(Probe(name, ok=False, said=why, took_ms=took))


def _own(declared: SideEntry, seen: Observed) -> Observed:
    """Facts of another cluster are worse than none: an address that leads elsewhere counts as not reached."""
    if seen.cluster_id in {None, declared.cluster_id}:
        return seen
    why = f"answers as cluster {seen.cluster_id}; the inventory says {declared.cluster_id}: correct one of the two"
    return _failed(seen.probe.protocol, why)


def _settings(seen: Sequence[Observed], want: Want, known: Settings, oldest: datetime) -> Settings:
    """What was probed now, else what this process probed before, unless that is too old."""
    listed = first(each.links for each in seen)
    links = listed or ()
    read = {link.name: link for link in links if link.is_mode_known}
    now = clock.now()
    is_on = any_on(each.tiering for each in seen)
    found = Settings(
        at=now if listed is not None and len(read) == len(links) else None,
        metadata=first(each.metadata for each in seen),
        metadata_said=first(each.metadata_said or None for each in seen) or "",
        tiering=is_on,
        tiering_said=first(each.tiering_said for each in seen if each.tiering is is_on) or "",
        tiered=tiered_topics(each.tiered for each in seen),
        failed=_unproven(seen, want),
        links=read,
        of_topics=topic_settings(each.topic_settings for each in seen),
        of_brokers=first(each.broker_settings for each in seen),
        acls=first(each.acls for each in seen),
        acls_said="; ".join(each.acls_said for each in seen if each.acls_said),
    )
    is_whole = found.at is not None and not found.failed
    return found if is_whole or known.at is None or known.at < oldest or known.failed else known


def _unproven(seen: Sequence[Observed], want: Want) -> str:
    """Why the brokers' settings are not known this time; empty where a way told them, or every way is refused them.

    Empty also where nothing answers: what is declared of a dead side stands, and no guard is met by it alone.
    """
    asked = {each.told for each in seen}
    if not want.configs or Told.SETTINGS in asked or asked == {Told.REFUSAL} or not any(e.probe.ok for e in seen):
        return ""
    return "; ".join(f"{each.probe.protocol}: {said}" for each in seen for said in _said(each)) or "no answer"


def _facts(declared: SideEntry, seen: Sequence[Observed], settings: Settings) -> SideFacts:
    today, now = clock.now().date(), clock.now()
    cluster_id = first(each.cluster_id for each in seen)
    topics = first(each.topics for each in seen)
    return SideFacts(
        side=declared.name,
        region=declared.region,
        is_home=declared.is_home,
        read_at=now,
        reachable=any(each.probe.ok for each in seen),
        said="; ".join(f"{each.probe.protocol}: {said}" for each in seen for said in _said(each)),
        probes=tuple(each.probe for each in seen),
        cluster_id=cluster_id or declared.cluster_id,
        edition=edition(declared, cluster_id, today),
        metadata=metadata(declared, settings, today),
        tiering=tiering(declared, settings, today),
        brokers=brokers(declared, _broker_ids(seen), today),
        links=links(first(each.links for each in seen), settings),
        mirrors=first(each.mirrors for each in seen),
        topics=with_settings(topics, settings),
        other_topics=first(each.other_topics for each in seen),
        groups=first(each.groups for each in seen),
        offsets_at=now if topics is not None else None,
        configs_at=settings.at,
        broker_settings=settings.of_brokers,
        skew=first(each.skew for each in seen),
        acls=settings.acls,
        acls_said=settings.acls_said,
    )


def _broker_ids(seen: Sequence[Observed]) -> frozenset[int] | None:
    found = [each.broker_ids for each in seen if each.broker_ids is not None]
    return frozenset().union(*found) if found else None


def _said(seen: Observed) -> list[str]:
    """What went wrong; nothing where all went well."""
    return seen.problems if seen.probe.ok else [seen.probe.said]
