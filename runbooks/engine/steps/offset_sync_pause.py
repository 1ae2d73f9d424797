from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.link_settings import (
    FreshLinkSettings,
    NoAclSyncWithPrefix,
    NoAutoCreateWithPrefix,
    NoGroupPrefix,
)
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.offset_sync import OffsetSyncOn
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.link_settings import ENABLE, FILTERS, Settings, saved_as
from runbooks.engine.steps.link_altered import AltersLink
from runbooks.engine.values import Side


class Lasts(StrEnum):
    """UNTIL_RESUMED holds the incident open until the switch is on again; FOR_GOOD is for clients that have left."""

    UNTIL_RESUMED = "until-resumed"
    FOR_GOOD = "for-good"


@steps.add("offset-sync.pause")
@dataclass(frozen=True)
class PauseOffsetSync(AltersLink):
    """Switch offset sync off.

    Keeps committed offsets of the other side from being carried to this one, so that they cannot overwrite what groups
    commit here. The cluster forgets its group filter when the switch goes off, so switch and filter are saved first.
    Unless it is meant for good, the incident cannot be closed before the switch is on again.
    """

    side: Side | None = field(default=None, metadata={"about": "the side that offsets are carried to"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})
    lasts: Lasts = field(default=Lasts.UNTIL_RESUMED, metadata={"about": "until-resumed, or for-good"})

    kind: ClassVar[str] = "offset-sync.pause"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    way_back: ClassVar[str] = "Switch it on again with its saved filter: the offset-sync.resume step does both."
    guards: ClassVar[tuple[Guard, ...]] = (
        *(MayChange(), FreshFacts(), FreshLinkSettings(), NoGroupPrefix(), NoAutoCreateWithPrefix()),
        *(NoAclSyncWithPrefix(), OffsetSyncOn()),
    )

    def challenge(self, case: Case) -> str:
        how_long = "for good" if self.lasts is Lasts.FOR_GOOD else "until it is resumed"
        return f"Carry no group offsets to {self.side_of(case)} {how_long}?"

    def changes(self, case: Case) -> Settings:
        return {ENABLE: "false"}

    def will_happen(self, case: Case) -> str:
        side = self.side_of(case)
        return f"Link {case.facts.link} on {side} stops carrying group offsets. Its switch and filter are saved first."

    def clients_see(self, case: Case) -> str:
        return f"Nothing now. A group that moves to {self.side_of(case)} later starts where its offsets stand today."

    def check_before(self, ctx: StepContext, now: Settings, sent: Settings) -> str:
        """What is off already was switched off by somebody else, and its filter is gone: there is nothing to save."""
        if now.get(ENABLE) == "true" and FILTERS in now:
            return ""
        return f"{ENABLE} reads {now.get(ENABLE) or 'nothing'} on {self.side_of(ctx.case)}: there is nothing to save."

    def kept(self, ctx: StepContext, now: Settings) -> Mapping[str, Any]:
        return {
            saved_as(self.side_of(ctx.case)): {
                "side": self.side_of(ctx.case),
                "link": ctx.case.facts.link,
                "lasts": self.lasts,
                "run": ctx.run,
                "at": ctx.case.now.isoformat(),
                "settings": {name: now[name] for name in (FILTERS, ENABLE)},
            }
        }
