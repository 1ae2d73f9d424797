from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import ClientFacts
from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.acl_parity import AclParity
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.keepers import NotKept
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrormaker import NoEndlessLoop
from runbooks.engine.guards.rule import listed
from runbooks.engine.guards.writable import TopicsWritable
from runbooks.engine.kinds import Guard, Nature, steps
from runbooks.engine.outcome import Answer, Item, Observation, Preview, Prompt
from runbooks.engine.steps import routed
from runbooks.engine.steps.attestation import acknowledged, attestations, attested
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.unrouted import unrouted
from runbooks.engine.values import Clients, Side


@steps.add("clients.route")
@dataclass(frozen=True)
class RouteClients(Kind):
    """Reroute producers.

    Sends producers to a side through the routing driver of each. It is done when the driver shows them there and the
    log ends of their topics grow. Consumer groups are moved by stopping and starting them, never by this step. Where
    the side they left goes on taking writes afterwards, somebody was not routed: that is named, and holds what follows.
    """

    clients: Clients = field(metadata={"about": "the producers to move, as declared in the inventory"})
    to: Side | None = field(default=None, metadata={"about": "the side they go to"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `to`: the side they leave"})

    kind: ClassVar[str] = "clients.route"
    nature: ClassVar[Nature] = Nature.ACT
    one_of: ClassVar[tuple[str, ...]] = ("to", "away_from")
    guards: ClassVar[tuple[Guard, ...]] = (
        *(MayChange(), FreshFacts(), TopicsWritable(), AclParity(), NotKept(), NoEndlessLoop()),
    )

    def challenge(self, case: Case) -> str:
        return f"Send {listed(self.clients)} to {self.where(case)}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return tuple(self._all(case))

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        """Only where a client is moved by hand: then a named person of each team must say that it was done."""
        by_hand = [(client.team, client.name) for client in self._all(case).values() if client.is_by_hand]
        return attestations(by_hand, lambda names: f"{listed(names)} write to {self.where(case)}")

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        to, clients = self.where(case), self._all(case)
        looks, sends, does = routed.by_hand(tools, clients, to)
        topics = sorted({topic for client in clients.values() for topic in client.topics})
        return ByHand(
            does=does,
            looks=(*looks, *tools.side(to).looks_at_ends(topics)),
            sends=sends,
            expects=(
                *(f"{client.name} runs on {to}, and no instance of it anywhere else." for client in clients.values()),
                *(f"The log ends of {topic} on {to} grow." for topic in topics),
            ),
            notes=("First growth of log ends (T5)",),
        )

    def preview(self, ctx: StepContext) -> Preview:
        to = self.where(ctx.case)
        return routed.preview(
            ctx,
            self._all(ctx.case),
            to,
            self._instances(ctx.case),
            done=f"Done when they run on {to} and log ends grow there.",
            see=f"Producers reconnect to {to}; what they write from then on stands there.",
            undo="Send them back with the same step in the other direction; what they wrote stays where it is.",
        )

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        to = self.where(ctx.case)
        done = f"the driver shows side {to}, and log ends grow there"
        return routed.request(ctx, self._some(ctx, items), to, self._instances(ctx.case), done)

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        to, some = self.where(ctx.case), self._some(ctx, items)
        found = routed.plans(ctx, some, to, self._instances(ctx.case))
        with last_look(f"the log ends of {to}"):
            return found | {f"ends {item}": self._ends(ctx, client) for item, client in some.items()}

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        (item,) = items
        before = self._instances(ctx.case).get(item)
        return routed.send(ctx, self._all(ctx.case)[item], item, self.where(ctx.case), before)

    def observe(self, ctx: StepContext) -> Observation:
        found = {item: self._look(ctx, item) for item in ctx.items or self.targets(ctx.case)}
        items = {item: state for item, (state, _) in found.items()}
        first = {**ctx.memory.get("first_growth", {}), **{item: at for item, (_, at) in found.items() if at}}
        evidence: dict[str, Any] = {
            "to": self.where(ctx.case),
            "at": ctx.case.now.isoformat(),
            "first_growth": first,
            **acknowledged(ctx, self._all(ctx.case)),
        }
        evidence["marks"] = {"T5": {self._all(ctx.case)[item].name: at for item, at in first.items()}}
        done = sum(item.state == "done" for item in items.values())
        return Observation(items, f"{done} of {len(items)} write to {self.where(ctx.case)}", evidence)

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        return {**super().binding_facts(case), "to": self.where(case)}

    def holds(self, case: Case) -> str | None:
        """Producers that write past the switch, to the side that was left."""
        done_at = case.evidence.get(self.kind, {}).get("at")
        since = datetime.fromisoformat(done_at) if done_at else None
        return unrouted(case, case.facts.other(self.where(case)).side, self.clients, since)

    def _look(self, ctx: StepContext, item: str) -> tuple[Item, str | None]:
        client, to = self._all(ctx.case)[item], self.where(ctx.case)
        state, said = routed.verified(ctx, client)
        if state is None:
            return Item.unknown(said), None
        if client.is_by_hand:
            said = attested(ctx.case, client.team)
            return self._growth(ctx, item, client, f"attested by {said}") if said else (Item.unknown(state.said), None)
        if state.is_at(to) or (state.is_blind and routed.is_taken(ctx, client)):
            return self._growth(ctx, item, client, said)
        if routed.is_untouched(ctx, client, state):
            return Item.not_applied(f"unchanged: {said}"), None
        return routed.pending(ctx, client, said), None

    def _growth(self, ctx: StepContext, item: str, client: ClientFacts, said: str) -> tuple[Item, str | None]:
        before, to = ctx.pre_state.get(f"ends {item}"), self.where(ctx.case)
        seen = ctx.memory.get("first_growth", {}).get(item)
        try:
            now = self._ends(ctx, client)
        except ClusterError as error:
            return Item.unknown(f"{said}; the log ends of {to} could not be read: {error}"), seen
        grown = {topic: end - (before or {}).get(topic, end) for topic, end in now.items()}
        moved = {topic: records for topic, records in grown.items() if records > 0}
        if not moved:
            return Item.waiting(f"{said}; {listed(list(now))} on {to} have not grown since the move"), seen
        words = ", ".join(f"{topic} +{records}" for topic, records in moved.items())
        words += self._others(ctx.case, set(moved))
        return Item.done(f"{said}; log ends on {to} grow: {words}"), seen or ctx.case.now.isoformat()

    def _others(self, case: Case, topics: set[str]) -> str:
        """Growth proves that somebody writes, not who."""
        others = [
            client.name
            for client in case.facts.clients
            if client.kind == "producers" and client.name not in self.clients and not topics.isdisjoint(client.topics)
        ]
        return f" ({listed(others)} may write there too)" if others else ""

    def _ends(self, ctx: StepContext, client: ClientFacts) -> dict[str, int]:
        """Sum of the log ends per topic on the destination."""
        found = ctx.gateways.side(self.where(ctx.case)).topics(client.topics, deadline=ctx.deadline)
        return {name: sum(end or 0 for end in topic.end_offsets) for name, topic in found.items()}

    def _instances(self, case: Case) -> Mapping[str, int]:
        """How many ran before a step of this incident stopped them."""
        found: Mapping[str, int] = case.evidence.get("clients.stop", {}).get("instances", {})
        return found

    def _all(self, case: Case) -> dict[str, ClientFacts]:
        return routed.producers(case.facts, self.clients)

    def _some(self, ctx: StepContext, items: tuple[str, ...]) -> dict[str, ClientFacts]:
        return {item: client for item, client in self._all(ctx.case).items() if item in items}
