from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import MirrorStatus, SideFacts
from runbooks.engine.context import Case
from runbooks.engine.exported import decided
from runbooks.engine.guards.mirrors import by_topic
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, listed, other_side
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict

CUTS, REPLAY = "cut.export", "records.replay"
ERASES = "Deleting the link would erase the recorded cut offsets needed for data recovery."


@guards.add("link_can_go")
@dataclass(frozen=True)
class LinkCanGo(Rule):
    """Nothing is mirrored over the link any more, its cut offsets are exported, and what never crossed is settled.

    Settled is what was decided topic by topic, and replayed where that was decided; or that the commander has declared
    the lost cluster gone for good. A mirror that is not stopped holds it, and one in a transition above all.
    """

    code: ClassVar[str] = "R17"
    title: ClassVar[str] = "The link is not needed any more"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = (
        "cut offsets live as long as the link; deleting it while a mirror is PENDING is beyond repair"
    )

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, other = acting_side(step, case), other_side(step, case)
        needs = "every mirror STOPPED, its cut exported, what never crossed decided"
        stopped = []
        for topic, mirror in sorted(by_topic(side).items()):
            if mirror.link != case.facts.link:
                continue
            if mirror.status is not MirrorStatus.STOPPED:
                says = f"{topic} on {side.side} reads {mirror.status} on this link; a link goes when nothing uses it."
                return self.refused(f"{ERASES} {says}", f"{topic}: {mirror.status}", needs, side.read_at)
            stopped.append(topic)
        pending = [mirror.topic for mirror in other.mirrors or () if mirror.status.is_in_transition]
        if pending:
            says = f"{pending[0]} on {other.side} is in transition. Wait or open its transition errors."
            return self.refused(says, f"{pending[0]} in transition", needs, other.read_at)
        if why := _not_exported(case, side, stopped) or _open(case, other.side, stopped):
            return self.refused(f"{ERASES} {why}", why, needs, side.read_at)
        return self.met(f"{len(stopped)} stopped mirrors, cuts exported, nothing open", needs, side.read_at)


def _not_exported(case: Case, side: SideFacts, topics: list[str]) -> str:
    recorded = case.evidence.get(CUTS, {})
    if topics and recorded.get("survivor") != side.side:
        raise MissingFact(f"whether the cut offsets of {side.side} are exported", waits_for=CUTS)
    missing = [topic for topic in topics if topic not in recorded.get("topics", ())]
    return f"The cut of {listed(missing)} is not exported." if missing else ""


def _open(case: Case, lost: str, topics: list[str]) -> str:
    if not topics or case.will_not_return:
        return ""
    found = decided(case, lost)
    missing = [topic for topic in topics if topic not in found]
    if missing:
        return f"What never crossed of {listed(missing)} is not decided on yet, and {lost} may return."
    replays = [topic for topic in topics if found[topic] == "replay"]
    is_open = replays and REPLAY not in case.evidence
    return f"{listed(replays)} is to be replayed, and has not been yet." if is_open else ""
