"""What keeps the workloads of declared clients, asked of their routing drivers while the sides are being read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial

from clusters.connections import Connections
from clusters.declared import PairEntry
from clusters.facts import ClientFacts, KeeperFacts
from clusters.gateway import ReadsKeepers
from clusters.lanes import Lane, Stuck, wait
from clusters.together import together

EVERYWHERE = "every side"


def start_keepers(
    connections: Connections, entry: PairEntry, clients: Collection[str], groups: Collection[str], deadline: float
) -> Callable[[], Mapping[str, KeeperFacts]]:
    """Asks in a thread of its own; the answer waits for it, no longer than the deadline. Never an error: a fact."""
    named = [each for each in entry.clients if each.has_keepers and (each.name in clients or each.group in groups)]
    if not named:
        return dict
    asks = {client.name: partial(_asked, connections, client, deadline) for client in named}
    future = Lane[dict[str, object]]("read keepers").start(lambda: together(asks), deadline)

    def answer() -> Mapping[str, KeeperFacts]:
        try:
            found = wait(future, deadline)
        except Stuck as stuck:
            return {client.name: _unread(str(stuck)) for client in named}
        return {name: seen if isinstance(seen, KeeperFacts) else _unread(str(seen)) for name, seen in found.items()}

    return answer


def _asked(connections: Connections, client: ClientFacts, deadline: float) -> KeeperFacts:
    driver = connections.driver(client.driver)
    if not isinstance(driver, ReadsKeepers):
        return _unread(f"{client.driver} cannot tell")
    return driver.keepers(client.name, deadline=deadline)


def _unread(why: str) -> KeeperFacts:
    return KeeperFacts(unread={EVERYWHERE: why})
