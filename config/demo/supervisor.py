"""Starts the demo's parts in order, watches them, and ends them."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from config.demo import services
from config.demo.children import Child, end, kill_group, spawn
from config.demo.guardian import Guardian
from config.demo.terminal import say

START_LIMIT = 55.0  # seconds
# What a database that is the state machine, and a loop that needs no broker, can do without.
SPARE = {
    **dict.fromkeys(("valkey", "worker-act", "worker-observe", "beat"), "run_executor does its work"),
    "anchor": "no head of the record is signed any more",
}
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})
# Everything else talks to these two until its end.
LAST_TO_END = {"valkey", "sandbox"}


class Stopped(Exception):
    """Somebody asked the demo to end."""


class Broken(Exception):
    """A part failed that the demo cannot do without; the text says which, and shows its last lines."""


class Supervisor:
    def __init__(self, folder: Path, env: Mapping[str, str], guardian: Guardian, stop: threading.Event) -> None:
        self._folder, self._env, self._guardian, self._stop = folder, env, guardian, stop
        self._children: list[Child] = []
        self._is_up = False

    def run(self) -> None:
        """Start everything, then watch until somebody stops it (Stopped) or a needed part fails (Broken)."""
        listening = services.listen()
        host, port = listening.getsockname()
        # First of all, and usable at once: the socket takes connections, and the console answers them when it is up.
        say(f"http://{host}:{port}/")
        people = self._prepare()
        self._start_console(listening)
        self._start_workers()
        self._until(lambda: answers(host, port), "the console to answer")
        for name, token in people.items():
            say(f"  {name:<12} http://{host}:{port}/people/demo/{token}")
        say(f"  Logs are in {self._folder}. Ctrl-C ends the demo.")
        self._is_up = True
        while True:
            self._look_after(0.5)

    def end(self) -> None:
        end([child for child in self._children if child.name not in LAST_TO_END], patience=4)
        end([child for child in self._children if child.name in LAST_TO_END], patience=2)

    def _prepare(self) -> dict[str, str]:
        """The simulated clusters, the broker and the database do not need each other, so they start side by side."""
        clusters = self._folder / "sandbox.ready"
        self._start("sandbox", services.sandbox(self._folder / "sandbox"), out=clusters)
        if self._env["REDIS_URL"].startswith(f"unix://{self._folder}"):
            path = services.valkey_socket(self._folder)
            self._start("valkey", services.valkey(path))
            self._until(lambda: services.valkey_answers(path), "valkey to answer")
        people = self._folder / "people.json"
        self._run("prepare", services.prepare(self._env["DEMO_SIGN_IN_FILE"]), out=people)
        self._until(lambda: b"\n" in clusters.read_bytes(), "the simulated clusters to answer")
        return dict(json.loads(people.read_text()))

    def _start_console(self, listening: socket.socket) -> None:
        self._start("console", services.console(listening.fileno()), pass_fds=[listening.fileno()])
        listening.close()

    def _start_workers(self) -> None:
        self._start("executor", services.executor())
        for queue in ("act", "observe"):
            self._start(f"worker-{queue}", services.worker(self._env["INSTALLATION"], queue))
        self._start("beat", services.beat(self._folder))
        self._start("anchor", services.anchor(), more=services.anchor_environment(self._folder))

    def _start(
        self, name: str, command: list[str], *, out: Path | None = None, pass_fds: Sequence[int] = (),
        more: Mapping[str, str] = NOTHING_MORE,
    ) -> Child:  # fmt: skip
        log = self._folder / f"{name}.log"
        child = spawn(name, command, log=log, env={**self._env, **more}, out=out, pass_fds=pass_fds)
        self._guardian.adopt(child.process.pid)
        self._children.append(child)
        return child

    def _run(self, name: str, command: list[str], *, out: Path) -> None:
        """Start something that ends by itself, and wait for it."""
        child = self._start(name, command, out=out)
        self._children.remove(child)
        try:
            self._until(lambda: bool(child.ended), f"{name} to finish")
        finally:
            end([child], patience=1)
        if child.process.returncode != 0:
            raise Broken(obituary(child))

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not condition():
            self._look_after(0.05)
            if time.monotonic() > deadline:
                raise Broken(f"Waited {START_LIMIT:.0f} s for {what}. Logs are in {self._folder}.")

    def _look_after(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped
        for child in [child for child in self._children if child.ended]:
            self._children.remove(child)
            kill_group(child.process.pid)  # a worker's pool outlives a worker that was killed
            if not (self._is_up and child.name in SPARE):
                raise Broken(obituary(child))
            say(f"{obituary(child)}\nThe demo goes on without {child.name}: {SPARE[child.name]}.")


def obituary(child: Child) -> str:
    return f"{child.name} {child.ended}. The end of {child.log}:\n{child.tail()}"


def answers(host: str, port: int) -> bool:
    """Whether the console answers. Asked directly: a proxy named in the environment would not know this address."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
