from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import ClassVar

from clusters.errors import ClusterError
from clusters.facts import Committed, GroupFacts
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.mirrors import TopicsNamed
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import Kind
from runbooks.engine.values import Groups, Side, Topics


@steps.add("groups.save-offsets")
@dataclass(frozen=True)
class SaveOffsets(Kind):
    """Save where the groups stand.

    Stores what each group has committed on the named topics. Deleting a topic takes these offsets along, and they live
    nowhere else. Every group must be stopped by then, since a running one goes on committing.
    """

    topics: Topics = field(metadata={"about": "the topics, one by one"})
    groups: Groups = field(metadata={"about": "the groups that read them"})
    side: Side | None = field(default=None, metadata={"about": "the side whose groups are read"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "groups.save-offsets"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), TopicsNamed())

    def challenge(self, case: Case) -> str:
        return f"Where do {listed(self.groups)} stand on {self.where(case)}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.groups

    def preview(self, ctx: StepContext) -> Preview:
        return Preview(
            will_happen=f"Nothing is sent. What is committed on {self.where(ctx.case)} is stored, group by group.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        try:
            found = ctx.gateways.side(self.where(ctx.case)).groups(self.groups, deadline=ctx.deadline)
        except ClusterError as error:
            return Observation({group: Item.unknown(str(error)) for group in self.groups}, str(error))
        items = {group: self._item(self.where(ctx.case), found.get(group)) for group in self.groups}
        saved = sum(item.state == "done" for item in items.values())
        evidence = {
            "side": self.where(ctx.case),
            "at": ctx.case.now.isoformat(),
            "topics": list(self.topics),
            "groups": {name: [asdict(row) for row in self._on_topics(found.get(name))] for name in self.groups},
        }
        return Observation(items, f"{saved} of {len(items)} saved on {self.where(ctx.case)}", evidence)

    def _item(self, side: str, group: GroupFacts | None) -> Item:
        if group is None:
            return Item.unknown(f"{side} did not tell of it")
        if group.is_active:
            return Item.waiting(f"{group.state} on {side} with {group.members} members: it goes on committing")
        rows = self._on_topics(group)
        return Item.done(f"{len(rows)} offsets" if rows else "has committed nothing on these topics")

    def _on_topics(self, group: GroupFacts | None) -> list[Committed]:
        return [commit for commit in group.committed if commit.topic in self.topics] if group else []
