"""What failover and promote have in common: mirrors on the side that takes over end as ordinary, writable topics."""

from __future__ import annotations

from typing import ClassVar

from clusters.facts import MirrorStatus
from runbooks.engine.context import Case, StepContext
from runbooks.engine.outcome import Item
from runbooks.engine.steps.mirrored import Mirrored, Mirrors, is_unmoved, odd, under_way
from runbooks.engine.values import Side


class StopsMirrors(Mirrored):
    """Subclasses name the side that is left. Only the mirrors of the other side tell what came of it."""

    is_irreversible: ClassVar[bool] = True
    away_from: Side

    def looks_there(self) -> bool:
        return False

    def recognised_by(self, case: Case) -> str:
        return f"every topic reads STOPPED on {self.side_of(case)}"

    def judge_topic(self, ctx: StepContext, topic: str, here: Mirrors, there: Mirrors | None) -> Item:
        mirror, side = here.get(topic), self.side_of(ctx.case)
        if mirror is None:
            return odd(mirror, side)
        if mirror.status is MirrorStatus.STOPPED:
            return Item.done(f"STOPPED on {side}: writable")
        if mirror.status is MirrorStatus.PENDING_STOPPED:
            return under_way(ctx.case, mirror, side)
        if is_unmoved(ctx, "here", topic, mirror):
            return Item.not_applied(f"still {mirror.status} on {side}")
        return odd(mirror, side)

    def holds(self, case: Case) -> str | None:
        side = case.facts.other(self.away_from)
        moved = [
            f"{mirror.topic} reads {mirror.status}"
            for mirror in side.mirrors or ()
            if mirror.topic in self.topics and mirror.status is not MirrorStatus.STOPPED
        ]
        return f"{moved[0]} on {side.side}, and was STOPPED" if moved else None
