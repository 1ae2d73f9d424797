"""The ledger pair over real sockets: what a test of faults does to it and asks it."""

from __future__ import annotations

from typing import Any

import httpx

from clusters.sandbox.server import Sandbox

SIDE, OTHER = "eu-south", "eu-north"


class Wired:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.control = httpx.Client(base_url=sandbox.control_url, trust_env=False, timeout=10)

    def inject(self, name: str, side: str | None = SIDE, **options: Any) -> None:
        answer = self.control.post("/pairs/ledger/faults", json={"name": name, "side": side, "options": options})
        assert answer.status_code == 201, answer.text

    def clear(self, name: str, side: str = SIDE) -> None:
        assert self.control.delete(f"/pairs/ledger/faults/{name}", params={"side": side}).status_code == 200

    def url(self, side: str = SIDE, path: str = "/links/ledger-link/mirrors") -> str:
        cluster = self.sandbox.pair("ledger").sides[side]
        return f"{self.sandbox.rest_url('ledger', side)}/kafka/v3/clusters/{cluster.id}{path}"

    def fail_over(self, http: httpx.Client, topics: tuple[str, ...] = ("entries",), **options: Any) -> httpx.Response:
        path = "/links/ledger-link/mirrors:failover"
        return http.post(self.url(path=path), json={"mirror_topic_names": list(topics)}, **options)

    def witness(self, side: str) -> dict[str, Any]:
        return dict(self.control.get(self.sandbox.witness_url("ledger", side)).json())

    def journal(self) -> list[dict[str, Any]]:
        return list(self.control.get("/journal", params={"pair": "ledger"}).json()["commands"])

    def ports(self, side: str) -> dict[str, int]:
        brokers = {f"broker {broker.id}": broker.port for broker in self.sandbox.pair("ledger").sides[side].brokers}
        rest, witness = self.sandbox.rest_url("ledger", side), self.sandbox.witness_url("ledger", side)
        return {"rest": port(rest), "witness": port(witness), **brokers}


def port(address: str) -> int:
    number = httpx.URL(address).port
    assert number is not None
    return number
