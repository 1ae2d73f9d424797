"""A whole pair: every judgement under its name, and the worst of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clusters.facts import MirrorStatus, PairFacts, SideFacts, Topology
from clusters.health.groups import judge_group
from clusters.health.links import judge_link
from clusters.health.mirrors import judge_mirror
from clusters.health.severity import Expectations, Judgement, Severity, worst
from clusters.health.sides import judge_side


@dataclass(frozen=True)
class PairJudgement:
    """Every judgement of a pair, each under its name; mirrors by (side, topic), links by side."""

    worst: Judgement
    sides: Mapping[str, Judgement] = field(default_factory=dict)
    links: Mapping[str, Judgement] = field(default_factory=dict)
    mirrors: Mapping[tuple[str, str], Judgement] = field(default_factory=dict)
    groups: Mapping[str, Judgement] = field(default_factory=dict)


def judge_pair(
    facts: PairFacts,
    expectations: Expectations,
    now: datetime,
    *,
    previous: PairFacts | None = None,
    rates: Mapping[tuple[str, str], float] | None = None,
) -> PairJudgement:
    """Worst of everything. `rates` are records per second by (side that holds the mirror, mirror topic)."""
    known = rates or {}
    sides = {
        name: judge_side(side, facts.policy, expectations, now, unreachable_since=_since(facts, name))
        for name, side in facts.sides.items()
    }
    links: dict[str, Judgement] = {}
    mirrors: dict[tuple[str, str], Judgement] = {}
    for name, side in facts.sides.items():
        other = facts.other(name)
        if (link := side.link(facts.link)) is not None:
            links[name] = judge_link(link, side, facts.policy, expectations, now, remote=other)
        elif facts.link and side.links is not None:
            links[name] = Judgement(Severity.CRITICAL, "missing", f"{side.side} has no link {facts.link}")
        for mirror in side.mirrors or ():
            rate = known.get((name, mirror.topic))
            mirrors[name, mirror.topic] = judge_mirror(
                mirror, side, facts.policy, expectations, now, source=other, rate=rate
            )
    groups = {name: judge_group(name, facts, expectations, now) for name in sorted(_group_names(facts))}
    brain = list(_split_brain(facts, previous))
    found = worst([*brain, *sides.values(), *links.values(), *mirrors.values(), *groups.values()])
    return PairJudgement(found, sides, links, mirrors, groups)


def _since(facts: PairFacts, side: str) -> datetime | None:
    return next((row.since for row in facts.seen_from(side) if row.kind == "console" and row.sees is False), None)


def _group_names(facts: PairFacts) -> set[str]:
    """Declared groups, and any other that runs on a side; one that only left offsets behind is not judged."""
    declared = {client.group for client in facts.clients if client.group}
    return declared | {g.name for side in facts.sides.values() for g in (side.groups or {}).values() if g.is_active}


def _split_brain(facts: PairFacts, previous: PairFacts | None) -> Iterator[Judgement]:
    """Active-passive: a topic that clients write on both sides between two looks."""
    if previous is None or facts.topology is not Topology.ACTIVE_PASSIVE:
        return
    grown = [_grown(side, previous.sides.get(name)) for name, side in facts.sides.items()]
    for topic in sorted(set.intersection(*grown)):
        yield Judgement(
            Severity.CRITICAL, "written on both sides", f"{topic} is written on both sides: stop one of them"
        )


def _grown(side: SideFacts, before: SideFacts | None) -> set[str]:
    """Topics with new records that no link brought."""
    mirrored = {m.topic for m in side.mirrors or () if m.status is not MirrorStatus.STOPPED}
    was = (before.topics if before else None) or {}
    return {
        name
        for name, topic in (side.topics or {}).items()
        if name in was and name not in mirrored and _is_ahead(topic.end_offsets, was[name].end_offsets)
    }


def _is_ahead(now: tuple[int | None, ...], was: tuple[int | None, ...]) -> bool:
    return any(a is not None and b is not None and a > b for a, b in zip(now, was, strict=False))
