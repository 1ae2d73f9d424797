"""What one sitting runs on: a database, a broker, simulated clusters and the product's processes, all mortal."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.demo import services
from config.demo.children import Child, end, kill_group, spawn, wait_for
from tests import postgres
from tests.fixtures import forked
from tests.fixtures.sandbox import Control
from tests.folders import make_folder

PATIENCE = 60.0
INSTALLATION = "faults"
POLL = "9s"
PACE = "0.0333"  # leases of one second
# Survives its own death as in production; what only a power cut would take is not forced to the disk.
DATABASE = ("fsync=off", "full_page_writes=off", *postgres.DURABLE)
TEND_EVERY_S = 0.1
THAW_EVERY = 5  # rounds of tending: it goes through every process of the machine
STOOD_STILL = 1.5  # seconds a frozen process stays frozen: longer than a lease


def clocked(command: Sequence[str]) -> list[str]:
    return [command[0], "-m", "tests.faults.clocked", *command[1:]]


def worker(queue: str, number: int) -> list[str]:
    """Two of one queue need names of their own."""
    return clocked([part.replace("@", f"-{number}@") for part in services.worker(INSTALLATION, queue)])


NAIVE = [sys.executable, "-m", "celery", "-A", "tests.faults.naive", "worker", "--concurrency", "2", "-Q", "naive"]
COMMANDS: dict[str, dict[str, Sequence[str]]] = {
    "celery": {
        "act-1": worker("act", 1), "act-2": worker("act", 2), "observe-1": worker("observe", 1),
        "executor-1": clocked(services.executor()),
    },
    "executor": {"executor-1": clocked(services.executor()), "executor-2": clocked(services.executor())},
    "naive": {f"naive-{n}": clocked([*NAIVE, "-n", f"naive-{n}@faults", *services.QUIET]) for n in (1, 2)},
}  # fmt: skip


@dataclass
class World:
    """`workers` die and come back; whoever kills counts it in `kills`."""

    folder: Path
    carrier: str  # who carries the steps: celery | executor | naive
    server: postgres.Server | None
    commands: dict[str, Sequence[str]] = field(default_factory=dict)
    workers: dict[str, Child] = field(default_factory=dict)
    kills: int = 0
    planned: int = 0
    broker: Child | None = None

    def __post_init__(self) -> None:
        self.hindered: list[str] = []
        self._later: list[tuple[float, Callable[[], object]]] = []
        self._still: dict[int, float] = {}  # pid → since when it stands still
        self._tended = 0
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._tender = threading.Thread(target=self._tend, name="tender", daemon=True)

    @property
    def plans(self) -> Path:
        return self.folder / "plans"

    def start_all(self) -> None:
        self.commands |= COMMANDS[self.carrier]
        for name in self.commands:
            self._start(name)
        self._tender.start()

    def _tend(self) -> None:
        """In a thread of its own: whoever drives the runs may be waiting for a lock that somebody frozen holds."""
        while not self._stopping.wait(TEND_EVERY_S):
            self._tend_once()

    def _tend_once(self) -> None:
        """Start what has died, thaw what has stood still for long enough, and do what is due."""
        for name, child in list(self.workers.items()):
            if child.ended:
                kill_group(child.process.pid)
                self._start(name)
        if self.broker is not None and self.broker.ended:
            self.start_broker()
        self._tended += 1
        if self._tended % THAW_EVERY == 0:
            self._thaw()
        for act in self._due():
            try:
                act()
            except Exception as error:  # another trouble was in its way: no less of a trouble
                self.hindered.append(repr(error))

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        with self._lock:
            self._later.append((time.monotonic() + seconds, act))

    def rest(self) -> None:
        """No further trouble."""
        with self._lock:
            self._later.clear()

    def _due(self) -> list[Callable[[], object]]:
        now = time.monotonic()
        with self._lock:
            due = [act for at, act in self._later if at <= now]
            self._later = [row for row in self._later if row[0] > now]
        return due

    @property
    def deaths(self) -> int:
        """Those planned that somebody met."""
        return self.planned - len(list(self.plans.iterdir()))

    def plan(self, point: str, step_id: int, death: str) -> None:
        self.planned += 1
        (self.plans / f"{point}-{step_id}").write_text(death)

    def kill(self, name: str) -> None:
        self.kills += 1
        kill_group(self.workers[name].process.pid)

    def freeze(self, name: str) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.workers[name].process.pid, signal.SIGSTOP)

    def step_clock(self, name: str, by: int) -> None:
        """`by` is one of `clocked.STEPS`. Who is only just starting, and listens to none yet, would end of it."""
        with suppress(OSError):
            for pid, group, _ in processes():
                if group == self.workers[name].process.pid and listens(pid, by):
                    os.kill(pid, by)

    def start_broker(self) -> None:
        path = services.valkey_socket(self.folder)
        path.unlink(missing_ok=True)
        self.broker = forked_or_spawned("valkey", services.valkey(path), self.folder)
        assert wait_for(lambda: services.valkey_answers(path), PATIENCE), self.broker.tail()

    def kill_broker(self) -> None:
        if self.broker is not None:
            self.kills += 1
            kill_group(self.broker.process.pid)

    def hang_broker(self) -> None:
        if self.broker is not None:
            self.broker.process.send_signal(signal.SIGSTOP)

    def empty_broker(self) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(1)
            asking.connect(str(services.valkey_socket(self.folder)))
            asking.sendall(b"FLUSHALL\r\n")
            asking.recv(16)

    def crash_database(self) -> None:
        """Every server process of it dies at once, transactions and all, and it comes up again by its log."""
        if self.server is not None:
            self.kills += 1
            self.server.crash()
            self.server.run()

    def stop(self) -> None:
        self._stopping.set()
        if self._tender.is_alive():
            self._tender.join(PATIENCE)
        with suppress(ProcessLookupError):
            for child in [*self.workers.values(), *([self.broker] if self.broker else [])]:
                os.killpg(child.process.pid, signal.SIGCONT)
        end([*self.workers.values(), *([self.broker] if self.broker else [])], patience=3, by=signal.SIGQUIT)

    def _start(self, name: str) -> None:
        self.workers[name] = forked_or_spawned(name, self.commands[name], self.folder)

    def _thaw(self) -> None:
        groups = {child.process.pid for child in [*self.workers.values(), *([self.broker] if self.broker else [])]}
        still = {pid for pid, group, state in processes() if group in groups and state == "T"}
        now = time.monotonic()
        self._still = {pid: self._still.get(pid, now) for pid in still}
        for pid, since in self._still.items():
            if now - since > STOOD_STILL:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def processes() -> Iterator[tuple[int, int, str]]:
    """Pid, process group and state of each that runs."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            yield int(entry.name), int(group), state


def listens(pid: int, number: int) -> bool:
    """Whether this process has a handler of its own for the signal."""
    with suppress(OSError, StopIteration, ValueError):
        caught = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line[:7] == "SigCgt:")
        return bool(int(caught[7:], 16) >> (number - 1) & 1)
    return False


def forked_or_spawned(name: str, command: Sequence[str], folder: Path) -> Child:
    log, env = folder / f"{name}.log", dict(os.environ)
    if forked.can_fork(command, env):
        return forked.fork(name, command, log=log, env=env)
    return spawn(name, command, log=log, env=env)


def preload() -> None:
    """Whoever comes back from the dead has imported what it needs, and read the inventory and the runbooks."""
    forked.CONTEXT.set_forkserver_preload(["tests.fixtures.preloaded", "tests.faults.preloaded"])


@contextmanager
def world(database: str, carrier: str, lanes: int) -> Iterator[tuple[World, Control]]:
    """This process's own settings are the world's: enter it before Django is set up."""
    folder = make_folder("breakwater-faults-")
    server = postgres.start(str(folder), options=DATABASE) if database == "postgres" else None
    made = World(folder, carrier, server)
    clusters: Child | None = None
    try:
        made.plans.mkdir()
        preload()
        os.environ.update(environment(folder, server))
        clusters, said = _clusters(folder, lanes, ["ledger"] if carrier == "naive" else ["orders", "ledger"])
        inventory = Path(said["inventory"]).read_text()
        # Every side is polled every few hundred milliseconds in this haste: two cores would do nothing else. A lane
        # that waits for something to be seen asks for a look (`Lane._look`).
        Path(os.environ["INVENTORY_FILE"]).write_text(inventory.replace("poll: 400ms", f"poll: {POLL}"))
        if carrier != "executor":  # which needs none: what cannot be rung is done at once
            made.start_broker()
        yield made, Control(said["control"])
    finally:
        made.stop()
        end([clusters] if clusters else [], patience=3)
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def environment(folder: Path, server: postgres.Server | None) -> dict[str, str]:
    return {
        "BREAKWATER_MODE": "test",
        "BREAKWATER_PACE": PACE,
        "BREAKWATER_CRASH_AT": str(folder / "plans"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": server.url if server else f"sqlite:///{folder}/faults.sqlite3",
        "REDIS_URL": f"unix://{services.valkey_socket(folder)}",
        "INSTALLATION": INSTALLATION,
        "INVENTORY_FILE": str(folder / "inventory.yaml"),
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def _clusters(folder: Path, lanes: int, pairs: Sequence[str]) -> tuple[Child, dict[str, str]]:
    out = folder / "clusters.out"
    command = [sys.executable, "-m", "tests.faults.clusters", str(folder / "sandbox"), str(lanes), *pairs]
    child = spawn("clusters", command, log=folder / "clusters.log", env=dict(os.environ), out=out)
    if not wait_for(lambda: (out.exists() and out.read_text().endswith("\n")) or bool(child.ended), PATIENCE):
        raise RuntimeError(f"the clusters did not come up:\n{child.tail()}")
    return child, json.loads(out.read_text())
