from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import ClientFacts, GroupFacts, SideFacts
from clusters.subscriptions import read_on
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import Rule, acting_side, listed, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict

SOURCE = "one group runs on one cluster only"


@guards.add("group_not_elsewhere")
@dataclass(frozen=True)
class GroupNotElsewhere(Rule):
    """Each group is proven stopped on the side it leaves, before it may start here.

    A coordinator that answers EMPTY or DEAD there is proof. When that side does not answer, the proof recorded by the
    stop step counts: unreachable is not stopped.
    """

    code: ClassVar[str] = "R10"
    title: ClassVar[str] = "The groups run nowhere else"
    source: ClassVar[str] = SOURCE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        subjects = step.subjects(case)
        there = case.facts.other(present(subjects.side, "the side the groups start on"))
        needs = f"every group stopped on {there.side}, and proven"
        active = [group for group in subjects.groups if _is_active(there, group)]
        if active:
            return self.refused(
                _says(active[0], there.side),
                f"active on {there.side}: {listed(active)}",
                needs,
                there.read_at,
                level=Level.ABSOLUTE,
            )
        proofs = {group: self._proof(there, group, case) for group in subjects.groups}
        unproven = [group for group, proof in proofs.items() if not proof]
        if unproven:
            saw = f"{there.side} does not answer, and nothing proves it for {listed(unproven)}"
            return self.refused(_says(unproven[0], there.side), saw, needs, there.read_at, waits_for="groups.stop")
        return self.met("; ".join(f"{group}: {proof}" for group, proof in proofs.items()), needs, there.read_at)

    def _proof(self, there: SideFacts, group: str, case: Case) -> str:
        if there.reachable:
            found = present(there.groups, f"the consumer groups of {there.side}").get(group)
            return found.state if found else "not known there"
        recorded = case.evidence.get("groups.stop", {})
        proof = recorded.get("groups", {}).get(group) if recorded.get("side") == there.side else None
        return f"stopped, {proof['level']}: {proof['saw']}" if proof else ""


def _is_active(side: SideFacts, group: str) -> bool:
    if not side.reachable:
        return False
    found: GroupFacts | None = present(side.groups, f"the consumer groups of {side.side}").get(group)
    return found is not None and found.is_active


def _says(group: str, side: str) -> str:
    return f"Group {group} is or may be active on {side}. One group may run on one cluster only. Stop it and prove it."


@guards.add("committed_within_log")
@dataclass(frozen=True)
class CommittedWithinLog(Rule):
    """No committed offset of a group lies above the log end of its partition, where it would jump on starting."""

    code: ClassVar[str] = "R20"
    title: ClassVar[str] = "Committed offsets lie within the log"
    source: ClassVar[str] = "a position above the end makes clients apply auto.offset.reset"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side = acting_side(step, case)
        groups = present(side.groups, f"the consumer groups of {side.side}")
        needs = "committed at or below the log end, every partition"
        checked = 0
        for name in step.subjects(case).groups:
            for commit in groups[name].committed if name in groups else ():
                end = log_end(side, commit.topic, commit.partition)
                checked += 1
                if commit.offset > end:
                    tp = f"{commit.topic}-{commit.partition}"
                    says = (
                        f"Group {name} has committed offset {commit.offset} above the log end {end} on {tp}. "
                        f"Starting it could jump to earliest or latest."
                    )
                    return self.refused(says, f"{name}: {commit.offset} of {end} on {tp}", needs, side.offsets_at)
        fresh = [name for name in step.subjects(case).groups if name not in groups or not groups[name].committed]
        note = f"; no commits yet: {listed(fresh)} (auto.offset.reset decides where they begin)" if fresh else ""
        return self.met(f"{checked} partitions within the log{note}", needs, side.offsets_at)


def log_end(side: SideFacts, topic: str, partition: int) -> int:
    known = present(side.topics, f"the topics of {side.side}")
    ends = known[topic].end_offsets if topic in known else ()
    end = ends[partition] if partition < len(ends) else None
    return present(end, f"the log end of {topic}-{partition} on {side.side}")


@guards.add("subscription_covered")
@dataclass(frozen=True)
class SubscriptionCovered(Rule):
    """What each group is declared to read exists where it starts, prefixed mirrors of the other side included."""

    code: ClassVar[str] = "R35"
    title: ClassVar[str] = "What the groups read is here"
    level: ClassVar[Level] = Level.WARNING
    source: ClassVar[str] = "a subscription must cover the owned topic and the prefixed mirror"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, subjects = acting_side(step, case), step.subjects(case)
        names = present(side.topics, f"the topics of {side.side}")
        needs = f"every declared topic on {side.side}, and its mirror"
        read: set[str] = set()
        unseen: set[str] = set()
        for client in case.facts.clients:
            if client.group not in subjects.groups:
                continue
            wanted = _read_by(client, side, case)
            if missing := [topic for topic in wanted if topic not in names]:
                says = f"The subscription of {client.group} does not cover {listed(missing)}: not on {side.side}."
                return self.refused(says, f"missing: {listed(missing)}", needs, side.read_at)
            if misfit := _misfit(client, side, set(wanted)):
                says = f"The subscription of {client.group} {misfit}."
                return self.refused(says, f"on {side.side}, {client.group} {misfit}", needs, side.read_at)
            read.update(wanted)
            unseen |= set() if client.subscription else {client.name}
        note = f"; how these subscribe is not declared: {listed(unseen)}" if unseen else ""
        return self.met(f"here: {listed(read) or 'nothing is declared'}{note}", needs, side.read_at)


def _misfit(client: ClientFacts, side: SideFacts, wanted: set[str]) -> str:
    """What the declared subscription would leave out, or read beside it, of the topics that are there."""
    if client.subscription is None:
        return ""
    there = {*(side.topics or ()), *(side.other_topics or ())}
    read = set(read_on(client.subscription, side.side, there))
    if lacking := wanted - read:
        return f"does not cover {listed(lacking)}"
    extra = read - wanted
    return f"matches unrelated {listed(extra)}" if extra else ""


def _read_by(client: ClientFacts, side: SideFacts, case: Case) -> tuple[str, ...]:
    """What a client reads on a side: the topic and, on a prefixed link, the other side's mirror of it."""
    link = side.link(case.facts.link)
    prefixes = ("", link.prefix) if link and link.prefix else ("",)
    return tuple(prefix + topic for topic in client.topics for prefix in prefixes)
