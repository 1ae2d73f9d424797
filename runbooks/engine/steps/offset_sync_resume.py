from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.link_settings import (
    FreshLinkSettings,
    NoAclSyncWithPrefix,
    NoAutoCreateWithPrefix,
    NoGroupPrefix,
)
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.offset_sync import OffsetSyncOff, OffsetSyncSaved
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.link_settings import ENABLE, FILTERS, Settings, is_same, saved_as
from runbooks.engine.steps.link_altered import AltersLink
from runbooks.engine.values import Side


@steps.add("offset-sync.resume")
@dataclass(frozen=True)
class ResumeOffsetSync(AltersLink):
    """Switch offset sync on again.

    Puts back exactly the group filter that was saved when it was switched off, and then the switch. The switch goes
    last, so that what is done by half leaves it off, never on with a filter missing.
    """

    side: Side | None = field(default=None, metadata={"about": "the side that offsets are carried to"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "offset-sync.resume"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    way_back: ClassVar[str] = "Switch it off again."
    guards: ClassVar[tuple[Guard, ...]] = (
        *(MayChange(), FreshFacts(), FreshLinkSettings(), NoGroupPrefix(), NoAutoCreateWithPrefix()),
        *(NoAclSyncWithPrefix(), OffsetSyncSaved(), OffsetSyncOff()),
    )

    def challenge(self, case: Case) -> str:
        return f"Carry group offsets to {self.side_of(case)} again?"

    def changes(self, case: Case) -> Settings:
        """Filter first, switch last."""
        side = self.side_of(case)
        found = case.evidence.get(saved_as(side))
        if found is None:
            raise MissingFact(f"the settings of offset sync on {side} before it was off", waits_for="offset-sync.pause")
        saved: Settings = found["settings"]
        return {**({FILTERS: saved[FILTERS]} if saved.get(FILTERS) else {}), ENABLE: saved[ENABLE]}

    def on_paper(self, case: Case) -> Settings:
        """The filter was saved when the switch went off, which paper cannot know."""
        return {FILTERS: "FILTER-AS-NOTED", ENABLE: "true"}

    def will_happen(self, case: Case) -> str:
        return f"The saved group filter is put back on {self.side_of(case)}, then the switch: offsets are carried."

    def clients_see(self, case: Case) -> str:
        return f"Nothing. Offsets that groups commit on the other side reach {self.side_of(case)} within one sync."

    def check_before(self, ctx: StepContext, now: Settings, sent: Settings) -> str:
        side, wanted = self.side_of(ctx.case), self.changes(ctx.case)
        if now.get(ENABLE) != "false":
            return f"{ENABLE} reads {now.get(ENABLE) or 'nothing'} on {side}: somebody else has changed it."
        left = FILTERS in wanted and FILTERS not in sent
        if left and not is_same(now.get(FILTERS), wanted[FILTERS]):
            return f"{FILTERS} on {side} is not the saved one: the switch alone would carry other groups."
        return ""
