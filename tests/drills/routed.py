"""Clients that go by Consul, beside those that a client control moves: the inventory, and the fleet that watches."""

from __future__ import annotations

import io
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
from ruamel.yaml import YAML

from clusters.errors import ClusterError
from dashboard import inventory
from tests.clusters.consul_server import Contract

CENTERS = {"orders": ("us-east", "eu-west"), "ledger": ("eu-north", "eu-south")}
BY_CONSUL = {"orders": "checkout", "ledger": "ledger-writer"}


def key_of(client: str) -> str:
    return f"kafka/{client}/cluster"


def going_by_consul(text: str, url: str) -> str:
    """The sandbox's inventory, where one client of each pair goes by a key in a datacenter of each side."""
    yaml, found = YAML(typ="safe"), io.StringIO()
    document = yaml.load(text)
    for pair in document["pairs"]:
        sides = CENTERS[pair["name"]]
        pair["drivers"].append({
            "name": "consul", "kind": "consul", "url": url, "vantage": "an agent in neither region",
            "datacenters": [{"name": f"dc-{side}", "side": side} for side in sides],
            "keys": [{"key": key_of("{target}"), "values": {each: f"{each}:9092" for each in sides}, "stopped": "-"}],
        })  # fmt: skip
        for client in pair["clients"]:
            if client["name"] == BY_CONSUL[pair["name"]]:
                client["driver"] = "consul"
    yaml.dump(document, found)
    return found.getvalue()


@contextmanager
def fleet(consul: Contract, pair: str) -> Iterator[None]:
    """Instances in each datacenter watch their key by a blocking query, and run where it tells them."""
    client, over = BY_CONSUL[pair], threading.Event()
    for side in CENTERS[pair]:
        consul.put(f"dc-{side}", key_of(client), f"{CENTERS[pair][0]}:9092")
    watching = [
        threading.Thread(target=_watch, args=(consul, pair, f"dc-{side}", over), daemon=True) for side in CENTERS[pair]
    ]
    for thread in watching:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for side in CENTERS[pair]:
            consul.put(f"dc-{side}", "over", str(time.monotonic()))
        for thread in watching:
            thread.join(10)


def _watch(consul: Contract, pair: str, dc: str, over: threading.Event) -> None:
    client, index, last = BY_CONSUL[pair], 0, f"{CENTERS[pair][0]}:9092"
    with httpx.Client(base_url=consul.url, trust_env=False, timeout=30, verify=False) as asking:
        while not over.is_set():
            with suppress(httpx.HTTPError, ClusterError):
                answer = asking.get(
                    f"/v1/kv/{key_of(client)}", params={"dc": dc, "index": str(index), "wait": "5s", "raw": ""}
                )
                if not answer.is_success:
                    over.wait(0.2)
                    continue
                index = int(answer.headers["X-Consul-Index"])
                value = consul.get(dc, key_of(client)) or ""
                if value != last:
                    _run(pair, client, None if value == "-" else value.partition(":")[0])
                    last = value


def _run(pair: str, client: str, side: str | None) -> None:
    control = inventory.connections(pair).driver("clients")
    plan = control.plan(client, to=side, deadline=time.monotonic() + 5)
    control.apply(plan, run="fleet", key=uuid.uuid4().hex, deadline=time.monotonic() + 5)
