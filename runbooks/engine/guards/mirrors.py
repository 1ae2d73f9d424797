from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import MirrorFacts, MirrorStatus, SideFacts, Topology
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, listed, other_side, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.values import TOPIC
from runbooks.engine.vantage import span

M = MirrorStatus
ORDINARY = None  # no mirror at all: a topic that was never one
States = frozenset[MirrorStatus | None]


@guards.add("topics_named")
@dataclass(frozen=True)
class TopicsNamed(Rule):
    """The topics are named one by one: no wildcard, and never a whole link."""

    code: ClassVar[str] = "R18"
    title: ClassVar[str] = "Topics are named one by one"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "a pattern can hit topics nobody reviewed"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        topics = step.subjects(case).topics
        odd = [topic for topic in topics if not TOPIC.fullmatch(topic)]
        if odd or not topics:
            says = "Wildcards and whole-link actions are not allowed. Pick topics."
            return self.refused(says, f"{odd[0]!r}" if odd else "no topic", "names, no pattern")
        return self.met(f"{len(topics)} names", "names, no pattern")


@guards.add("no_command_needed")
@dataclass(frozen=True)
class NoCommandNeeded(Rule):
    """Active-active: each side has its own writable topics, so an outage needs no mirror command at all.

    It is open only once the commander has declared, in the incident, that the failed cluster will not return.
    """

    code: ClassVar[str] = "R09"
    title: ClassVar[str] = "A mirror command is needed"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "active-active: the surviving side has writable topics of its own"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        needs = "an active-passive pair, or a cluster that will not return"
        if case.facts.topology is not Topology.ACTIVE_ACTIVE or case.will_not_return:
            saw = "declared: the cluster will not return" if case.will_not_return else case.facts.topology
            return self.met(saw, needs)
        says = (
            "Active-active: a regional outage needs no mirror command. Failover would stop replication and force a "
            'rebuild. Declare "cluster will not return" to continue.'
        )
        return self.refused(says, "active-active", needs)


class MirrorStates(Rule):
    """What the mirrors must read on the side acted on, and on the other; None stands for an ordinary topic."""

    code: ClassVar[str] = "R30"
    title: ClassVar[str] = "The mirrors are in a state for it"
    source: ClassVar[str] = "vendor documentation: mirror topic states and their transitions"
    here: ClassVar[States]
    there: ClassVar[States | None] = None

    def judge(self, step: StepKind, case: Case) -> Verdict:
        topics = step.subjects(case).topics
        needs = f"{_words(self.here)}{f'; on the other side {_words(self.there)}' if self.there else ''}"
        seen: dict[str, int] = {}
        for side, allowed in ((acting_side(step, case), self.here), (other_side(step, case), self.there)):
            if allowed is None:
                continue
            mirrors = by_topic(side)
            for topic in topics:
                if verdict := self._judge(case, side, topic, mirrors.get(topic), allowed, needs):
                    return verdict
                found = mirrors.get(topic)
                word = f"{found.status if found else 'ordinary'} on {side.side}"
                seen[word] = seen.get(word, 0) + 1
        return self.met(", ".join(f"{count} {word}" for word, count in seen.items()), needs)

    def _judge(
        self, case: Case, side: SideFacts, topic: str, mirror: MirrorFacts | None, allowed: States, needs: str
    ) -> Verdict | None:
        if mirror is None:
            return self._judge_ordinary(side, topic, allowed, needs)
        if mirror.status is M.UNRECOGNISED:
            raise MissingFact(f"what the state {mirror.said_status!r} of {topic} on {side.side} means")
        if mirror.status in allowed:
            return None
        saw = f"{topic} on {side.side}: {mirror.status}"
        if mirror.status.is_in_transition:
            since = f" for {span(case.now - mirror.state_at)}" if mirror.state_at else ""
            says = f"{topic} is in transition ({mirror.status}{since}). Wait or open its transition errors."
            return self.refused(says, saw, needs, side.read_at)
        says = f"{topic} on {side.side} reads {mirror.status}; this step needs {_words(allowed)}."
        return self.refused(says, saw, needs, side.read_at, level=Level.ABSOLUTE)

    def _judge_ordinary(self, side: SideFacts, topic: str, allowed: States, needs: str) -> Verdict | None:
        if topic not in present(side.topics, f"the topics of {side.side}"):
            raise MissingFact(f"topic {topic} on {side.side}: it was not found there")
        if ORDINARY in allowed:
            return None
        says = f"{topic} on {side.side} is no mirror; this step needs {_words(allowed)}."
        return self.refused(says, f"{topic} on {side.side}: ordinary", needs, side.read_at, level=Level.ABSOLUTE)


@guards.add("mirrors_can_fail_over")
@dataclass(frozen=True)
class MirrorsCanFailOver(MirrorStates):
    """Each topic is a mirror here, in a state from which it can be failed over, and not in a transition."""

    here: ClassVar[States] = frozenset(
        {M.ACTIVE, M.SOURCE_UNAVAILABLE, M.PAUSED, M.LINK_PAUSED, M.LINK_FAILED, M.FAILED}
    )


@guards.add("topics_can_restore")
@dataclass(frozen=True)
class TopicsCanRestore(MirrorStates):
    """Each topic is an ordinary topic here, and on the other side a stopped mirror of it: the new source."""

    here: ClassVar[States] = frozenset({ORDINARY, M.STOPPED})
    there: ClassVar[States | None] = frozenset({M.STOPPED})


@guards.add("mirrors_can_reverse")
@dataclass(frozen=True)
class MirrorsCanReverse(MirrorStates):
    """Each topic is an ACTIVE mirror here, on the side that takes over, and an ordinary topic on the other."""

    here: ClassVar[States] = frozenset({M.ACTIVE})
    there: ClassVar[States | None] = frozenset({ORDINARY, M.STOPPED})


@guards.add("mirrors_can_promote")
@dataclass(frozen=True)
class MirrorsCanPromote(MirrorStates):
    """Each topic is an ACTIVE mirror here: a promote fetches what is left, and then stops it."""

    here: ClassVar[States] = frozenset({M.ACTIVE})


@guards.add("mirrors_can_pause")
@dataclass(frozen=True)
class MirrorsCanPause(MirrorStates):
    """Each topic is a mirror here that fetches, or would if its source answered."""

    here: ClassVar[States] = frozenset({M.ACTIVE, M.SOURCE_UNAVAILABLE})


@guards.add("mirrors_can_resume")
@dataclass(frozen=True)
class MirrorsCanResume(MirrorStates):
    """Each topic is a paused mirror here. A paused link is another matter: it is resumed as a whole."""

    here: ClassVar[States] = frozenset({M.PAUSED})


def by_topic(side: SideFacts) -> Mapping[str, MirrorFacts]:
    return {mirror.topic: mirror for mirror in present(side.mirrors, f"the mirrors of {side.side}")}


def _words(states: States) -> str:
    return " or ".join(sorted(state.value if state else "an ordinary topic" for state in states))


@guards.add("lag_is_zero")
@dataclass(frozen=True)
class LagIsZero(Rule):
    """Every partition of each mirror has been fetched and has lag 0. A zero that was never fetched does not count."""

    code: ClassVar[str] = "R12"
    title: ClassVar[str] = "The mirrors have caught up"
    source: ClassVar[str] = "reverse only at lag 0: what is behind would be cut off"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side = acting_side(step, case)
        mirrors, topics = by_topic(side), step.subjects(case).topics
        for topic in topics:
            mirror = present(mirrors.get(topic), f"the mirror of {topic} on {side.side}")
            if not mirror.is_measured:
                raise MissingFact(f"the lag of {topic} on {side.side} (never fetched, negative or incomplete)")
            late = next((part for part in mirror.partitions if part.lag > 0), None)
            if late:
                tp = f"{topic}-{late.partition}"
                says = f"Mirror lag is {late.lag} on {tp}. This step needs lag 0."
                return self.refused(says, f"{late.lag} on {tp}", "0 on every partition", side.read_at)
        return self.met(f"0 on every partition of {len(topics)} mirrors", "0 on every partition", side.read_at)


@guards.add("both_reachable")
@dataclass(frozen=True)
class BothReachable(Rule):
    """Both clusters answer."""

    code: ClassVar[str] = "R13"
    title: ClassVar[str] = "Both clusters answer"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "restore and reverse change both clusters"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        for side in case.facts.sides.values():
            if not side.reachable:
                says = f"The other cluster is not reachable; this step needs both. {side.side}: {side.said}"
                return self.refused(says, f"{side.side} does not answer", "both answer", side.read_at)
        return self.met(f"{listed(list(case.facts.sides))} answer", "both answer")
