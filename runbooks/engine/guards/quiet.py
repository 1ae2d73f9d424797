from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import SideFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, other_side, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.moment import moment
from runbooks.engine.outcome import Verdict

SOURCE = "sample the log ends; any growth names topic and records"
NEEDS = "log ends that do not move"


def says(topic: str, side: str, records: int, seconds: int) -> str:
    return f"{topic} on {side} is still receiving writes ({records} records in {seconds} s). Stop all producers first."


@guards.add("source_not_advancing")
@dataclass(frozen=True)
class SourceNotAdvancing(Rule):
    """The side that is left takes no writes any more: it does not answer, or its log ends have not moved."""

    code: ClassVar[str] = "R14"
    title: ClassVar[str] = "The side that is left is not advancing"
    source: ClassVar[str] = SOURCE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        left = other_side(step, case)
        if not left.reachable:
            return self.met(f"{left.side} does not answer; no producer reaches it from here", NEEDS, left.read_at)
        before = present(case.previous, f"an earlier reading of {left.side}").side(left.side)
        seconds = int((left.read_at - before.read_at).total_seconds())
        if seconds < 1:
            raise MissingFact(f"two readings of {left.side} that lie apart")
        for topic in step.subjects(case).topics:
            records = _grown(before, left, topic)
            if records:
                return self.refused(
                    says(topic, left.side, records, seconds), f"{topic} +{records} in {seconds} s", NEEDS, left.read_at
                )
        return self.met(f"flat for {seconds} s on {left.side}", NEEDS, left.read_at)


def _grown(before: SideFacts, now: SideFacts, topic: str) -> int:
    was = ends(before, topic)
    return sum(end - start for start, end in zip(was, ends(now, topic), strict=True))


def ends(side: SideFacts, topic: str) -> tuple[int, ...]:
    """The log ends of a topic. MissingFact where one is not known."""
    topics = present(side.topics, f"the topics of {side.side}")
    found = topics[topic].end_offsets if topic in topics else ()
    if not found or None in found:
        raise MissingFact(f"the log ends of {topic} on {side.side}")
    return tuple(end for end in found if end is not None)


class StillQuiet(Rule):
    """The log ends are where the quiet step of this incident left them."""

    code: ClassVar[str] = "R14"
    source: ClassVar[str] = SOURCE

    def judge_side(self, side: SideFacts, topics: tuple[str, ...], case: Case) -> Verdict:
        recorded = case.evidence.get("topics.quiet", {})
        if recorded.get("side") != side.side:
            raise MissingFact(f"whether {side.side} takes no writes", waits_for="topics.quiet")
        for topic in topics:
            was = recorded.get("ends", {}).get(topic)
            if was is None:
                raise MissingFact(f"whether {topic} on {side.side} takes no writes", waits_for="topics.quiet")
            now = ends(side, topic)
            if list(now) != list(was):
                grown = sum(now) - sum(was)
                text = f"{topic} on {side.side} is still receiving writes ({grown} records since it was found quiet)."
                saw = f"{topic} moved by {grown}"
                return self.refused(f"{text} Stop all producers first.", saw, NEEDS, side.offsets_at)
        return self.met(f"unmoved on {side.side} since {moment(recorded.get('at'), case.now)}", NEEDS, side.offsets_at)


@guards.add("quiet_here")
@dataclass(frozen=True)
class QuietHere(StillQuiet):
    """Nobody writes to the topics on the side this step acts on, since the quiet step found them still."""

    title: ClassVar[str] = "Nobody writes here"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        return self.judge_side(acting_side(step, case), step.subjects(case).topics, case)


@guards.add("quiet_there")
@dataclass(frozen=True)
class QuietThere(StillQuiet):
    """Nobody writes to the topics on the other side, since the quiet step found them still."""

    title: ClassVar[str] = "Nobody writes on the other side"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        return self.judge_side(other_side(step, case), step.subjects(case).topics, case)
