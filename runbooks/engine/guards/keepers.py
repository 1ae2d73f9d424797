from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import ClientFacts, Keeper, KeeperFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, listed
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Verdict

NEEDS = "nothing that would undo the change, or paused"


@guards.add("not_kept")
@dataclass(frozen=True)
class NotKept(Rule):
    """No other controller (HPA, KEDA, Argo CD, Flux) sets the workloads to a state of its own while this step moves
    them. One that cannot be asked is not taken to be absent.
    """

    code: ClassVar[str] = "R31"
    title: ClassVar[str] = "Nothing else would undo the change"
    source: ClassVar[str] = "one writer per object"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        subjects = step.subjects(case)
        named = [each for each in case.facts.clients if each.name in subjects.clients or each.group in subjects.groups]
        kept = [client for client in named if client.has_keepers]
        unpaused = [keeper for client in kept for keeper in _at_work(client, case)]
        if unpaused:
            return self.says(*unpaused)
        paused = [keeper.controller for client in kept for keeper in case.facts.keepers[client.name].found]
        return self.met(f"paused: {listed(paused)}" if paused else "nothing else keeps them", NEEDS)

    def says(self, first: Keeper, *more: Keeper) -> Verdict:
        says = f"{first.target} is managed by {first.controller}; it would undo this change. Pause it first:"
        saw = listed([f"{keeper.controller} keeps {keeper.target}" for keeper in (first, *more)])
        return self.refused(f"{says} {first.how_to_pause}.", saw, NEEDS)


def at_work(found: KeeperFacts) -> frozenset[Keeper]:
    return frozenset(keeper for keeper in found.found if not keeper.is_paused)


def _at_work(client: ClientFacts, case: Case) -> Iterator[Keeper]:
    """A side that does not answer is not changed either, so that what keeps workloads there does not matter now."""
    found = case.facts.keepers.get(client.name)
    if found is None:
        raise MissingFact(f"what else keeps {client.name}")
    for where, why in found.unread.items():
        raise MissingFact(f"what else keeps {client.name} on {where} ({why})")
    yield from sorted(at_work(found), key=lambda keeper: (keeper.side, keeper.controller))
