from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import MirrorStatus
from clusters.gateway import PairByHand, Prepared
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.link_deletion import LinkCanGo
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import NoCommandNeeded
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Refused
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.one_by_one import OneByOne
from runbooks.engine.values import Side


@steps.add("links.delete")
@dataclass(frozen=True)
class DeleteLink(OneByOne):
    """Delete the link.

    Deletes one side's half of the pair's link, once nothing is mirrored over it: after a side was given up, and when
    its successor is protected by a link of its own. The cut offsets live as long as the link, so they are exported
    before, and what never crossed is settled. It is never forced. Done when the side does not list the link any more.
    """

    side: Side | None = field(default=None, metadata={"about": "the side whose half of the link is deleted"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "links.delete"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    is_irreversible: ClassVar[bool] = True
    way_back: ClassVar[str] = "Not possible. A link that is made anew knows nothing of the mirrors this one had."
    guards: ClassVar[tuple[Guard, ...]] = (MayChange(), NoCommandNeeded(), FreshFacts(), LinkCanGo())

    def challenge(self, case: Case) -> str:
        return f"Delete link {case.facts.link} on {self.where(case)} for good?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return (case.facts.link,) if case.facts.link else ()

    def will_happen(self, case: Case) -> str:
        return f"Link {case.facts.link} on {self.where(case)} is deleted, with the history of its stopped mirrors."

    def clients_see(self, case: Case) -> str:
        return "Nothing: the topics stay as they are. Nothing is mirrored over this link, and no group offsets cross."

    def recognised_by(self, case: Case) -> str:
        return f"{self.where(case)} does not list link {case.facts.link} any more"

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side, link = tools.side(self.where(case)), case.facts.link
        return ByHand(
            does=("Look first: every mirror of the link reads STOPPED. Never use force.",),
            looks=(*side.looks_at_link(link), *side.looks_at_mirrors(link)),
            sends=side.deletes_link(link),
            expects=(f"In the end {self.recognised_by(case)}.",),
            notes=("Sent at", "Refused, and why"),
        )

    def prepared(self, ctx: StepContext, item: str) -> Prepared:
        return ctx.gateways.side(self.where(ctx.case)).link_deletion(item)

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """With the last look: a mirror that is not stopped, or is in a transition, must not lose its link."""
        side, link = ctx.gateways.side(self.where(ctx.case)), ctx.case.facts.link
        with last_look(f"the mirrors of link {link} on {self.where(ctx.case)}"):
            living = [m for m in side.mirrors(link, deadline=ctx.deadline) if m.status is not MirrorStatus.STOPPED]
        if living:
            says = f"{living[0].topic} on {self.where(ctx.case)} reads {living[0].status} on this link."
            raise Refused(LinkCanGo().refused(says, says, "every mirror STOPPED", ctx.case.now))
        return {"there": True}

    def observe(self, ctx: StepContext) -> Observation:
        where, link = self.where(ctx.case), ctx.case.facts.link
        try:
            names = [found.name for found in ctx.gateways.side(where).links(deadline=ctx.deadline)]
        except ClusterError as error:
            return Observation({link: Item.unknown(str(error))}, str(error))
        evidence = {"side": where, "link": link, "at": ctx.case.now.isoformat()}
        if link not in names:
            return Observation({link: Item.done(f"gone from {where}")}, f"link {link} is gone from {where}", evidence)
        return Observation({link: Item.not_applied(f"still there on {where}")}, f"{where} still lists it", evidence)
