"""Declared and probed, put together fact by fact. Pure; the rules of what wins stand here alone.

A probe confirms or contradicts a declaration; contradicted means unknown. What a probe only hints at is a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from clusters.declared import SideEntry
from clusters.facts import (
    Acls,
    BrokerFacts,
    Edition,
    Fact,
    LinkFacts,
    MetadataMode,
    Origin,
    TopicFacts,
    unknown,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """What changes rarely, as last probed by this process; `at` is None where it was never read whole.

    `failed` is why the brokers' settings could not be asked for, though the cluster answers: what they might
    contradict is then not known.
    """

    at: datetime | None = None
    metadata: MetadataMode | None = None
    metadata_said: str = ""
    tiering: bool | None = None
    tiering_said: str = ""
    tiered: Mapping[str, bool] | None = None
    failed: str = ""
    links: Mapping[str, LinkFacts] = field(default_factory=dict)
    of_topics: Mapping[str, Mapping[str, str]] | None = None
    of_brokers: Mapping[int, Mapping[str, str]] | None = None
    acls: Acls | None = None
    acls_said: str = ""


def first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def any_on(values: Iterable[bool | None]) -> bool | None:
    """Several ways asked the same: one that says on is believed."""
    found = [value for value in values if value is not None]
    return any(found) if found else None


def tiered_topics(found: Iterable[Mapping[str, bool] | None]) -> Mapping[str, bool] | None:
    told = [each for each in found if each is not None]
    return {topic: any(each.get(topic, False) for each in told) for each in told for topic in each} if told else None


def edition(declared: SideEntry, cluster_id: str | None, today: date) -> Fact[Edition]:
    """No API tells it; only the form of the cluster id can contradict it."""
    fact = declared.edition.fact(today)
    is_cloud = (cluster_id or declared.cluster_id).startswith("lkc-")
    if fact.value is not None and fact.value.is_cloud != is_cloud:
        where = "is" if is_cloud else "is not"
        return unknown(f"declared {fact.value}, but the cluster id {where} one of Confluent Cloud")
    return fact


def brokers(declared: SideEntry, seen: frozenset[int] | None, today: date) -> tuple[BrokerFacts, ...]:
    """Every broker declared or seen; one that answers without a declared version has an unknown version.

    A declared broker that is down stays in the list: it may come back. Confluent Cloud shows no versions.
    """
    if declared.is_cloud:
        return ()
    found = []
    for broker in sorted({*declared.versions, *(seen or ())}):
        entry = declared.versions.get(broker)
        why = f"broker {broker} answers, but no version is declared for it: add it to the inventory"
        found.append(BrokerFacts(broker, entry.fact(today) if entry else unknown(why)))
    return tuple(found)


def metadata(declared: SideEntry, probed: Settings, today: date) -> Fact[MetadataMode]:
    """A probe stands in for a declaration that is missing or has run out, unless the two differ."""
    fact, written = declared.metadata.fact(today), declared.metadata.value
    if probed.metadata is None and probed.failed and fact.is_known:
        return unknown(f"declared {written}, but the brokers' settings could not be read to check it: {probed.failed}")
    if probed.metadata is None:
        hint = f"declared {written or 'nothing'}, but {probed.metadata_said}"
        return unknown(hint) if probed.metadata_said else fact
    if fact.is_known and _agrees(written, probed.metadata):
        return replace(fact, note=f"{fact.note}; the brokers' settings agree")
    if written in {None, probed.metadata}:
        return Fact(probed.metadata, Origin.PROBED, probed.at, probed.metadata_said or "the brokers' settings say so")
    return unknown(f"declared {written}, but {probed.metadata_said or 'the brokers'} say {probed.metadata}")


def _agrees(declared: MetadataMode | None, probed: MetadataMode) -> bool:
    """Combined mode may be declared where the brokers' settings only show that it is KRaft: that is the stricter."""
    return declared == probed or (declared, probed) == (MetadataMode.KRAFT_COMBINED, MetadataMode.KRAFT)


def tiering(declared: SideEntry, probed: Settings, today: date) -> Fact[bool]:
    """Probed on is believed; probed off is a guess, since what is off in the brokers may still hold tiered segments."""
    fact = declared.tiering.fact(today)
    on = next((topic for topic, is_on in (probed.tiered or {}).items() if is_on), None)
    said = probed.tiering_said if probed.tiering else f"topic {on} has confluent.tier.enable on" if on else ""
    if said and fact.value is False:
        return unknown(f"declared off, but {said}")
    if not said and fact.value is False and probed.failed:
        return unknown(f"declared off, but the brokers' settings could not be read to check it: {probed.failed}")
    if said:
        return Fact(True, Origin.PROBED, probed.at, said)
    if fact.value is None and probed.tiering is False:
        return Fact(False, Origin.GUESSED, probed.at, f"{fact.note}; {probed.tiering_said}, which is only a hint")
    return fact


def topic_settings(found: Iterable[Mapping[str, Mapping[str, str]] | None]) -> Mapping[str, Mapping[str, str]] | None:
    """Of each topic as the first way told it: one tells of all topics, another of as many as its budget allows."""
    told = [each for each in found if each is not None]
    return {topic: settings for each in reversed(told) for topic, settings in each.items()} if told else None


def with_settings(topics: Mapping[str, TopicFacts] | None, probed: Settings) -> Mapping[str, TopicFacts] | None:
    tiered, settings = probed.tiered, probed.of_topics
    if topics is None or (tiered is None and settings is None):
        return topics
    return {
        name: replace(topic, tiered=(tiered or {}).get(name), settings=(settings or {}).get(name))
        for name, topic in topics.items()
    }


def links(seen: tuple[LinkFacts, ...] | None, probed: Settings) -> tuple[LinkFacts, ...] | None:
    """A link whose settings were not read this time carries the ones read last, as long as they are fresh enough."""
    return None if seen is None else tuple(_with_settings(link, probed.links.get(link.name)) for link in seen)


def _with_settings(link: LinkFacts, known: LinkFacts | None) -> LinkFacts:
    is_same = known is not None and known.cluster_link_id == link.cluster_link_id
    if link.configs or known is None or not is_same:
        return link
    return replace(link, mode=known.mode, prefix=known.prefix, configs=known.configs)
