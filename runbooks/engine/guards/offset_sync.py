from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, listed
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.link_settings import ENABLE, FILTERS, half_on, lets_through, saved_as, setting
from runbooks.engine.outcome import Level, Verdict

CODE, SOURCE = "offset-sync", "a link carries the offsets of the groups that its filter names, while its switch is on"


@guards.add("offset_sync_on")
@dataclass(frozen=True)
class OffsetSyncOn(Rule):
    """Group offsets are carried to this side: its half of the link has the switch on, its filter names the groups."""

    code: ClassVar[str] = CODE
    title: ClassVar[str] = "Group offsets are carried here"
    source: ClassVar[str] = SOURCE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, needs = acting_side(step, case), f"{ENABLE}=true, and every group in {FILTERS}"
        link, groups = half_on(case, side), step.subjects(case).groups
        if setting(link, ENABLE, side.side) != "true":
            says = f"Offset sync is off on {side.side} already: no group offset is carried there."
            return self.refused(says, f"{ENABLE} is not true on {side.side}", needs, side.configs_at)
        if link.configs.get("cluster.link.paused") == "true":
            says = f"Link {link.name} is paused on {side.side}: it carries neither records nor offsets."
            return self.refused(says, f"the link is paused on {side.side}", needs, side.configs_at)
        missing = [group for group in groups if not lets_through(setting(link, FILTERS, side.side), group)]
        if missing:
            says = f"The offsets of {listed(missing)} are not carried to {side.side}: {FILTERS} does not name them."
            return self.refused(says, f"not named: {listed(missing)}", needs, side.configs_at)
        return self.met(f"on, and {len(groups)} groups named" if groups else "on", needs, side.configs_at)


@guards.add("offset_sync_off")
@dataclass(frozen=True)
class OffsetSyncOff(Rule):
    """Offset sync is off on this side: there is something to switch on."""

    code: ClassVar[str] = CODE
    title: ClassVar[str] = "Offset sync is off here"
    source: ClassVar[str] = SOURCE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side = acting_side(step, case)
        needs = f"{ENABLE}=false on {side.side}"
        if setting(half_on(case, side), ENABLE, side.side) == "false":
            return self.met(f"off on {side.side}", needs, side.configs_at)
        says = f"Offset sync is on already on {side.side}: whoever switched it on decided its filters."
        return self.refused(says, f"on on {side.side}", needs, side.configs_at, level=Level.ABSOLUTE)


@guards.add("offset_sync_saved")
@dataclass(frozen=True)
class OffsetSyncSaved(Rule):
    """What the settings were before the switch went off is on record: the cluster itself has forgotten the filter."""

    code: ClassVar[str] = CODE
    title: ClassVar[str] = "What it was before is on record"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "switching offset sync off wipes its filter"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, needs = acting_side(step, case).side, "the settings saved by the step that switched it off"
        saved = case.evidence.get(saved_as(side))
        if saved is None:
            raise MissingFact(f"the settings of offset sync on {side} before it was off", waits_for="offset-sync.pause")
        return self.met(f"saved by {saved.get('run', 'a run')}: {FILTERS}={saved['settings'].get(FILTERS)}", needs)
