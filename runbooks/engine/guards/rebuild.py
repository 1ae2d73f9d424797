"""What has to be so before a former mirror is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import MirrorStatus, SideFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.active_groups import active_on
from runbooks.engine.guards.mirrors import MirrorStates, States, by_topic
from runbooks.engine.guards.quiet import ends
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, listed, other_side, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.rebuild import saved_positions, source_name, wanted_positions
from runbooks.engine.truncation import declared_tails, records, saved_cut

GOES_WITH_IT = "deleting a topic drops what groups committed on it"


@guards.add("former_mirrors")
@dataclass(frozen=True)
class FormerMirrors(MirrorStates):
    """Each topic is a STOPPED mirror here: what it held up to the cut is still on the other side."""

    title: ClassVar[str] = "Only former mirrors are deleted"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "vendor documentation: re-mirroring needs the stopped topic deleted first"
    here: ClassVar[States] = frozenset({MirrorStatus.STOPPED})

    def judge(self, step: StepKind, case: Case) -> Verdict:
        verdict = super().judge(step, case)
        if not verdict.is_met:
            return verdict
        side, other = acting_side(step, case), other_side(step, case)
        for topic in step.subjects(case).topics:
            if by_topic(side)[topic].source_topic != source_name(case, side.side, topic):
                raise MissingFact(f"the source of {topic} on {side.side}: its name and its history differ")
        there = [mirror.topic for mirror in other.mirrors or () if mirror.status.is_in_transition]
        if there:
            says = f"{there[0]} is in transition on {other.side}. Wait or open its transition errors."
            return self.refused(says, f"{there[0]} in transition", verdict.needs, other.read_at)
        return verdict


@guards.add("nobody_reads")
@dataclass(frozen=True)
class NobodyReads(Rule):
    """No consumer group is active on these topics here: it would lose its position while it runs."""

    code: ClassVar[str] = "R11"
    title: ClassVar[str] = "No group is active on what is deleted"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = GOES_WITH_IT

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, topics = acting_side(step, case), step.subjects(case).topics
        active, needs = active_on(side, topics, case), f"every group on the topics stopped on {side.side}"
        if active:
            says = f"Group {active[0]} is active on this topic; it would lose its position. Stop it and prove it."
            return self.refused(says, f"active on {side.side}: {listed(active)}", needs, side.read_at)
        return self.met(f"none on {side.side}", needs, side.read_at)


@guards.add("offsets_saved")
@dataclass(frozen=True)
class OffsetsSaved(Rule):
    """What every group has committed on the topics is saved in this incident, as it stands now."""

    code: ClassVar[str] = "offsets-saved"
    title: ClassVar[str] = "Where groups stand is saved"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = GOES_WITH_IT

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, topics = acting_side(step, case), step.subjects(case).topics
        saved, needs, count = saved_positions(case, side.side), "every committed offset on the topics, saved", 0
        for name, group in sorted(present(side.groups, f"the consumer groups of {side.side}").items()):
            for commit in group.committed:
                if commit.topic not in topics:
                    continue
                stored = saved.get(name, {}).get((commit.topic, commit.partition))
                if stored != commit.offset:
                    tp = f"{commit.topic}-{commit.partition}"
                    says = f"Group {name} stands at {commit.offset} on {tp}, which goes with it. Save it first."
                    return self.refused(says, f"{name}: {commit.offset} on {tp}, saved {stored}", needs, side.read_at)
                count += 1
        return self.met(f"{count} offsets", needs, side.read_at)


@guards.add("writes_settled")
@dataclass(frozen=True)
class WritesSettled(Rule):
    """What was written here since mirroring stopped is settled in writing, partition by partition, and no more came."""

    code: ClassVar[str] = "R25"
    title: ClassVar[str] = "What was written here since is settled"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "what is deleted is settled in writing, before it is deleted"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, topics = acting_side(step, case), step.subjects(case).topics
        tails, needs = declared_tails(case, side.side, topics, "rebuild"), "log ends as they were settled"
        for topic, parts in tails.items():
            now, cut = ends(side, topic), saved_cut(case, side.side, topic)
            if [(tail.cut, tail.end) for tail in parts] != list(zip(cut, now, strict=True)):
                moved = sum(now) - sum(tail.end for tail in parts)
                says = f"{topic} on {side.side} has moved by {moved} records since it was settled. Settle it again."
                return self.refused(says, f"{topic} moved by {moved}", needs, side.offsets_at)
        return self.met(f"{records(tails):,} records of {len(topics)} topics, settled", needs, side.offsets_at)


@guards.add("source_still_holds")
@dataclass(frozen=True)
class SourceStillHolds(Rule):
    """The source still has what groups need and has not lost what the mirror had: a rebuild brings nothing else."""

    code: ClassVar[str] = "R37"
    title: ClassVar[str] = "The source still holds what is needed"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "a new mirror holds what its source holds, and no more"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, other, topics = acting_side(step, case), other_side(step, case), step.subjects(case).topics
        needs, counted = "its start at or below what groups need, its end at or above the cut", 0
        for topic in topics:
            source = source_name(case, side.side, topic)
            starts, stops = _starts(other, source), ends(other, source)
            cut = saved_cut(case, side.side, topic)
            for partition, wanted in enumerate(_needed(case, side, topic, cut)):
                if partition >= len(starts):
                    raise MissingFact(f"partition {partition} of {source} on {other.side}")
                saw = f"{source}-{partition} on {other.side}: {starts[partition]} to {stops[partition]}"
                if starts[partition] > wanted:
                    says = (
                        f"Data below offset {starts[partition]} has expired on {other.side}; a rebuild would lose it."
                    )
                    return self.refused(f"{says} {topic}-{partition} is needed from {wanted}.", saw, needs)
                if stops[partition] < cut[partition]:
                    says = (
                        f"{other.side} ends at {stops[partition]} on {source}-{partition}, below the cut "
                        f"{cut[partition]}: it has lost records that {side.side} has; a rebuild would lose them."
                    )
                    return self.refused(says, saw, needs, other.offsets_at)
                counted += 1
        return self.met(f"{counted} partitions on {other.side}", needs, other.offsets_at)


def _starts(side: SideFacts, topic: str) -> tuple[int, ...]:
    topics = present(side.topics, f"the topics of {side.side}")
    found = topics[topic].start_offsets if topic in topics else ()
    if not found or None in found:
        raise MissingFact(f"the log starts of {topic} on {side.side}")
    return tuple(start for start in found if start is not None)


def _needed(case: Case, side: SideFacts, topic: str, cut: tuple[int, ...]) -> Iterator[int]:
    """Per partition the lowest offset a saved group goes on from; without one all that is still here."""
    positions = [wanted_positions(case, side.side, (topic,), group) for group in saved_positions(case, side.side)]
    for partition, start in enumerate(_starts(side, topic)):
        found = [stood[topic, partition] for stood in positions if (topic, partition) in stood]
        yield min(found, default=min(start, cut[partition]))
