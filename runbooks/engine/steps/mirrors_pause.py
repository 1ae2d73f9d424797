from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.facts import MirrorStatus
from clusters.gateway import MirrorAction
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import MirrorsCanPause, TopicsNamed
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item
from runbooks.engine.steps.mirrored import Mirrored, Mirrors, is_unmoved, named, odd
from runbooks.engine.values import Side, Topics


@steps.add("mirrors.pause")
@dataclass(frozen=True)
class PauseMirrors(Mirrored):
    """Pause the mirrors.

    Keeps mirrors from fetching, so that late records of the other side arrive when it suits. While they are paused
    these topics are not protected: what is written on the other side meanwhile is lost with it. The incident cannot be
    closed before they are resumed.
    """

    side: Side = field(metadata={"about": "the side that holds the mirrors"})
    topics: Topics = field(metadata={"about": "the mirror topics, one by one"})

    kind: ClassVar[str] = "mirrors.pause"
    action: ClassVar[MirrorAction] = MirrorAction.PAUSE
    way_back: ClassVar[str] = "Resume the mirrors; they go on where they stopped, as long as the source still has it."
    guards: ClassVar[tuple[Guard, ...]] = (MayChange(), TopicsNamed(), FreshFacts(), MirrorsCanPause())

    def challenge(self, case: Case) -> str:
        return f"Keep {named(self.topics)} on {self.side} from receiving anything until they are resumed?"

    def looks_there(self) -> bool:
        return False

    def will_happen(self, case: Case) -> str:
        return f"{named(self.topics)} on {self.side} stop where they are. They stay read-only mirrors."

    def clients_see(self, case: Case) -> str:
        return f"Readers on {self.side} see nothing new on these topics until they are resumed."

    def recognised_by(self, case: Case) -> str:
        return f"every topic reads PAUSED on {self.side}"

    def judge_topic(self, ctx: StepContext, topic: str, here: Mirrors, there: Mirrors | None) -> Item:
        mirror = here.get(topic)
        if mirror is None:
            return odd(mirror, self.side)
        if mirror.status is MirrorStatus.PAUSED:
            return Item.done(f"PAUSED on {self.side}: nothing is received, nothing is protected")
        if is_unmoved(ctx, "here", topic, mirror):
            return Item.not_applied(f"still {mirror.status} on {self.side}")
        return odd(mirror, self.side)

    def evidence(self, ctx: StepContext, items: Mapping[str, Item]) -> dict[str, Any]:
        """Read when the incident is to be closed (R39)."""
        return {"topics": list(self.topics)}
