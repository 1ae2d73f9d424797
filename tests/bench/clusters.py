"""`python -m tests.bench.clusters DIRECTORY MIRRORS`: a small pair, and one with so many mirrors on each side."""

from __future__ import annotations

import json
import signal
import sys

from clusters.sandbox.scenario import ORDERS, Client, Scenario
from clusters.sandbox.server import Sandbox

ENDING = {signal.SIGTERM, signal.SIGINT}


def wide(mirrors: int) -> Scenario:
    """Active-active, so that both sides have them; nobody writes, so that only what a test changes is changed."""
    topics = tuple(f"topic-{number:05d}" for number in range(mirrors))
    clients = (Client("reader", "group", topics[:3], "north"),)
    return Scenario("big", "Big", "active-active", ("north", "south"), topics, clients)


def main(directory: str, mirrors: int) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    with Sandbox(directory, scenarios=(ORDERS, wide(mirrors))) as sandbox:
        sys.stdout.write(json.dumps({"inventory": str(sandbox.inventory_path)}) + "\n")
        sys.stdout.flush()
        signal.sigwait(ENDING)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
