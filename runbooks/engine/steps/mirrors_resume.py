from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from clusters.facts import MirrorStatus
from clusters.gateway import MirrorAction
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import MirrorsCanResume, TopicsNamed
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item
from runbooks.engine.steps.mirrored import Mirrored, Mirrors, is_unmoved, named, odd
from runbooks.engine.values import Side, Topics

RESUMED = frozenset({MirrorStatus.ACTIVE, MirrorStatus.SOURCE_UNAVAILABLE})


@steps.add("mirrors.resume")
@dataclass(frozen=True)
class ResumeMirrors(Mirrored):
    """Resume the mirrors.

    Lets paused mirrors go on where they stopped. Done when they read ACTIVE again, or SOURCE_UNAVAILABLE while the
    other side does not answer; whether they have caught up is for the lag step to see.
    """

    side: Side = field(metadata={"about": "the side that holds the mirrors"})
    topics: Topics = field(metadata={"about": "the mirror topics, one by one"})

    kind: ClassVar[str] = "mirrors.resume"
    action: ClassVar[MirrorAction] = MirrorAction.RESUME
    way_back: ClassVar[str] = "Pause them again."
    guards: ClassVar[tuple[Guard, ...]] = (MayChange(), TopicsNamed(), FreshFacts(), MirrorsCanResume())

    def challenge(self, case: Case) -> str:
        return f"Let {named(self.topics)} on {self.side} receive again?"

    def looks_there(self) -> bool:
        return False

    def will_happen(self, case: Case) -> str:
        return f"{named(self.topics)} on {self.side} go on where they stopped, and catch up."

    def clients_see(self, case: Case) -> str:
        return f"Readers on {self.side} receive what was held back, late and perhaps a lot at once."

    def recognised_by(self, case: Case) -> str:
        return f"every topic reads ACTIVE on {self.side}"

    def judge_topic(self, ctx: StepContext, topic: str, here: Mirrors, there: Mirrors | None) -> Item:
        mirror = here.get(topic)
        if mirror is not None and mirror.status in RESUMED:
            return Item.done(f"{mirror.status} on {self.side}")
        if is_unmoved(ctx, "here", topic, mirror) and mirror is not None:
            return Item.not_applied(f"still {mirror.status} on {self.side}")
        return odd(mirror, self.side)
