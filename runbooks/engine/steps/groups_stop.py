from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

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
from runbooks.engine.steps.attestation import acknowledged, attestations
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.proof import Finding, Proof, prove
from runbooks.engine.values import Groups, Side
from runbooks.engine.vantage import span


@steps.add("groups.stop")
@dataclass(frozen=True)
class StopGroups(Kind):
    """Stop the consumer groups.

    Stops each group through the driver that runs it, then takes the best proof there is that it stands still: E1 the
    coordinator says so twice across the session time-out, E2 the driver shows no instance from outside the region, E3
    its clients are routed away, E4 a named person attests it with a reason. Below `proof` the step is not done. A
    cluster that does not answer proves nothing: unreachable is not stopped.
    """

    groups: Groups = field(metadata={"about": "the consumer groups to stop"})
    proof: Proof = field(default=Proof.E2, metadata={"about": "the weakest proof that is good enough"})
    side: Side | None = field(default=None, metadata={"about": "the side they are stopped on"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "groups.stop"
    nature: ClassVar[Nature] = Nature.ACT
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    guards: ClassVar[tuple[Guard, ...]] = (MayChange(), FreshFacts(), NotKept())

    def challenge(self, case: Case) -> str:
        return f"Stop {listed(self.groups)} on {self.where(case)}, and prove it?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.groups

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        if self.proof is not Proof.E4:
            return ()
        return attestations(
            routed.teams_of(case.facts, self.groups),
            lambda names: f"{listed(names)} do not run on {self.where(case)}",
            is_required=False,
        )

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side = self.where(case)
        looks, sends, does = routed.by_hand(tools, routed.of_groups(case.facts, self.groups), None)
        long = span(case.policy.session_timeout)
        return ByHand(
            does=does,
            looks=(*looks, *tools.side(side).looks_at_groups(self.groups)),
            sends=sends,
            expects=tuple(
                f"{group}: proof {self.proof} or better. E1: Empty, no members on {side}, seen twice {long} apart. "
                f"E2: what runs it shows none desired, ready or ending, seen from outside {side}. Silence is no proof."
                for group in self.groups
            ),
            notes=("Instances before, to start as many again", "Proof of each group, who saw it, from where"),
        )

    def preview(self, ctx: StepContext) -> Preview:
        return routed.preview(
            ctx,
            routed.of_groups(ctx.case.facts, self.groups),
            None,
            {},
            done=f"Done when each is proven stopped, {self.proof} or better.",
            see="These groups read nothing until they are started again; records wait for them.",
            undo=f"Start them on {self.where(ctx.case)} again, as long as they have not been started anywhere else.",
        )

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        done = f"proof {self.proof} or better that it is stopped on {self.where(ctx.case)}"
        return routed.request(ctx, routed.of_groups(ctx.case.facts, items), None, {}, done)

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        return routed.plans(ctx, routed.of_groups(ctx.case.facts, items), None, {})

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        (group,) = items
        return routed.send(ctx, routed.of_groups(ctx.case.facts, items)[group], group, None)

    def observe(self, ctx: StepContext) -> Observation:
        groups = ctx.items or self.groups
        findings = {group: prove(ctx, self.where(ctx.case), group) for group in groups}
        items = {group: self._item(ctx, group, finding) for group, finding in findings.items()}
        done = sum(item.state == "done" for item in items.values())
        return Observation(
            items, f"{done} of {len(items)} proven stopped on {self.where(ctx.case)}", self._evidence(ctx, findings)
        )

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        return {**super().binding_facts(case), "side": self.where(case), "proof": self.proof}

    def holds(self, case: Case) -> str | None:
        """A stopped group that is seen running on the same side again, unless this incident started it there."""
        here = case.facts.side(self.where(case))
        if case.evidence.get("groups.start", {}).get("to") == self.where(case) or not here.reachable:
            return None
        active = [name for name in self.groups if here.groups and name in here.groups and here.groups[name].is_active]
        return f"R10: {listed(active)} runs on {self.where(case)} again" if active else None

    def _item(self, ctx: StepContext, group: str, finding: Finding) -> Item:
        if finding.level is not None and finding.level.satisfies(self.proof):
            words = f"{finding.level}: {finding.saw}"
            return Item.waiting(f"{words}; {left}") if (left := self._sync_left(ctx, finding)) else Item.done(words)
        client = routed.of_groups(ctx.case.facts, (group,))[group]
        if client is not None and not client.is_by_hand:
            state, said = routed.verified(ctx, client)
            if state is None and not finding.is_active:
                return Item.unknown(finding.saw)
            if state is not None and routed.is_untouched(ctx, client, state):
                return Item.not_applied(f"the driver shows no order taken: {said}")
        reached = (
            f"reached {finding.level}, needs {self.proof}" if finding.level else f"not proven ({self.proof} needed)"
        )
        saw = f"R10: {group} is or may be active on {self.where(ctx.case)}; {reached}: {finding.all_seen}"
        return routed.pending(ctx, client, saw)

    def _sync_left(self, ctx: StepContext, finding: Finding) -> str:
        """While both sides answer, the last commits travel with the next offset sync: starting earlier reads twice."""
        if finding.first_empty is None or not all(side.reachable for side in ctx.case.facts.sides.values()):
            return ""
        lasted, wanted = ctx.case.now - datetime.fromisoformat(finding.first_empty), ctx.case.policy.group_sync
        return "" if lasted >= wanted else f"one offset sync ({span(wanted)}) for its last commits to cross"

    def _evidence(self, ctx: StepContext, findings: Mapping[str, Finding]) -> dict[str, Any]:
        now = ctx.case.now.isoformat()
        proofs = {
            group: {"level": finding.level, "saw": finding.saw, "at": now} if finding.level else None
            for group, finding in findings.items()
        }
        first = {group: finding.first_empty for group, finding in findings.items()}
        return {
            "side": self.where(ctx.case),
            "at": now,
            "proof": self.proof,
            "groups": proofs,  # None, not left out: what an earlier look stored must not outlive it
            "first_empty": first,
            "instances": routed.instances(ctx, routed.of_groups(ctx.case.facts, self.groups)),
            **acknowledged(ctx, routed.of_groups(ctx.case.facts, self.groups)),
        }
