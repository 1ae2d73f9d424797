"""Consul's KV over real sockets: a contract server, and real agents where somebody names their binary.

No package of Debian or PyPI brings a Consul binary, so by default the tests speak to `Contract`, a server written
after the published HTTP API: one index that every change of the store raises, base64 values, `?cas=`, transactions that
apply whole or not at all, blocking queries, `?dc=` per datacenter with a store of its own, and the answers to a
wrong token and to a datacenter that is lost. Where CONSUL names a `consul` binary, the same expectations are put to two
agents joined over WAN as well; that way has never been walked, so nothing here is proven of real agents.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

EAST, WEST = "dc-east", "dc-west"
BINARY = os.environ.get("CONSUL") or shutil.which("consul")
KINDS = ("contract", "real") if BINARY else ("contract",)
NO_PATH = b"No path to datacenter"


class Server(Protocol):
    """One agent at `url` that reaches every datacenter."""

    url: str
    token: str

    def get(self, dc: str, key: str) -> str | None: ...
    def put(self, dc: str, key: str, value: str) -> None: ...
    def lose(self, dc: str) -> None: ...
    def stop(self) -> None: ...


@dataclass
class Entry:
    value: bytes
    created: int
    modified: int


@dataclass
class Store:
    index: int = 10
    entries: dict[str, Entry] = field(default_factory=dict)
    is_lost: bool = False


class Contract:
    """Every datacenter in one process; `writes` is what arrived, applied or not; `before_write` lets a test step in."""

    def __init__(self, *datacenters: str, token: str = "") -> None:
        self.token = token
        self.stores = {dc: Store() for dc in datacenters}
        self.changed = threading.Condition()
        self.writes: list[tuple[str, str]] = []
        self.before_write: Callable[[str], None] = lambda dc: None
        self.drops_answers = self.loses_writes = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def get(self, dc: str, key: str) -> str | None:
        found = self.stores[dc].entries.get(key)
        return found.value.decode() if found else None

    def put(self, dc: str, key: str, value: str) -> None:
        with self.changed:
            self.set(self.stores[dc], key, value.encode())
            self.changed.notify_all()

    def lose(self, dc: str) -> None:
        self.stores[dc].is_lost = True

    def heal(self, dc: str) -> None:
        self.stores[dc].is_lost = False

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def set(self, store: Store, key: str, value: bytes) -> None:
        """A write that changes nothing leaves the indexes as they are."""
        known = store.entries.get(key)
        if known and known.value == value:
            return
        store.index += 1
        store.entries[key] = Entry(value, known.created if known else store.index, store.index)


def _handler(consul: Contract) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if (asked := self.asked()) is None:
                return
            path, query, store = asked
            key = unquote(path.removeprefix("/v1/kv/"))
            with consul.changed:
                if "index" in query:
                    until = time.monotonic() + float(query.get("wait", "5s").rstrip("s"))
                    while store.index <= int(query["index"]) and (left := until - time.monotonic()) > 0:
                        consul.changed.wait(left)
                entry = store.entries.get(key)
                body = json.dumps([_row(key, entry)]).encode() if entry else b""
                self.answer(200 if entry else 404, body, store.index)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if (asked := self.asked()) is None:
                return
            path, query, store = asked
            consul.before_write(query["dc"])
            consul.writes.append((query["dc"], path))
            if consul.loses_writes:
                store = Store()
            with consul.changed:
                status, said = _transact(consul, store, body) if path == "/v1/txn" else _put(consul, store, asked, body)
                consul.changed.notify_all()
            if consul.drops_answers:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.answer(status, said, store.index)

        def asked(self) -> tuple[str, dict[str, str], Store] | None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            store = consul.stores.get(query.get("dc", ""))
            if consul.token and self.headers.get("X-Consul-Token") != consul.token:
                self.answer(403, b"ACL not found")
            elif store is None or store.is_lost:
                self.answer(500, NO_PATH)
            else:
                return parts.path, query, store
            return None

        def answer(self, status: int, body: bytes, index: int = 0) -> None:
            self.send_response(status)
            self.send_header(
                "Content-Type", "application/json" if body[:1] in {b"[", b"{", b"t", b"f"} else "text/plain"
            )
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Consul-Index", str(index))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


def _row(key: str, entry: Entry) -> dict[str, Any]:
    value = base64.b64encode(entry.value).decode() if entry.value else None
    return {
        "LockIndex": 0, "Key": key, "Flags": 0, "Value": value,
        "CreateIndex": entry.created, "ModifyIndex": entry.modified,
    }  # fmt: skip


def _is_current(store: Store, key: str, index: int) -> bool:
    known = store.entries.get(key)
    return known.modified == index if known else index == 0


def _put(consul: Contract, store: Store, asked: tuple[str, dict[str, str], Store], body: bytes) -> tuple[int, bytes]:
    path, query, _ = asked
    key = unquote(path.removeprefix("/v1/kv/"))
    if "cas" in query and not _is_current(store, key, int(query["cas"])):
        return 200, b"false"
    consul.set(store, key, body)
    return 200, b"true"


def _transact(consul: Contract, store: Store, body: bytes) -> tuple[int, bytes]:
    ops = [op["KV"] for op in json.loads(body)]
    if len(ops) > 64:
        return 413, b"Transaction contains too many operations (65 > 64)"
    stale = [number for number, op in enumerate(ops) if not _is_current(store, op["Key"], op["Index"])]
    if stale:
        errors = [
            {"OpIndex": number, "What": f'failed to set key "{ops[number]["Key"]}", index is stale'} for number in stale
        ]
        return 409, json.dumps({"Results": None, "Errors": errors}).encode()
    for op in ops:
        consul.set(store, op["Key"], base64.b64decode(op["Value"]))
    rows = [{"KV": {**_row(op["Key"], store.entries[op["Key"]]), "Value": None}} for op in ops]
    return 200, json.dumps({"Results": rows, "Errors": None}).encode()


class Real:
    """Two development agents, one for each datacenter, joined over WAN; asked at the western one."""

    def __init__(self, folder: Path) -> None:
        self.token = ""
        wan = _port()
        self._agents = {EAST: _agent(folder, EAST, wan, None), WEST: _agent(folder, WEST, _port(), wan)}
        self.url = self._agents[WEST][1]
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=10, verify=False)
        _soon(lambda: self._asked("GET", "/v1/catalog/datacenters").json() in ([EAST, WEST], [WEST, EAST]))
        for dc in self._agents:
            _soon(lambda dc=dc: self._asked("PUT", "/v1/kv/ready", dc=dc, content=b"1").text.strip() == "true")

    def get(self, dc: str, key: str) -> str | None:
        found = self._http.get(f"/v1/kv/{key}", params={"dc": dc, "raw": ""})
        return found.text if found.is_success else None

    def put(self, dc: str, key: str, value: str) -> None:
        assert self._http.put(f"/v1/kv/{key}", params={"dc": dc}, content=value.encode()).text.strip() == "true"

    def lose(self, dc: str) -> None:
        self._agents[dc][0].kill()
        self._agents[dc][0].wait()

    def stop(self) -> None:
        for process, _ in self._agents.values():
            process.kill()
            process.wait()
        self._http.close()

    def _asked(self, method: str, path: str, dc: str = WEST, content: bytes | None = None) -> httpx.Response:
        return self._http.request(method, path, params={"dc": dc}, content=content)


def _agent(folder: Path, dc: str, wan: int, join: int | None) -> tuple[subprocess.Popen[bytes], str]:
    http = _port()
    words = [
        str(BINARY), "agent", "-dev", "-node", f"node-{dc}", "-datacenter", dc, "-bind=127.0.0.1", "-client=127.0.0.1",
        f"-http-port={http}", f"-server-port={_port()}", f"-serf-lan-port={_port()}", f"-serf-wan-port={wan}",
        "-dns-port=-1", "-grpc-port=-1", "-grpc-tls-port=-1", "-log-level=error",
        *([f"-retry-join-wan=127.0.0.1:{join}"] if join else []),
    ]  # fmt: skip
    with (folder / f"{dc}.log").open("wb") as log:
        return subprocess.Popen(words, stdout=log, stderr=log), f"http://127.0.0.1:{http}"


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _soon(is_so: Callable[[], bool], within: float = 60.0) -> None:
    until = time.monotonic() + within
    while True:
        with contextlib.suppress(httpx.HTTPError, ValueError):
            if is_so():
                return
        assert time.monotonic() < until, "Consul did not become ready"
        time.sleep(0.2)


@contextlib.contextmanager
def consul(kind: str, folder: Path) -> Iterator[Server]:
    found: Server = Contract(EAST, WEST) if kind == "contract" else Real(folder)
    try:
        yield found
    finally:
        found.stop()
