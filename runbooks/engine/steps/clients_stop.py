from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.facts import ClientFacts
from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.keepers import NotKept
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, Nature, steps
from runbooks.engine.outcome import Answer, Item, Observation, Preview, Prompt
from runbooks.engine.steps import routed
from runbooks.engine.steps.attestation import acknowledged, attestations, attested
from runbooks.engine.steps.kind import Kind
from runbooks.engine.values import Clients, Side
from runbooks.engine.vantage import span


@steps.add("clients.stop")
@dataclass(frozen=True)
class StopClients(Kind):
    """Stop the producers.

    Stops producers through the routing driver of each, so that the topics they write come to rest. Done when the driver
    shows no instance, not even one that is ending; or, where a driver can only tell them to stop, when every place has
    been told. Whether nobody writes any more is for the quiet step to see.
    """

    clients: Clients = field(metadata={"about": "the producers to stop, as declared in the inventory"})
    side: Side | None = field(default=None, metadata={"about": "the side they write to now"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "clients.stop"
    nature: ClassVar[Nature] = Nature.ACT
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    guards: ClassVar[tuple[Guard, ...]] = (MayChange(), FreshFacts(), NotKept())

    def challenge(self, case: Case) -> str:
        return f"Stop {listed(self.clients)} on {self.where(case)}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return tuple(routed.producers(case.facts, self.clients))

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        by_hand = [(client.team, client.name) for client in self._all(case).values() if client.is_by_hand]
        return attestations(by_hand, lambda names: f"{listed(names)} do not write any more")

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side, clients = self.where(case), self._all(case)
        looks, sends, does = routed.by_hand(tools, clients, None)
        topics = sorted({topic for client in clients.values() for topic in client.topics})
        return ByHand(
            does=does,
            looks=(*looks, *tools.side(side).looks_at_ends(topics)),
            sends=sends,
            expects=(
                *(f"No instance of {client.name} is left." for client in clients.values()),
                f"The log ends of {listed(topics)} on {side} stay the same for {span(case.policy.flat_for)}.",
            ),
            notes=("Instances before, to start as many again", "Stopped at"),
        )

    def preview(self, ctx: StepContext) -> Preview:
        return routed.preview(
            ctx,
            self._all(ctx.case),
            None,
            {},
            done="Done when no instance is left, not even one that is ending.",
            see="Nothing is written to these topics until the producers are started again.",
            undo=f"Route them to {self.where(ctx.case)} again.",
        )

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        return routed.request(ctx, self._some(ctx, items), None, {}, "the driver shows 0 desired, 0 ready, 0 ending")

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        return routed.plans(ctx, self._some(ctx, items), None, {})

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        (item,) = items
        return routed.send(ctx, self._all(ctx.case)[item], item, None)

    def observe(self, ctx: StepContext) -> Observation:
        workloads = self._some(ctx, ctx.items or self.targets(ctx.case))
        items = {item: self._look(ctx, client) for item, client in workloads.items()}
        stopped = sum(item.state == "done" for item in items.values())
        before = routed.instances(ctx, workloads)
        evidence = {"side": self.where(ctx.case), "at": ctx.case.now.isoformat(), "instances": before}
        evidence |= acknowledged(ctx, workloads)
        return Observation(items, f"{stopped} of {len(items)} stopped", evidence)

    def _look(self, ctx: StepContext, client: ClientFacts) -> Item:
        if client.is_by_hand:
            said = attested(ctx.case, client.team)
            return Item.done(f"attested by {said}") if said else Item.unknown("nobody has attested that it stopped")
        state, said = routed.verified(ctx, client)
        if state is None:
            return Item.unknown(said)
        if state.is_stopped:
            return Item.done(said)
        if state.is_sent_nowhere:
            return Item.done(f"told to stop: {said}; that they have is for the quiet step to see")
        if routed.is_untouched(ctx, client, state):
            return Item.not_applied(f"unchanged: {said}")
        return routed.pending(ctx, client, said)

    def _all(self, case: Case) -> dict[str, ClientFacts]:
        return routed.producers(case.facts, self.clients)

    def _some(self, ctx: StepContext, items: tuple[str, ...]) -> dict[str, ClientFacts]:
        return {item: client for item, client in self._all(ctx.case).items() if item in items}
