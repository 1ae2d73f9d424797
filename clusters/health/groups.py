"""Whether a consumer group runs where it may: on one side only, at a position that exists."""

from __future__ import annotations

from datetime import datetime

from clusters.facts import GroupFacts, MirrorStatus, PairFacts, Policy, SideFacts
from clusters.health.severity import UNREACHABLE, Expectations, Judgement, Severity, is_stale, stale


def active_twice(facts: PairFacts) -> list[str]:
    """Groups that run on both sides; those of a side whose groups are not known are not among them."""
    first, second = (side.groups or {} for side in facts.sides.values())
    return sorted(name for name in first.keys() & second.keys() if first[name].is_active and second[name].is_active)


def judge_group(name: str, facts: PairFacts, expectations: Expectations, now: datetime) -> Judgement:
    """One group may run on one side only, and never with a position above the end of a topic clients write."""
    seen = {side.side: (side.groups or {}).get(name) for side in facts.sides.values()}
    active = [side for side, group in seen.items() if group is not None and group.is_active]
    if len(active) > 1:
        return Judgement(Severity.CRITICAL, "active on both sides", f"{name} runs on {' and '.join(active)}: stop one")
    for side in facts.sides.values():
        if above := above_end(seen[side.side], side):
            return Judgement(Severity.CRITICAL, "position above the end", f"{name} on {side.side}: {above}")
    for side in facts.sides.values():
        if problem := _unseen(name, side, facts.policy, expectations, now):
            return problem
    if active:
        return Judgement(Severity.OK, f"runs on {active[0]}", "no member on the other side")
    return Judgement(Severity.WATCH, "runs nowhere", f"{name} has no member on either side")


def _unseen(name: str, side: SideFacts, policy: Policy, expectations: Expectations, now: datetime) -> Judgement | None:
    if is_stale(side.read_at, policy, now):
        return stale(side, policy, now)
    if side.groups is not None:
        return None
    why = expectations.reason(side.side, UNREACHABLE)
    said = f"{side.side} does not tell whether {name} runs there; not seen is not stopped"
    return Judgement(
        Severity.EXPECTED if why else Severity.UNKNOWN, f"not seen on {side.side}", f"{said}. {why or ''}".strip()
    )


def above_end(group: GroupFacts | None, side: SideFacts) -> str:
    """Positions on a topic that is still mirrored may run ahead of it by the lag; they are lowered when it stops."""
    for position in group.committed if group else ():
        mirror, topic = side.mirror(position.topic), (side.topics or {}).get(position.topic)
        if topic is None or (mirror is not None and mirror.status is not MirrorStatus.STOPPED):
            continue
        end = topic.end_offsets[position.partition] if position.partition < len(topic.end_offsets) else None
        if end is not None and position.offset > end:
            return f"committed {position.offset} above the end {end} of {position.topic}-{position.partition}"
    return ""
