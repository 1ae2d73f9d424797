"""What a forked child does with its parent's Kafka clients: nothing, not even freeing them."""

from __future__ import annotations

import os
import time

from clusters.connections import close_all, open_pair
from dashboard.ways import Ways


def ask(entry, connections) -> None:
    for side in entry.sides:
        connections.side(side.name).groups(deadline=time.monotonic() + 10)


def test_a_child_ends_well_though_its_parent_had_clients_open(inventory):
    """librdkafka's threads do not survive a fork, and freeing its client waits for them or crashes."""
    entry, ways = inventory.pairs["orders"], Ways()
    with open_pair(entry) as connections:
        ask(entry, connections)
    ask(entry, ways.to(entry))
    del connections
    child = os.fork()
    if child == 0:
        os._exit(0)
    try:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        ways.close()
        close_all()
