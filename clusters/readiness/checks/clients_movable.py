from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.topics import some

LATELY = timedelta(days=1)


@checks.add("clients-movable")
class ClientsMovable(Check):
    """Each declared client has a driver, and a dry run of it for either side went well lately.

    A dry run asks the driver where the client is and what an order would be; nothing is ordered. It shows that the
    driver's addresses and credentials for both sides still work. Where nobody answered for them, it is unknown.
    """

    code: ClassVar[str] = "C18"
    title: ClassVar[str] = "Clients can be moved, as a dry run shows"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "a driver for each declared client, and a dry run without a problem in the last day"
    act: ClassVar[str] = "Put right what the driver says: its address, its credential, or the entry in the inventory."

    def judge(self, facts: PairFacts) -> Finding:
        if not facts.clients:
            return self.unknown("the inventory declares no client")
        by_hand = [client.name for client in facts.clients if client.is_by_hand]
        driven = [client.name for client in facts.clients if not client.is_by_hand]
        if not driven:
            return self.unknown(f"moved by hand, which nothing can try: {some(by_hand)}")
        tried = {name: facts.trials[name] for name in driven if name in facts.trials}
        if wrong := [f"{name} {trial.problem}" for name, trial in tried.items() if trial.problem]:
            return self.fails(some(wrong))
        newest = max(side.read_at for side in facts.sides.values())
        if stale := [name for name in driven if name not in tried or newest - tried[name].at > LATELY]:
            return self.unknown(f"no dry run in the last day: {some(stale)}")
        if untold := [f"{name}: {tried[name].untold}" for name in driven if tried[name].untold]:
            return self.unknown(some(untold))
        more = f"; moved by hand, and not tried: {some(by_hand)}" if by_hand else ""
        return self.met(f"{len(driven)} clients could be sent to either side{more}")
