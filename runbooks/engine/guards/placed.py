"""What has to be so before offsets of a group are set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from runbooks.engine.context import Case
from runbooks.engine.guards.groups import log_end
from runbooks.engine.guards.rule import Rule, acting_side, listed, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.rebuild import wanted_positions
from runbooks.engine.truncation import saved_cut


@guards.add("groups_can_be_placed")
@dataclass(frozen=True)
class GroupsCanBePlaced(Rule):
    """Each group is stopped here: a coordinator takes offsets from outside only for a group without members."""

    code: ClassVar[str] = "R10"
    title: ClassVar[str] = "The groups are stopped here"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "Kafka: offsets of a group with members are its members' own"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, groups = acting_side(step, case), step.subjects(case).groups
        known = present(side.groups, f"the consumer groups of {side.side}")
        active = [name for name in groups if name in known and known[name].is_active]
        needs = f"every group EMPTY on {side.side}"
        if active:
            says = f"Group {active[0]} is active on {side.side}: its offsets cannot be set. Stop it and prove it."
            return self.refused(says, f"active on {side.side}: {listed(active)}", needs, side.read_at)
        return self.met(f"{len(groups)} groups without members", needs, side.read_at)


@guards.add("places_within_log")
@dataclass(frozen=True)
class PlacesWithinLog(Rule):
    """Where each group is placed lies within the log as it is now."""

    code: ClassVar[str] = "R20"
    title: ClassVar[str] = "The places lie within the log"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "a position above the end makes clients apply auto.offset.reset"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, subjects = acting_side(step, case), step.subjects(case)
        needs, count = "at or below the log end, every partition", 0
        for group in subjects.groups:
            for (topic, partition), offset in wanted_positions(case, side.side, subjects.topics, group).items():
                end = log_end(side, topic, partition)
                count += 1
                if offset > end:
                    tp = f"{topic}-{partition}"
                    says = (
                        f"Group {group} would be placed at {offset}, above the log end {end} on {tp}. Let it catch up."
                    )
                    return self.refused(says, f"{group}: {offset} of {end} on {tp}", needs, side.offsets_at)
        return self.met(f"{count} places within the log", needs, side.offsets_at)


@guards.add("not_moved_back")
@dataclass(frozen=True)
class NotMovedBack(Rule):
    """No group is set below where it stands now, which would make it read again.

    One that had read beyond the cut on the other side is placed at the cut all the same; how much that is, is shown.
    """

    code: ClassVar[str] = "R29"
    title: ClassVar[str] = "No group is moved backwards"
    source: ClassVar[str] = "a move of offsets is said with its size"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, subjects, needs = acting_side(step, case), step.subjects(case), "at or above where each stands"
        known, again = present(side.groups, f"the consumer groups of {side.side}"), 0
        cuts = {topic: saved_cut(case, side.side, topic) for topic in subjects.topics}
        for name in subjects.groups:
            now = {(c.topic, c.partition): c.offset for c in known[name].committed} if name in known else {}
            for (topic, partition), offset in wanted_positions(case, side.side, subjects.topics, name).items():
                back = now.get((topic, partition), offset) - offset
                if back > 0 and offset < cuts[topic][partition]:
                    tp = f"{topic}-{partition}"
                    says = f"This would move group {name} backwards by {back} on {tp}. Confirm explicitly."
                    return self.refused(says, f"{name}: {back} back on {tp}", needs, side.read_at)
                again += max(0, back)
        if again:
            says = f"{again:,} records above the cut will be read twice: they were read on the other side before."
            return self.refused(says, f"{again:,} back to the cut", needs, side.read_at, level=Level.WARNING)
        return self.met("none backwards", needs, side.read_at)
