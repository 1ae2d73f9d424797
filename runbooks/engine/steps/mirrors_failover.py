from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.gateway import MirrorAction
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.loss import CutSaved, CutUnmoved, LossAccepted
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import MirrorsCanFailOver, NoCommandNeeded, TopicsNamed
from runbooks.engine.guards.outage import OutageConfirmed
from runbooks.engine.guards.platform import NoCombinedNodes
from runbooks.engine.guards.quiet import SourceNotAdvancing
from runbooks.engine.guards.transactions import TransactionsInTurn
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item
from runbooks.engine.steps.mirrored import named
from runbooks.engine.steps.stopped import StopsMirrors
from runbooks.engine.values import Side, Topics


@steps.add("mirrors.failover")
@dataclass(frozen=True)
class FailOverMirrors(StopsMirrors):
    """Fail over the mirror topics.

    Makes mirror topics writable on the surviving side now, without the side that is lost. What had not been mirrored
    stays behind. Done when every topic reads STOPPED; accepted is not done.
    """

    away_from: Side = field(metadata={"about": "the side that failed; the mirrors on the other side are failed over"})
    topics: Topics = field(metadata={"about": "the mirror topics, one by one"})

    kind: ClassVar[str] = "mirrors.failover"
    action: ClassVar[MirrorAction] = MirrorAction.FAILOVER
    way_back: ClassVar[str] = (
        "Not possible. The way back is to restore the old home from here with its own runbook, where the platform "
        "allows it, or to delete and mirror again."
    )
    guards: ClassVar[tuple[Guard, ...]] = (
        MayChange(),
        NoCommandNeeded(),
        TopicsNamed(),
        FreshFacts(),
        OutageConfirmed(),
        CutSaved(),
        CutUnmoved(),
        LossAccepted(),
        SourceNotAdvancing(),
        MirrorsCanFailOver(),
        NoCombinedNodes(),
        TransactionsInTurn(),
    )

    def challenge(self, case: Case) -> str:
        return f"Make {named(self.topics)} writable on {self.side_of(case)} now, without {self.away_from}?"

    def will_happen(self, case: Case) -> str:
        topics = named(self.topics)
        return f"Mirroring of {topics} to {self.side_of(case)} stops; they become ordinary, writable topics."

    def clients_see(self, case: Case) -> str:
        return (
            f"Readers on {self.side_of(case)} go on; groups that had read further on {self.away_from} are set back "
            f"to the cut. Producers can write here once they are routed here."
        )

    def evidence(self, ctx: StepContext, items: Mapping[str, Item]) -> dict[str, Any]:
        """Log ends at the moment each topic is first seen STOPPED, before producers come: the exact cut."""
        known = ctx.memory.get("ends", {})
        new = [topic for topic, item in items.items() if item.state == "done" and topic not in known]
        try:
            found = ctx.gateways.side(self.side_of(ctx.case)).topics(new, deadline=ctx.deadline) if new else {}
        except ClusterError:
            found = {}
        return {"away_from": self.away_from, "ends": {name: list(topic.end_offsets) for name, topic in found.items()}}

    def seen(self, case: Case) -> Mapping[str, Any]:
        recorded = case.evidence.get("cut.save", {})
        return {"lower": recorded.get("lower"), "estimate": recorded.get("estimate")}

    def worse_than(self, seen: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
        before, after = seen.get("lower"), now.get("lower")
        if before is None or after is None or after <= before:
            return None
        return f"at least {before:,} records were missing when this was approved, at least {after:,} are now"
