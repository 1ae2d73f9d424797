"""The whole sandbox: every pair with its REST, Kafka and witness listeners, and the control server."""

from __future__ import annotations

import os
import secrets
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .clock import Clock
from .control import Control
from .http import Application, wsgi
from .inventory import Addresses, render
from .journal import Journal
from .kafka import BrokerListener, KafkaServer
from .rest import ClusterRest
from .scenario import PAIRS, Scenario, build, fill
from .schema_registry_rest import SchemaRegistryRest
from .sockets import HttpServer
from .wires import Mode, Wire
from .witness import Witness

if TYPE_CHECKING:
    from .model import Pair

HEARTBEAT = 0.25  # seconds between two moves of the model while nobody looks


class Sandbox:
    """`with Sandbox(...) as sandbox:` serves until the block ends; every listener is on 127.0.0.1.

    `directory` receives inventory.yaml and webhook-secret (0600); without one a temporary directory is used.
    """

    def __init__(
        self,
        directory: str | Path | None = None,
        *,
        scale: float = 60.0,
        port: int = 0,
        scenarios: tuple[Scenario, ...] = PAIRS,
        clock: Clock | None = None,
    ) -> None:
        self._temporary = None if directory else tempfile.TemporaryDirectory(prefix="sandbox-")
        self.directory = Path(directory or self._temporary.name)  # type: ignore[union-attr]
        self.clock = clock or Clock(scale)
        self.journal = Journal()
        self.secret = secrets.token_hex(32)
        self._scenarios = {scenario.name: scenario for scenario in scenarios}
        self.pairs: dict[str, Pair] = {scenario.name: build(scenario, self.clock) for scenario in scenarios}
        self._control = HttpServer(Control(self, self.secret).handle, port)
        self._kafka = KafkaServer(self.journal)
        self._rest: dict[tuple[str, str], HttpServer] = {}
        self._registries: dict[tuple[str, str], HttpServer] = {}
        self._witnesses: dict[tuple[str, str], HttpServer] = {}
        self._brokers: dict[tuple[str, str], list[BrokerListener]] = {}
        self._stopping = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="sandbox-clock", daemon=True)

    @property
    def control_url(self) -> str:
        return self._control.url

    @property
    def inventory_path(self) -> Path:
        return self.directory / "inventory.yaml"

    def pair(self, name: str) -> Pair:
        return self.pairs[name]

    def application(self, pair: str, side: str) -> Application:
        """One cluster's REST as a WSGI callable, for clients in the same process."""
        return wsgi(ClusterRest(self.pairs[pair], side, self.journal).handle)

    def rest_url(self, pair: str, side: str) -> str:
        return self._rest[(pair, side)].url

    def registry_url(self, pair: str, side: str) -> str:
        return self._registries[(pair, side)].url

    def witness_url(self, pair: str, side: str) -> str:
        return f"{self._witnesses[(pair, side)].url}/pairs/{pair}"

    def inventory_text(self) -> str:
        addresses = Addresses(
            control=self.control_url,
            rest={key: server.url for key, server in self._rest.items()},
            registry={key: server.url for key, server in self._registries.items()},
            witness={key: server.url for key, server in self._witnesses.items()},
            secret=str(self.directory / "webhook-secret"),
            exports=str(self.directory.resolve() / "exports"),
        )
        return render(list(self.pairs.values()), addresses)

    def start(self) -> Self:
        self._kafka.start()
        for pair in self.pairs.values():
            self._open(pair)
        self._control.obey(Mode.OPEN)
        self._write_files()
        self._ticker.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        for server in (self._control, *self._rest.values(), *self._registries.values(), *self._witnesses.values()):
            server.stop()
        self._kafka.stop()
        if self._ticker.is_alive():
            self._ticker.join(5)
        if self._temporary:
            self._temporary.cleanup()

    def reset(self, name: str) -> None:
        """Put a pair back to its first state; addresses, ids and the journal stay."""
        pair = self.pairs[name]
        with pair.lock:
            pair.faults.active.clear()
            pair.answered_keys.clear()
            pair.orders.clear()
            fill(pair, self._scenarios[name])
        pair.tell_faults()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _open(self, pair: Pair) -> None:
        witnesses = []
        for side, cluster in pair.sides.items():
            key = (pair.name, side)
            self._rest[key] = HttpServer(ClusterRest(pair, side, self.journal).handle)
            self._registries[key] = HttpServer(SchemaRegistryRest(pair, side, self.journal).handle)
            witness = Witness(pair, side)
            witness.look()
            witnesses.append(witness)
            self._witnesses[key] = HttpServer(witness.handle)
            self._brokers[key] = [self._kafka.add(pair, side, broker) for broker in cluster.brokers]
        pair.on_faults += [*(witness.look for witness in witnesses), lambda: self._obey(pair)]
        self._obey(pair)

    def _obey(self, pair: Pair) -> None:
        """Bring every listener of the pair into the mode its faults ask for."""
        for side in pair.sides:
            key = (pair.name, side)
            with pair.lock:
                modes = {wire: pair.faults.mode(side, wire) or Mode.OPEN for wire in Wire}
            self._rest[key].obey(modes[Wire.REST])
            self._registries[key].obey(modes[Wire.REST])
            self._witnesses[key].obey(modes[Wire.WITNESS])
            for listener in self._brokers[key]:
                listener.obey(modes[Wire.KAFKA])

    def _write_files(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        secret = self.directory / "webhook-secret"
        secret.unlink(missing_ok=True)
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.secret)
        self.inventory_path.write_text(self.inventory_text())

    def _tick(self) -> None:
        while not self._stopping.wait(HEARTBEAT):
            for pair in self.pairs.values():
                with pair.lock:
                    pair.catch_up()
