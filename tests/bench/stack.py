"""The product's own processes on an embedded PostgreSQL that is as durable as in production, and on Valkey."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.demo import services
from config.demo.children import ROOT, Child, end, spawn, wait_for
from config.demo.supervisor import answers
from tests import postgres

PATIENCE = 60.0


@dataclass
class Stack:
    folder: Path
    env: dict[str, str]
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str], *, pass_fds: tuple[int, ...] = (), **env: str) -> Child:
        log = self.folder / f"{name}.log"
        child = spawn(name, command, log=log, env={**self.env, **env}, pass_fds=pass_fds)
        self.children.append(child)
        return child

    def end(self, *children: Child) -> None:
        end(children or self.children[::-1], patience=5)

    def until_it_says(self, child: Child, words: str) -> None:
        said = wait_for(lambda: words in child.log.read_text(errors="replace") or bool(child.ended), PATIENCE)
        if not said or child.ended:
            raise RuntimeError(f"{child.name} did not say {words!r}:\n{child.tail()}")

    def web(self, name: str, command: Sequence[str], **env: str) -> str:
        """A web server on a socket bound here; its address."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        host, port = listening.getsockname()
        child = self.start(name, [*command, str(listening.fileno())], pass_fds=(listening.fileno(),), **env)
        listening.close()
        if not wait_for(lambda: answers(host, port) or bool(child.ended), PATIENCE) or child.ended:
            raise RuntimeError(f"{name} does not answer:\n{child.tail()}")
        return f"http://{host}:{port}"

    def console(self) -> str:
        return self.web("console", services.console(0)[:-1])

    def worker(self, queue: str) -> None:
        self.until_it_says(self.start(queue, services.worker(self.env["INSTALLATION"], queue)), " ready.")

    def clusters(self, mirrors: int) -> str:
        """The sandbox and a pair with so many mirrors on each side; the text of its inventory."""
        out = self.folder / "clusters.out"
        command = [sys.executable, "-m", "tests.bench.clusters", str(self.folder / "sandbox"), str(mirrors)]
        child = spawn("clusters", command, log=self.folder / "clusters.log", env=self.env, out=out)
        self.children.append(child)
        if not wait_for(lambda: (out.exists() and out.read_text().endswith("\n")) or bool(child.ended), PATIENCE * 2):
            raise RuntimeError(f"the clusters did not come up:\n{child.tail()}")
        said: dict[str, Any] = json.loads(out.read_text())
        return Path(said["inventory"]).read_text()


@contextmanager
def running() -> Iterator[Stack]:
    """PostgreSQL and Valkey, empty."""
    folder = services.make_folder("breakwater-bench-")
    server = postgres.start(str(folder), options=postgres.DURABLE)
    stack = Stack(folder, _environment(folder, server.url))
    try:
        path = services.valkey_socket(folder)
        child = stack.start("valkey", services.valkey(path))
        if not wait_for(lambda: services.valkey_answers(path), PATIENCE):
            raise RuntimeError(f"the broker did not come up:\n{child.tail()}")
        yield stack
    finally:
        stack.end()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, database: str) -> dict[str, str]:
    ours = {
        "BREAKWATER_MODE": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": database,
        "REDIS_URL": f"unix://{services.valkey_socket(folder)}",
        "INSTALLATION": "bench",
        "INVENTORY_FILE": str(folder / "inventory.yaml"),
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **ours}


def migrate(stack: Stack) -> None:
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, cwd=ROOT, env=stack.env)
