"""The inventory file an admin would write for these clusters, from their own addresses and settings."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .acls import link_principal, principal

if TYPE_CHECKING:
    from .cluster import Cluster
    from .model import Pair
    from .workloads import Target


@dataclass(frozen=True)
class Addresses:
    control: str
    rest: dict[tuple[str, str], str]  # (pair, side) → url
    registry: dict[tuple[str, str], str]
    witness: dict[tuple[str, str], str]
    secret: str  # path of the file that holds the webhook secret
    exports: str = ""  # folder for exported records


LONGEST_PATTERN = 500
# Real-world seconds; written divided by the scale, never below 100 ms.
POLICY = {
    "unreachable_for": 360,
    "stable_for": 360,
    "session_timeout": 180,
    "flat_for": 180,
    "poll": 120,
    "group_sync": 60,
}


def render(pairs: list[Pair], addresses: Addresses) -> str:
    lines = [
        "# Written by the sandbox for its own clusters. Durations are seconds here, minutes in production.",
        "pairs:",
    ]
    for pair in pairs:
        lines += _pair(pair, addresses)
    return "\n".join(lines) + "\n"


def _pair(pair: Pair, addresses: Addresses) -> list[str]:
    control = f"{addresses.control}/pairs/{pair.name}"
    journal = f"{addresses.control}/journal?pair={pair.name}"
    home, away = pair.sides.values()
    return [
        f"  - name: {pair.name}",
        f"    title: {_name(pair.title)}",
        f"    topology: {pair.topology}",
        "    may_change: true",
        f"    sandbox: {{control: {_text(control)}, journal: {_text(journal)}}}",
        f"    policy: {{{_policy(pair.clock.scale)}}}",
        "    sides:",
        *_side(pair, home, addresses, home=True),
        *_side(pair, away, addresses, home=False),
        f"    links: [{', '.join(_links(pair))}]",
        f"    schemas: {_declared('replicated')}",
        "    witnesses:",
        *(_witness(pair, side, addresses) for side in pair.sides.values()),
        "    drivers:",
        f"      - {{name: clients, kind: webhook, url: {_text(control + '/targets')}, "
        f"secret: {_text('file:' + addresses.secret)}, vantage: {_text('control host, in neither region')}}}",
        "      - {name: by-hand, kind: manual, vantage: people}",
        "    clients:",
        *(_client(pair, target) for target in pair.targets.values()),
        *([f"    exports: {_text(addresses.exports)}"] if addresses.exports else []),
        "    endpoints:",
        f"      status: {_text(control)}",
    ]


def _policy(scale: float) -> str:
    scaled = {name: _duration(seconds / scale) for name, seconds in POLICY.items()}
    return ", ".join(f"{name}: {value}" for name, value in {**scaled, "approval_life": "15m", "rto": "30m"}.items())


def _duration(seconds: float) -> str:
    return f"{seconds:.0f}s" if seconds >= 1 and seconds == int(seconds) else f"{max(100, round(seconds * 1000))}ms"


def _side(pair: Pair, cluster: Cluster, addresses: Addresses, *, home: bool) -> list[str]:
    settings = cluster.settings
    bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in cluster.brokers)
    versions = ", ".join(f"{broker.id}: {_declared(broker.version)}" for broker in cluster.brokers)
    return [
        f"      - name: {cluster.name}",
        f"        region: {cluster.region}",
        *(["        home: true"] if home else []),
        f"        cluster_id: {_text(cluster.id)}",
        f"        rest: {{url: {_text(addresses.rest[(pair.name, cluster.name)])}, base: {settings.base}, auth: none}}",
        f"        kafka: {{bootstrap: {_text(bootstrap)}, security: PLAINTEXT}}",
        f"        schema_registry: {{url: {_text(addresses.registry[(pair.name, cluster.name)])}, auth: none}}",
        f"        edition: {_declared(settings.edition)}",
        f"        metadata: {_declared(settings.metadata)}",
        f"        versions: {{{versions}}}",
        f"        tiering: {_declared(settings.tiering)}",
        *(f"        link_principal: {_text(link_principal(link))}" for link in cluster.links),
    ]


def _declared(value: object) -> str:
    on = datetime.now(UTC).date().isoformat()
    return f"{{value: {str(value).lower()}, how: declared, by: sandbox, on: {on}}}"


def _links(pair: Pair) -> list[str]:
    names = dict.fromkeys(half.name for half in pair.halves())
    return [f"{{name: {_name(name)}, purpose: data, managed_by: {_declared('none')}}}" for name in names]


def _witness(pair: Pair, cluster: Cluster, addresses: Addresses) -> str:
    url = f"{addresses.witness[(pair.name, cluster.name)]}/pairs/{pair.name}"
    return f"      - {{name: {cluster.region}-witness, url: {_text(url)}, region: {cluster.region}}}"


def _client(pair: Pair, target: Target) -> str:
    group = f"group: {_name(target.group)}, " if target.group else ""
    topics = ", ".join(target.topics)
    return (
        f"      - {{name: {target.name}, kind: {target.kind}, {group}topics: [{topics}], "
        f"driver: clients, home: {target.home}, transactional: false, "
        f"principal: {_text(principal(target.name))}{_subscription(pair, target)}}}"
    )


def _subscription(pair: Pair, target: Target) -> str:
    """By a pattern where mirrors carry a prefix, else by lists: as the simulated consumers do read."""
    if not target.group:
        return ""
    prefixes = "|".join(re.escape(half.prefix) for half in pair.halves() if half.prefix)
    pattern = f"({prefixes})?({'|'.join(map(re.escape, target.topics))})"
    if prefixes and len(pattern) < LONGEST_PATTERN:
        return f", subscription: {{pattern: {_text(pattern)}}}"
    read = {side: pair.subscription(cluster, target.topics) for side, cluster in pair.sides.items()}
    lists = ", ".join(f"{side}: [{', '.join(topics)}]" for side, topics in read.items())
    return f", subscription: {{topics: {{{lists}}}}}"


def _name(name: str) -> str:
    """As a person writes it; quoted only where YAML would read something else."""
    return name if re.fullmatch(r"[A-Za-z][\w.-]*", name, re.ASCII) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value)
