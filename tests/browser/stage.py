"""Everything that runs in production, started once for a module, beside simulated clusters as the demo has them."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from clusters.inventory import load
from config.demo import services
from config.demo.children import end, wait_for
from dashboard import history
from people.models import Account
from runbooks.services.definitions import import_released
from tests.fixtures.people import CAST, make_account
from tests.fixtures.processes import PATIENCE, Console, Valkey, start, until_it_says
from tests.fixtures.sandbox import Control

TITLES = {
    "commander": "Commander 1",
    "commander2": "Commander 2",
    "reviewer": "Reviewer",
    "admin": "Admin 1",
    "admin2": "Admin 2",
    "viewer": "Viewer",
}


@dataclass(frozen=True)
class Stage:
    """`accounts` by the names of the cast; `control` is what the simulated clusters say themselves."""

    console: Console
    control: Control
    accounts: dict[str, Account]
    pairs: tuple[str, ...]

    def reset(self) -> None:
        """Every simulated pair as on a quiet day, and its journal empty."""
        for pair in self.pairs:
            self.control.reset(pair)

    def await_readings(self) -> None:
        read = wait_for(lambda: all(self._is_read(pair) for pair in self.pairs), PATIENCE)
        assert read, f"not every side was read in {PATIENCE:.0f} s"

    @staticmethod
    def _is_read(pair: str) -> bool:
        facts = history.latest(pair)
        return facts is not None and all(side.reachable for side in facts.sides.values())


@contextmanager
def simulated_clusters(folder: Path) -> Iterator[tuple[Control, str]]:
    """The sandbox as the demo runs it: its control, and the inventory an admin would write for it."""
    child = start("sandbox", services.sandbox(folder))
    try:
        until_it_says(child, "inventory")
        said = json.loads(child.log.read_text().splitlines()[0])
        control = Control(said["control"])
        yield control, Path(said["inventory"]).read_text()
        control.close()
    finally:
        end([child], patience=5)


@contextmanager
def set_up(console: Console, valkey: Valkey, control: Control, inventory: str, folder: Path) -> Iterator[Stage]:
    """Workers, beat and executor on this module's database; every side has been read when it begins."""
    Path(settings.INVENTORY_FILE).write_text(inventory)
    import_released()
    accounts = {name: make_account(TITLES[name], role) for name, role in CAST.items()}
    if not services.valkey_answers(valkey.path):
        valkey.start()
    valkey.clear()
    workers = [start(f"worker-{queue}", services.worker(settings.INSTALLATION, queue)) for queue in ("act", "observe")]
    others = [start("executor", services.executor()), start("beat", services.beat(folder))]
    try:
        for child in workers:
            until_it_says(child, " ready.")
        stage = Stage(console, control, accounts, tuple(load(inventory).pairs))
        stage.await_readings()
        yield stage
    finally:
        end(others, patience=5)
        end(workers, patience=5, by=signal.SIGQUIT)  # at once: nobody waits for what they were doing
