"""Each readiness check: what it finds well, what it finds wrong, and what it does not know."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clusters.facts import (
    AclFacts,
    Acls,
    Attested,
    BrokerFacts,
    ClientFacts,
    ClockSkew,
    Edition,
    ExporterFacts,
    Keeper,
    KeeperFacts,
    Library,
    LinkFacts,
    MetadataMode,
    MirrorStatus,
    PairFacts,
    Policy,
    RegistryFacts,
    SchemaFacts,
    Subscription,
    TaskFacts,
    Topology,
    TransitionError,
    TrialFacts,
)
from clusters.readiness import Answer, Finding, Standing, Weight, checks, readiness
from clusters.readiness.answer import NOT_LOOKED_AT
from clusters.readiness.statements import STATEMENTS
from config.claims import CANNOT
from tests.clusters.made import NOW, WEEK, gone, group, known, link, mirror, pair, side, topic

GROUPS = '{"groupFilters":[{"name":"*","patternType":"LITERAL","filterType":"INCLUDE"}]}'
SETTINGS = {
    "consumer.offset.sync.enable": "true",
    "consumer.offset.group.filters": GROUPS,
    "consumer.offset.sync.ms": "30000",
    "consumer.group.prefix.enable": "false",
    "auto.create.mirror.topics.enable": "false",
    "acl.sync.enable": "false",
}
FAILS, UNKNOWN, MET, SPARED = Standing.FAILS, Standing.UNKNOWN, Standing.MET, Standing.SPARED


def half(to: str, settings: dict[str, str | None] | None = None, **changes: Any) -> LinkFacts:
    return link(**{"remote_cluster_id": f"id-{to}", "configs": {**SETTINGS, **(settings or {})}, **changes})


def may(*rights: tuple[str, str, str], who: str = "User:settle", permission: str = "ALLOW") -> tuple[AclFacts, ...]:
    """Of (operation, resource type, name)."""
    return tuple(AclFacts(kind, name, "LITERAL", who, "*", operation, permission) for operation, kind, name in rights)


def acls(*entries: AclFacts, **changes: Any) -> dict[str, Any]:
    return {"acls": Acls(is_enforced=True, entries=entries), **changes}


BOTH = Subscription(topics={"east": ("orders", "west.orders"), "west": ("orders", "east.orders")})
PLAIN = Subscription(topics={"east": ("orders",), "west": ("orders",)})


def reading(
    principal: str | None = "User:settle", subscription: Subscription | None = PLAIN
) -> tuple[ClientFacts, ...]:
    made = ClientFacts("settle", "group", ("orders",), "control", "east", "settlement", principal=principal)
    return (replace(made, subscription=subscription),)


def by_pattern(pattern: str, library: Library = Library.JAVA) -> dict[str, Any]:
    return {"clients": reading(subscription=Subscription(pattern, library))}


def by_lists(east: tuple[str, ...], west: tuple[str, ...]) -> dict[str, Any]:
    return {"clients": reading(subscription=Subscription(topics={"east": east, "west": west}))}


def named(*names: str) -> dict[str, Any]:
    return {"topics": [topic(name) for name in names]}


READS = may(("READ", "TOPIC", "orders"), ("READ", "GROUP", "settlement"))
READS_MIRROR = may(("READ", "TOPIC", "east.orders"))
NO_WRITE = tuple(AclFacts("TOPIC", prefix, "PREFIXED", "User:*", "*", "WRITE", "DENY") for prefix in ("east.", "west."))
REVERSES = may(
    ("DESCRIBE", "CLUSTER", "kafka-cluster"), ("ALTER", "CLUSTER", "kafka-cluster"),
    ("READ", "TOPIC", "*"), ("DESCRIBE_CONFIGS", "TOPIC", "*"), who="User:link",
)  # fmt: skip
LINK = {"east": "User:link", "west": "User:link"}
OFF = {"acls": Acls(is_enforced=False)}


def tried(problem: str = "", ago: timedelta = timedelta(hours=1), untold: str = "") -> dict[str, TrialFacts]:
    return dict.fromkeys(("settle", "checkout"), TrialFacts(NOW - ago, problem, untold))


def holds(*schemas: tuple[int, str], **changes: Any) -> RegistryFacts:
    rows = tuple(SchemaFacts("orders-value", number, number, digest) for number, digest in schemas)
    return replace(RegistryFacts(NOW, "refused", "IMPORT", rows, ()), **changes)


def by(state: str, trace: str = "", context: str = "NONE") -> tuple[ExporterFacts, ...]:
    return (ExporterFacts("linking", state, trace, context),)


def copied(
    there: RegistryFacts | None = holds((1, "aa"), (2, "bb")),  # noqa: B008 - frozen
    exporters: tuple[ExporterFacts, ...] | None = by("RUNNING"),
    mode: str | None = "IMPORT",
    **changes: Any,
) -> PairFacts:
    """Schemas of east, exported to west."""
    here = holds((1, "aa"), (2, "bb"), mode="READWRITE", exporters=exporters)
    set_to = replace(there, mode=mode) if there else None
    told = {"schemas": known("replicated"), **changes}
    return good({"registry": here}, {"registry": set_to}, **told)


BY_HAND = (ClientFacts("ledger", "producers", ("orders",), "people", "east", is_by_hand=True),)


def good(east: dict[str, Any] | None = None, west: dict[str, Any] | None = None, **changes: Any) -> PairFacts:
    """Home is east, mirrored to west; nothing is wrong with it."""
    first = {"links": (half("west"),), "topics": [topic()], "groups": [group(members=2)], **OFF, **(east or {})}
    second = {"links": (half("east"),), "topics": [topic()], "mirrors": (mirror(),), **OFF, **(west or {})}
    told = {"link_managed_by": known("none"), "schemas": known("none"), "trials": tried(), "attested": said()}
    known_by = {"clients": reading(), "link_principals": LINK, **told, **changes}
    return pair(side("east", **first), side("west", **second), **known_by)


def said(*, but: str = "", of: str = "settle", **changes: Any) -> tuple[Attested, ...]:
    """Each statement about the client, given lately, with its first answer, which is never a weak one."""
    every = [
        Attested(of, one.key, next(iter(one.replies)), "Ann", NOW - timedelta(days=9), NOW + timedelta(days=90))
        for one in STATEMENTS
    ]
    return tuple(replace(one, **changes) if one.statement == but else one for one in every)


def unsaid(statement: str) -> tuple[Attested, ...]:
    return tuple(one for one in said() if one.statement != statement)


def active_active(at_east: str = "west.", at_west: str = "east.", **changes: Any) -> PairFacts:
    """Each side holds mirrors of the other under a prefix."""
    prefixed = mirror("east.orders", source_topic="orders")
    one = {"links": (half("west", prefix=at_east),), **changes.pop("east", {})}
    two = {"links": (half("east", prefix=at_west),), "mirrors": (prefixed,), **changes.pop("west", {})}
    return good(one, two, topology=Topology.ACTIVE_ACTIVE, **changes)


def found(facts: PairFacts, code: str) -> Finding:
    return next(one for one in readiness(facts, NOW).findings if one.code == code)


def set_to(**settings: str) -> dict[str, Any]:
    """A side whose topic has these settings beside the usual."""
    return {"topics": [topic(settings={**WEEK, **{key.replace("_", "."): value for key, value in settings.items()}})]}


def writing(transactional: bool | None) -> tuple[ClientFacts, ...]:
    return (ClientFacts("checkout", "producers", ("orders",), "control", "east", transactional=transactional),)


def parted(first: dict[str, Any], second: dict[str, Any], **changes: Any) -> PairFacts:
    return good(first, second, **changes)


def prefixed(first: dict[str, Any], second: dict[str, Any], **changes: Any) -> PairFacts:
    one = {"links": (half("west", prefix="west."),), **first}
    two = {"links": (half("east", prefix="east."),), **second}
    return parted(one, two, topology=Topology.ACTIVE_ACTIVE, **changes)


def ahead(least: float, most: float) -> dict[str, Any]:
    return {"skew": ClockSkew(round(least * 1000), round(most * 1000), NOW)}


def at_both(east: tuple[str, ...], west: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same group on both sides, with commits on these topics."""
    first, second = ({"groups": [group(at={(name, 0): 1 for name in names})]} for names in (east, west))
    return first, second


CLOUD = {"edition": known(Edition.CLOUD_DEDICATED), "broker_settings": None}
BROKEN = TaskFacts("ConsumerOffsetSync", "IN_ERROR", (TransitionError("REMOTE_LINK_NOT_FOUND", "no half there"),))
ROWS: list[tuple[str, PairFacts, Standing, str]] = [
    ("C01", good(), MET, "all known"),
    ("C01", good({"tiering": known(None)}), FAILS, "east: tiering"),
    ("C01", good(west={"brokers": (BrokerFacts(1, known(None)),)}), FAILS, "west: version"),
    ("C01", good({"edition": known(Edition.CLOUD_DEDICATED), "brokers": (), "metadata": known(None)}), MET, ""),
    ("C01", good({"edition": known(None)}), FAILS, "east: edition"),
    ("C02", good(), MET, "bidirectional"),
    ("C02", good({"links": ()}), FAILS, "east has no link link"),
    ("C02", good({"links": (half("west", cluster_link_id="other"),)}), FAILS, "two different link ids"),
    ("C02", good({"links": (half("mars"),)}), FAILS, "east names cluster id-mars, and west is id-west"),
    ("C02", good(west={"links": (half("east", mode="DESTINATION"),)}), FAILS, "west is DESTINATION"),
    ("C02", good({"links": (half("west", mode=None),)}), UNKNOWN, "settings could not be read"),
    ("C02", good({"links": None}), UNKNOWN, "could not be read"),
    ("C03", good(), MET, "2 halves work"),
    ("C03", good(west={"links": (half("east", tasks=(BROKEN,)),)}), FAILS, "ConsumerOffsetSync REMOTE_LINK_NOT_FOUND"),
    ("C03", good({"links": (half("west", state="FAILED"),)}), FAILS, "east: FAILED"),
    ("C03", good({"links": (half("west", error="AUTHENTICATION_ERROR"),)}), FAILS, "AUTHENTICATION_ERROR"),
    ("C03", good({"links": None}, {"links": None}), UNKNOWN, "could be read"),
    ("C04", good(), MET, "on, on west"),
    ("C04", good({"links": (half("west", {"consumer.offset.sync.enable": "false"}),)}), MET, "on, on west"),
    ("C04", good(west={"links": (half("east", {"consumer.offset.sync.enable": "false"}),)}), FAILS, "west: consumer."),
    ("C04", good(west={"links": (half("east", {"consumer.offset.group.filters": ""}),)}), FAILS, "names no group"),
    ("C04", good(west={"links": (half("east", {"consumer.offset.sync.enable": None}),)}), UNKNOWN, "settings"),
    ("C05", good(), MET, "west: every 30 s"),
    ("C05", good(west={"links": (half("east", {"consumer.offset.sync.ms": "60000"}),)}), FAILS, "every 60 s; the"),
    ("C05", good(west={"links": (half("east", {"consumer.offset.sync.ms": None}),)}), UNKNOWN, "could not be read"),
    ("C06", good(), MET, "false"),
    ("C06", good({"links": (half("west", {"consumer.group.prefix.enable": "true"}),)}), FAILS, "true on east"),
    ("C06", good({"links": (half("west", {"consumer.group.prefix.enable": None}),)}), UNKNOWN, "could not be read"),
    ("C07", good(), SPARED, "no prefix"),
    ("C07", active_active(), MET, "both false"),
    ("C07", active_active(east={"links": (half("west", {"acl.sync.enable": "true"}, prefix="west."),)}), FAILS, "acl"),
    ("C07", good({"links": (half("west", prefix=None),)}), UNKNOWN, "could not be read"),
    ("C08", good(), SPARED, "no prefix"),
    ("C08", active_active(), MET, "east. and west."),
    ("C08", active_active("west.", "west."), FAILS, "both halves use west."),
    ("C08", active_active(at_west="east"), FAILS, "east on west ends without a separator"),
    ("C08", active_active(west={"topics": [topic("east.own")]}), FAILS, "east.own on west begins with east."),
    ("C08", active_active(west={"topics": None}), UNKNOWN, "topics of a side"),
    ("C09", good(), MET, "1 topics"),
    ("C09", active_active(), MET, "1 topics"),
    ("C09", good(named("payments")), FAILS, "no source: orders on west"),
    ("C09", good(named("p"), {"mirrors": (mirror(), mirror("p", status=MirrorStatus.STOPPED, source_topic="x"))}),
     FAILS, "no source: orders on west"),
    ("C09", good({"other_topics": None}), UNKNOWN, "not every topic of east is known"),
    ("C09", good(west={"mirrors": ()}), FAILS, "not mirrored: orders of east"),
    ("C09", good(west={"mirrors": (mirror(status=MirrorStatus.STOPPED),)}), FAILS, "not mirrored: orders of east"),
    ("C09", good(west={"mirrors": None}), UNKNOWN, "mirrors of a side"),
    ("C09", good(clients=()), UNKNOWN, "declares no client"),
    ("C10", good(), MET, "1 mirrors"),
    ("C10", good(west={"mirrors": (mirror(status=MirrorStatus.FAILED),)}), FAILS, "orders on west is FAILED"),
    ("C10", good(west={"mirrors": (mirror(num_partitions=1),)}), FAILS, "has 1 partitions, its source 2"),
    ("C10", good(west={"mirrors": None}), UNKNOWN, "mirrors of a side"),
    ("C11", parted(acls(*READS), acls(*READS)), MET, "4 rights of 1 clients"),
    ("C11", parted(OFF, acls(*READS)), MET, "4 rights"),
    ("C11", parted(acls(*READS), acls(*READS[:1])), FAILS, "READ on group settlement at west"),
    ("C11", parted(acls(*READS), acls()), FAILS, "User:settle: not granted READ on topic orders at west"),
    ("C11", parted(acls(*READS), acls(*READS, *may(("READ", "TOPIC", "orders"), permission="DENY"))), FAILS, "denied"),
    ("C11", parted(acls(), acls()), UNKNOWN, "by no ACL of either side; role bindings are not seen"),
    ("C11", parted(acls(*READS), {"acls": None}), UNKNOWN, "the ACLs of west were not read"),
    ("C11", parted(acls(*READS), acls(*READS), clients=reading(None)), UNKNOWN, "no principal for settle"),
    ("C11", parted(acls(*READS), acls(*READS), clients=()), UNKNOWN, "declares no client"),
    ("C11", prefixed(acls(*READS, *may(("READ", "TOPIC", "west.orders"))), acls(*READS)), FAILS, "east.orders at west"),
    ("C11", parted(acls(*READS), {**acls(*READS), "links": None}), UNKNOWN, "names of mirrors are not known"),
    ("C12", parted(acls(), acls()), SPARED, "no prefix"),
    ("C12", prefixed(acls(*NO_WRITE), acls(*NO_WRITE)), MET, "denied to 1 principals"),
    ("C12", prefixed(acls(*NO_WRITE), acls()), FAILS, "not denied: User:settle on east.* at west"),
    ("C12", prefixed(acls(*NO_WRITE), OFF), FAILS, "not denied: User:settle on east.* at west"),
    ("C12", prefixed(acls(*NO_WRITE), {"acls": None}), UNKNOWN, "were not read"),
    ("C12", prefixed(acls(*NO_WRITE), {**acls(), "links": None}), UNKNOWN, "settings could not be read"),
    ("C12", prefixed(acls(*NO_WRITE), acls(*NO_WRITE), clients=reading(None)), UNKNOWN, "no principal"),
    ("C13", good(), MET, "0 names known on both"),
    ("C13", good(*at_both(("orders",), ("orders",))), MET, "1 names"),
    ("C13", good(*at_both(("orders", "payments"), ("orders",))), MET, "1 names"),
    ("C13", good(*at_both(("orders", "payments"), ("orders", "stock"))), FAILS, "settlement: payments on east, stock"),
    ("C13", good(*at_both(("orders",), ("stock",))), FAILS, "settlement: orders on east, stock on west"),
    ("C13", active_active(east=at_both(("orders",), ())[0], west=at_both((), ("east.orders",))[1]), MET, "1 names"),
    ("C13", good(clients=(*reading(), *reading())), FAILS, "settlement is declared for two clients"),
    ("C13", good({"groups": None}), UNKNOWN, "groups of a side"),
    ("C13", good(west={"mirrors": None}), UNKNOWN, "mirrors of a side"),
    ("C14", good(), MET, "known on both"),
    ("C14", good(west={"groups": [group(members=1)]}), FAILS, "on both: settlement"),
    ("C14", good(west={"groups": None}), UNKNOWN, "groups of a side"),
    ("C15", good(), SPARED, "no group uses a pattern"),
    ("C15", good(**by_pattern("orders")), MET, "1 patterns on both sides"),
    ("C15", active_active(**by_pattern(r"((east|west)\.)?orders")), MET, "1 patterns"),
    ("C15", active_active(**by_pattern("orders")), FAILS, "settle on east misses west.orders"),
    ("C15", active_active(**by_pattern(r"([a-d]*\.)?orders")), FAILS, "settle on west misses east.orders"),
    ("C15", good(named("orders", "my.orders"), **by_pattern(".*orders")), FAILS, "on east also reads my.orders"),
    ("C15", good({"other_topics": ("_orders",)}, **by_pattern(".*orders")), FAILS, "on east also reads _orders"),
    ("C15", good(named("orders", "orders-x"), **by_pattern("^orders", Library.LIBRDKAFKA)), FAILS, "reads orders-x"),
    ("C15", good(**by_pattern("order.", Library.LIBRDKAFKA)), FAILS, "settle on east misses orders"),
    ("C15", good(clients=reading(subscription=None)), UNKNOWN, "how these subscribe: settle"),
    ("C15", good({"topics": None}, **by_pattern("orders")), UNKNOWN, "not every topic of east"),
    ("C15", good({"other_topics": None}, **by_pattern("orders")), UNKNOWN, "not every topic of east"),
    ("C15", good({"links": None}, **by_pattern("orders")), UNKNOWN, "names of mirrors are not known"),
    ("C15", good(clients=()), UNKNOWN, "no consumer group"),
    ("C16", good(), MET, "1 lists on both sides"),
    ("C16", good(**by_pattern("orders")), SPARED, "no group uses a fixed list"),
    ("C16", active_active(east=named("orders", "west.orders"), west=named("orders", "east.orders"),
     clients=reading(subscription=BOTH)), MET, "1 lists"),
    ("C16", active_active(), FAILS, "settle on east does not list west.orders"),
    ("C16", good(**by_lists(("orders",), ("orders", "east.orders"))), FAILS, "on west lists east.orders, not there"),
    ("C16", good(**by_lists(("orders",), ())), FAILS, "settle on west does not list orders"),
    ("C16", good(clients=reading(subscription=None)), UNKNOWN, "how these subscribe: settle"),
    ("C16", good({"other_topics": None}), UNKNOWN, "not every topic of east"),
    ("C17", good(), MET, "all within"),
    ("C17", good({"groups": [group(at={("orders", 0): 11})]}), FAILS, "settlement on east: committed 11 above"),
    ("C17", good(west={"groups": [group(at={("orders", 0): 11})]}), MET, "all within"),
    ("C17", good(west={"topics": None}), UNKNOWN, "could not be read"),
    ("C18", good(), MET, "1 clients could be sent to either side"),
    ("C18", good(clients=(*reading(), *BY_HAND)), MET, "moved by hand, and not tried: ledger"),
    ("C18", good(trials=tried("to west: control: 401")), FAILS, "settle to west: control: 401"),
    ("C18", good(trials=tried("to west: control: 401", timedelta(days=3))), FAILS, "401"),
    ("C18", good(trials={}), UNKNOWN, "no dry run in the last day: settle"),
    ("C18", good(trials=tried(ago=timedelta(hours=25))), UNKNOWN, "no dry run in the last day"),
    ("C18", good(trials=tried(untold="the credential is untried")), UNKNOWN, "settle: the credential is untried"),
    ("C18", good(clients=BY_HAND), UNKNOWN, "moved by hand, which nothing can try: ledger"),
    ("C18", good(clients=()), UNKNOWN, "declares no client"),
    ("C19", active_active(), SPARED, "nothing is reversed"),
    ("C19", parted(acls(*REVERSES), acls(*REVERSES)), MET, "8 rights on both sides"),
    ("C19", parted(acls(*REVERSES), acls(*REVERSES[:1], *REVERSES[2:])), FAILS, "not granted ALTER on cluster"),
    ("C19", parted(acls(*REVERSES), {"acls": None}), UNKNOWN, "were not read"),
    ("C19", parted(acls(*REVERSES), acls(*REVERSES), link_principals={"east": "User:link"}), UNKNOWN, "on west"),
    ("C20", good(), MET, "2 topics, mirrors among them"),
    ("C20", good(clients=writing(False)), MET, "2 topics"),
    ("C20", good(clients=writing(True)), FAILS, "transactional: orders"),
    ("C20", good(clients=writing(None)), UNKNOWN, "whether these write transactions: checkout"),
    ("C20", good(set_to(cleanup_policy="compact,delete")), FAILS, "compacted: orders"),
    ("C20", good(west=set_to(message_format_version="0.10.2-IV0")), FAILS, "message format v0 or v1: orders"),
    ("C20", good(west=set_to(message_format_version="3.0-IV1")), MET, "2 topics"),
    ("C20", good(west={"topics": [topic(settings=None)]}), UNKNOWN, "could not be read of orders on west"),
    ("C20", good(west={"topics": None}), UNKNOWN, "could not be read of orders on west"),
    ("C20", good(clients=()), UNKNOWN, "declares no client"),
    ("C21", good(), MET, "2 topics and the offsets of both sides for 3 days or longer"),
    ("C21", good(set_to(retention_ms="-1"), set_to(cleanup_policy="compact", retention_ms="1")), MET, "2 topics"),
    ("C21", good(west=set_to(retention_ms="86400000")), FAILS, "less than 3 days: orders on west 24 h"),
    ("C21", good({"broker_settings": {1: {"offsets.retention.minutes": "1440"}}}), FAILS, "group offsets on east 24 h"),
    ("C21", good(set_to(retention_bytes="1000")), UNKNOWN, "cut by size): orders on east"),
    ("C21", good(set_to(retention_ms="soon")), UNKNOWN, "orders on east"),
    ("C21", good({"broker_settings": None}), UNKNOWN, "group offsets on east"),
    ("C21", good({"broker_settings": {1: {}}}), UNKNOWN, "group offsets on east"),
    ("C21", good({"broker_settings": {}}), UNKNOWN, "group offsets on east"),
    ("C21", good(CLOUD, CLOUD), MET, "the offsets of both sides"),
    ("C21", good(west={"topics": None}), UNKNOWN, "orders on west"),
    ("C21", good(clients=()), UNKNOWN, "declares no client"),
    ("C23", good(), MET, "isolated"),
    ("C23", good({"metadata": known(MetadataMode.KRAFT_COMBINED)}), FAILS, "east: kraft-combined"),
    ("C23", good({"metadata": known(MetadataMode.ZOOKEEPER)}), FAILS, "east: zookeeper"),
    ("C23", good({"metadata": known(None)}), UNKNOWN, "is not known"),
    ("C22", good(), MET, "schemas: none, declared"),
    ("C22", good(west={"mirrors": (mirror(), mirror("app-store-changelog"))}), FAILS, "app-store-changelog on west"),
    ("C22", good(west={"mirrors": (mirror("e._schemas", source_topic="_schemas"),)}), FAILS, "e._schemas on west"),
    ("C22", good(west={"mirrors": (mirror("my-connect-offsets"),)}), FAILS, "my-connect-offsets on west"),
    ("C22", good(schemas=known("replicated")), MET, "no Schema Registry is named: none is looked at"),
    ("C22", copied(), MET, "2 of east by the same ids on west, east reads READWRITE, west reads IMPORT"),
    ("C22", copied(there=holds((1, "aa"))), FAILS, "not on west: orders-value version 2 (id 2)"),
    ("C22", copied(there=holds((1, "aa"), (2, "zz"))), FAILS, "another schema under the same id on west: orders-value"),
    ("C22", copied(there=holds((1, "aa"), (2, "bb"), (3, "cc"))), MET, "2 of east by the same ids on west"),
    ("C22", copied(there=holds((1, "aa"), (2, "bb"), (3, "cc")), topology=Topology.ACTIVE_ACTIVE), FAILS,
     "not on east: orders-value version 3 (id 3)"),
    ("C22", copied(exporters=by("PAUSED")), FAILS, "exporter linking of east is PAUSED"),
    ("C22", copied(exporters=by("RUNNING", "no leader")), FAILS, "exporter linking of east stumbles: no leader"),
    ("C22", copied(mode="READWRITE"), FAILS, "west reads READWRITE, and takes nothing from the exporters of east"),
    ("C22", copied(mode="READWRITE", exporters=by("RUNNING", context="AUTO")), MET, "2 of east"),
    ("C22", copied(mode="READWRITE", exporters=()), MET, "2 of east"),
    ("C22", copied(mode="READWRITE", exporters=by("PAUSED"), schemas=known("shared")), MET, "schemas: shared"),
    ("C22", copied(there=holds(), schemas=known("shared")), FAILS, "not on west: orders-value version 1"),
    ("C22", copied(schemas=known("none")), FAILS, "declared none, yet there are schemas: 2 on east, 2 on west"),
    ("C22", copied(there=None), UNKNOWN, "names no Schema Registry of west"),
    ("C22", copied(there=None, schemas=known("shared")), MET, "east reads READWRITE"),
    ("C22", copied(there=holds(schemas=None)), UNKNOWN, "the Schema Registry of west (refused)"),
    ("C22", copied(mode=None), UNKNOWN, "the Schema Registry of west (refused)"),
    ("C22", copied(exporters=None), UNKNOWN, "the Schema Registry of east (refused)"),
    ("C22", good(schemas=known(None)), UNKNOWN, "how schemas reach the other side"),
    ("C22", good(west={"mirrors": None}), UNKNOWN, "mirrors of a side"),
    ("C24", good(), SPARED, "the cluster link link mirrors"),
    ("C24", good(link=""), UNKNOWN, "its settings are not judged yet"),
    ("C24", good(flows=None), UNKNOWN, "its settings are not judged yet"),
    ("C25", good(), MET, "nobody: declared"),
    ("C25", good(link_managed_by=known("Argo CD")), FAILS, "the link is managed by Argo CD"),
    ("C25", good(keepers={"app": KeeperFacts((Keeper("east", "app", "KEDA", False, "annotate"),))}), FAILS,
     "app on east by KEDA"),
    ("C25", good(keepers={"app": KeeperFacts((Keeper("east", "app", "KEDA", True, "annotate"),))}), MET, "nobody"),
    ("C25", good(link_managed_by=known(None)), UNKNOWN, "who manages the link"),
    ("C26", good(), MET, "east: between -0.1 and +0.2 s ahead"),
    ("C26", good(west=ahead(1.0, 1.9)), FAILS, "west: between +1.0 and +1.9 s ahead"),
    ("C26", good(ahead(-3600.5, -3599.5)), FAILS, "east: between -3600.5"),
    ("C26", good(ahead(-1.2, -0.1)), UNKNOWN, "not narrowed down yet: east"),
    ("C26", good(ahead(-0.1, 1.0)), UNKNOWN, "not narrowed down yet: east"),
    ("C26", good({"skew": None}), UNKNOWN, "HTTP of east told the time"),
    ("C27", good(), MET, "4 statements of 1 clients; the first expires on"),
    ("C27", good(attested=()), FAILS, "settle, reading twice: nobody has said"),
    ("C27", good(attested=unsaid("lambda")), FAILS, "settle, aws lambda: nobody has said"),
    ("C27", good(attested=unsaid("conflicts")), MET, "4 statements"),
    ("C27", active_active(clients=writing(None), attested=said(of="checkout")), MET, "3 statements"),
    ("C27", active_active(clients=writing(None), attested=said(of="settle")), FAILS, "checkout, conflicts: nobody"),
    ("C27", good(attested=said(but="idempotence", reply="harmful")), FAILS, "it does harm, says Ann"),
    ("C27", good(attested=said(but="idempotence", reply="perhaps")), FAILS, "this release does not know"),
    ("C27", good(attested=said(but="ordering", is_expired=True)), FAILS, "ordering: said by Ann on"),
    ("C27", good(attested=said(but="ordering", is_owned=False)), FAILS, "Ann, who is no longer active here"),
    ("C27", good(clients=writing(True), attested=said(of="checkout")), FAILS, "the inventory says transactional: true"),
    ("C27", good(clients=reading(subscription=None), attested=unsaid("subscription")), FAILS, "subscription: nobody"),
    ("C27", good(clients=()), UNKNOWN, "declares no client"),
    ("C27", good(attested=None), UNKNOWN, "was not read"),
]  # fmt: skip


@pytest.mark.claims("C01", case=("refuses", "passes"))
@pytest.mark.claims(
    "C02 C03 C04 C05 C06 C07 C08 C09 C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22 C23 C25 C26 C27",
    case=("refuses", "passes", "unknown"),
)
@pytest.mark.claims("C24", case="unknown")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[2]} {row[3]}"[:60])
def test_what_each_check_finds(row: tuple[str, PairFacts, Standing, str]) -> None:
    code, facts, standing, saw = row
    one = found(facts, code)
    assert (one.standing, saw in one.saw) == (standing, True), one.saw
    assert bool(one.act) == (standing in {FAILS, UNKNOWN})


def test_a_pattern_that_is_too_wide_weighs_less_than_one_that_misses_a_mirror() -> None:
    wide = good(named("orders", "my.orders"), **by_pattern(".*orders"))
    assert found(wide, "C15").weight is Weight.MEDIUM
    assert found(active_active(**by_pattern("orders")), "C15").weight is Weight.HIGH


def test_a_compacted_topic_weighs_less_than_a_transactional_one() -> None:
    assert found(good(set_to(cleanup_policy="compact")), "C20").weight is Weight.MEDIUM
    assert found(good(clients=writing(True)), "C20").weight is Weight.HIGH


def test_what_nobody_has_said_weighs_as_much_as_the_worst_of_it() -> None:
    assert found(good(attested=()), "C27").weight is Weight.HIGH
    assert found(good(attested=unsaid("ordering")), "C27").weight is Weight.MEDIUM


def test_what_people_say_lowers_the_answer_and_never_raises_it() -> None:
    weak = said(but="idempotence", reply="harmful")
    assert readiness(good(attested=weak), NOW).answer is Answer.IN_PART
    lost = {"tiering": known(None)}
    for told in (said(), weak, ()):
        assert readiness(good(lost, attested=told), NOW).answer is Answer.NO


def test_how_long_an_outage_may_be_is_the_policys_to_say() -> None:
    week = Policy(longest_outage=timedelta(days=8))
    assert "less than 8 days" in found(good(policy=week), "C21").saw


def test_both_clusters_run_by_the_vendor_are_spared_the_look_at_controllers() -> None:
    cloud = {"edition": known(Edition.CLOUD_DEDICATED)}
    assert found(good(cloud, cloud), "C23").standing is SPARED


def test_every_check_is_tried_in_each_way_it_can_end() -> None:
    tried = {(code, standing) for code, _, standing, _ in ROWS}
    for name in checks:
        code = checks.get(name).code
        cases = {"passes": MET, "refuses": FAILS, "unknown": UNKNOWN}
        wanted = {(code, standing) for case, standing in cases.items() if case not in CANNOT.get(name, {})}
        assert wanted <= tried, name


def test_every_number_of_the_catalogue_is_looked_at_or_said_not_to_be() -> None:
    looked_at = {checks.get(name).code for name in checks}
    assert looked_at | {code for code in NOT_LOOKED_AT if len(code) == 3} == {
        f"C{number:02}" for number in range(1, 28)
    }
    assert not looked_at & NOT_LOOKED_AT.keys()


def test_what_a_check_is_for_stands_in_its_words() -> None:
    for name in checks:
        one = checks.get(name)
        assert one.__doc__
        assert re.fullmatch(r"C\d\d", one.code)
        assert all((one.title, one.needs, one.act.endswith(".")))


ANSWERS: list[tuple[PairFacts, Answer]] = [
    (good(), Answer.YES),
    (good(west={"mirrors": ()}), Answer.IN_PART),
    (good({"tiering": known(None)}), Answer.NO),
    (good({"links": ()}), Answer.NO),
    (good(west={"groups": None}), Answer.UNPROVEN),
    (good(west={"mirrors": (), "groups": None}), Answer.UNPROVEN),
    (good({"read_at": NOW - timedelta(minutes=1)}), Answer.UNPROVEN),
    (pair(gone("east"), side("west")), Answer.NOT_NOW),
]


@pytest.mark.parametrize(("facts", "answer"), ANSWERS, ids=[answer.name for _, answer in ANSWERS])
def test_the_one_answer_is_the_worst_of_it(facts: PairFacts, answer: Answer) -> None:
    assert readiness(facts, NOW).answer is answer


def test_the_worst_comes_first() -> None:
    facts = good({"tiering": known(None)}, {"mirrors": (), "groups": None})
    told = [(one.standing, one.code) for one in readiness(facts, NOW).findings]
    assert told[:4] == [(FAILS, "C01"), (FAILS, "C09"), (UNKNOWN, "C14"), (UNKNOWN, "C13")]
