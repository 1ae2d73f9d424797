"""The three pairs of the demo, and pairs of any size for measurements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .acls import standard
from .cluster import Broker, Cluster, Settings, stable_id
from .link import LinkHalf
from .link_settings import ALL_GROUPS
from .mirror import Status
from .model import Pair
from .schema_registry import IMPORT, Exporter
from .workloads import Target

if TYPE_CHECKING:
    from .clock import Clock

SCHEMAS = 100  # topics of a big pair that have a schema
HISTORY = 1000  # records each partition holds at the start
WARM_UP = 120.0  # seconds of the scaled clock the pair has been running for when somebody first looks


@dataclass(frozen=True)
class Client:
    name: str
    kind: str  # producers | group
    topics: tuple[str, ...]
    home: str
    rate: float = 0.0
    group: str = ""  # what the consumers call themselves; the client's own name without one


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    topology: str
    sides: tuple[str, str]  # region names; the first is home
    topics: tuple[str, ...]
    clients: tuple[Client, ...]
    version: str = "8.1.0"
    tiering: bool = False
    partitions: int = 6
    link: str = ""  # its name, where it is not the pair's name with -link
    is_one_way: bool = False  # a link on the other side alone, which nothing ever comes back by
    copy: str = ""  # tells copies of one pair apart, whose clusters are not the same ones
    extra_configs: dict[str, str] = field(default_factory=dict)

    @property
    def is_prefixed(self) -> bool:
        return self.topology == "active-active"


ORDERS = Scenario(
    "orders",
    "Orders",
    "active-active",
    ("us-east", "eu-west"),
    ("orders", "payments", "refunds", "inventory"),
    (
        Client("checkout", "producers", ("orders", "payments"), "us-east", 40.0),
        Client("storefront", "producers", ("orders", "inventory"), "eu-west", 30.0),
        Client("settlement", "group", ("orders", "payments"), "us-east"),
        Client("fulfilment", "group", ("orders", "inventory"), "us-east"),
        Client("reporting", "group", ("orders", "refunds"), "eu-west"),
    ),
)
LEDGER = Scenario(
    "ledger",
    "Ledger",
    "active-passive",
    ("eu-north", "eu-south"),
    ("accounts", "entries", "transfers"),
    (
        Client("ledger-writer", "producers", ("accounts", "entries", "transfers"), "eu-north", 45.0),
        Client("balances", "group", ("accounts", "entries"), "eu-north"),
        Client("statements", "group", ("entries", "transfers"), "eu-north"),
    ),
)
ARCHIVE = Scenario(
    "archive",
    "Archive",
    "active-passive",
    ("us-west", "ca-central"),
    ("events", "documents"),
    (
        Client("collector", "producers", ("events", "documents"), "us-west", 25.0),
        Client("indexer", "group", ("events", "documents"), "us-west"),
    ),
    version="7.9.1",
    tiering=True,
)
PAIRS = (ORDERS, LEDGER, ARCHIVE)


def big_pair(mirrors: int, partitions: int = 6, name: str = "big") -> Scenario:
    """An active-passive pair for measurements; its producer writes to the first hundred topics only."""
    topics = tuple(f"topic-{number:05d}" for number in range(mirrors))
    writer = Client("writer", "producers", topics[:100], "north", 600.0)
    clients = (writer, Client("reader", "group", topics[:3], "north"))
    return Scenario(name, name.title(), "active-passive", ("north", "south"), topics, clients, partitions=partitions)


def build(scenario: Scenario, clock: Clock) -> Pair:
    pair = Pair(scenario.name, scenario.title, scenario.topology, clock)
    fill(pair, scenario)
    return pair


def fill(pair: Pair, scenario: Scenario) -> None:
    """Put the pair into its first state; brokers keep the ports they have."""
    ports = {side: [broker.port for broker in cluster.brokers] for side, cluster in pair.sides.items()}
    versions = {name: target.version for name, target in pair.targets.items()}
    pair.sides = {side: _cluster(scenario, side, ports.get(side, [0, 0, 0])) for side in scenario.sides}
    _link(pair, scenario)
    _schemas(pair, scenario)
    pair.by_hand = {}
    pair.targets = {client.name: _target(client, versions.get(client.name, 0)) for client in scenario.clients}
    for target in pair.targets.values():
        target.place(target.home, 2, pair)
    for cluster in pair.sides.values():
        cluster.acls = standard(cluster, pair.targets.values())
    _warm_up(pair)


def _cluster(scenario: Scenario, side: str, ports: list[int]) -> Cluster:
    brokers = [
        Broker(number, scenario.version, f"{side}-{'abc'[number - 1]}", port=port)
        for number, port in enumerate(ports, start=1)
    ]
    cluster = Cluster(side, side, brokers, Settings(tiering=scenario.tiering))
    if scenario.copy:
        cluster.id = stable_id("cluster", side, scenario.copy)
    if scenario.is_prefixed or side == scenario.sides[0]:
        for topic in scenario.topics:
            cluster.add_topic(topic, scenario.partitions, end=HISTORY, writer=f"{side}#0")
    return cluster


def _link(pair: Pair, scenario: Scenario) -> None:
    name = scenario.link or f"{scenario.name}-link"
    link_id = stable_id("link", name)
    home, away = (pair.sides[side] for side in scenario.sides)
    for local, remote in ((away, home),) if scenario.is_one_way else ((home, away), (away, home)):
        configs = {
            "link.mode": "DESTINATION" if scenario.is_one_way else "BIDIRECTIONAL",
            "connection.mode": "OUTBOUND",
            "bootstrap.servers": ",".join(f"{remote.region}-{broker.id}:9092" for broker in remote.brokers),
            "consumer.offset.sync.enable": "true",
            "consumer.offset.group.filters": ALL_GROUPS,
        }
        if scenario.is_prefixed:
            configs["cluster.link.prefix"] = f"{remote.region}."
        half = local.links[name] = LinkHalf(name, link_id, local, remote, configs)
        remote.followers.append(half)
        if scenario.is_prefixed or local is away:
            _mirror_all(pair, half, scenario)


def _mirror_all(pair: Pair, half: LinkHalf, scenario: Scenario) -> None:
    writer = f"{half.remote.name}#0"
    for source in scenario.topics:
        topic = half.local.add_topic(half.prefix + source, scenario.partitions, end=HISTORY, writer=writer)
        mirror = half.add_mirror(topic, source, Status.ACTIVE, pair.clock.now())
        mirror.known_end = [HISTORY] * scenario.partitions
        half.behind.discard(topic.name)


def _schemas(pair: Pair, scenario: Scenario) -> None:
    """Each topic has one, registered at home and exported to the other side, which takes what is imported alone."""
    home, away = (pair.sides[side].registry for side in scenario.sides)
    for topic in scenario.topics[:SCHEMAS]:
        home.register(f"{topic}-value", f'{{"type":"record","name":"{topic}","fields":[]}}')
    name = f"{scenario.name}-exporter"
    home.exporters[name] = Exporter(name)
    away.mode = IMPORT


def _target(client: Client, version: int) -> Target:
    group = (client.group or client.name) if client.kind == "group" else None
    return Target(client.name, client.kind, client.topics, client.home, group, client.rate, version=version)


def _warm_up(pair: Pair) -> None:
    """Let the pair have run for a while, so that groups are stable and offsets synced when somebody first looks."""
    size = pair.clock.short(WARM_UP) / 60
    end = pair.clock.now()
    for target in pair.targets.values():
        for pods in target.pods:
            pods.ready_at = end - pair.clock.short(WARM_UP)
    for number in range(60, -1, -1):
        pair.step(end - number * size, size)
    pair.stepped_at = end
