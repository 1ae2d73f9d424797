from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.proof import coordinator
from runbooks.engine.values import Groups, Side


@steps.add("groups.absent")
@dataclass(frozen=True)
class GroupsAbsent(Kind):
    """See that no moved group wakes up.

    When a lost side returns, consumers that were cut off with it may go on where they stopped, while the same group
    runs on the other side. Every moved group must be inactive here; one that runs on both sides is a split brain and
    has to be stopped at once, before anything else.
    """

    side: Side = field(metadata={"about": "the side that has returned"})
    groups: Groups = field(metadata={"about": "the groups that were moved away from it"})

    kind: ClassVar[str] = "groups.absent"
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(),)

    def challenge(self, case: Case) -> str:
        return f"Did {listed(self.groups)} stay stopped on {self.side}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.groups

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        return ByHand(
            looks=tools.side(self.side).looks_at_groups(self.groups),
            expects=tuple(f"{group}: no members on {self.side}." for group in self.groups),
            notes=("Seen at, by whom",),
        )

    def preview(self, ctx: StepContext) -> Preview:
        return Preview(
            will_happen=f"Nothing is sent. The coordinators of {self.side} are asked about {listed(self.groups)}.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        items = {group: self._look(ctx, group) for group in self.groups}
        absent = sum(item.state == "done" for item in items.values())
        evidence = {"side": self.side, "at": ctx.case.now.isoformat(), "groups": {g: i.saw for g, i in items.items()}}
        return Observation(items, f"{absent} of {len(items)} inactive on {self.side}", evidence)

    def _look(self, ctx: StepContext, group: str) -> Item:
        found, said = coordinator(ctx, self.side, group)
        if found is None:
            return Item.unknown(said or f"{self.side} did not tell of {group}")
        if not found.is_active:
            return Item.done(f"{found.state} on {self.side}")
        other = ctx.case.facts.other(self.side)
        elsewhere = (other.groups or {}).get(group)
        split = f", and on {other.side} too: split brain" if elsewhere is not None and elsewhere.is_active else ""
        return Item.waiting(
            f"R10: Group {group} is active on {self.side} with {found.members} members{split}. Stop it there at once."
        )
