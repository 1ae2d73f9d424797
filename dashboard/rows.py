"""Facts of a side → rows of its mirrors and groups, judged; a row is built anew only where something moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clusters.facts import GroupFacts, MirrorFacts, MirrorStatus, PairFacts, SideFacts, TopicFacts
from clusters.health import Expectations, Judgement, Severity, judge_group, judge_mirror
from dashboard.memory import GROUP_FIELDS, MIRROR_FIELDS, Memory, Row

AT = {name: place for place, name in enumerate(MIRROR_FIELDS)}
GROUP_AT = {name: place for place, name in enumerate(GROUP_FIELDS)}
FETCHING = {MirrorStatus.ACTIVE, MirrorStatus.PENDING_SYNCHRONIZE}  # in any other state the lag stands still
PEAK_HALVES = timedelta(minutes=5)
STILL = {MirrorStatus.ACTIVE, MirrorStatus.STOPPED, MirrorStatus.PAUSED}  # judged alike however long they last


@dataclass(frozen=True)
class Scene:
    """What mirrors are judged by beside their own facts. `source` is the other side, as read last."""

    facts: PairFacts
    here: SideFacts
    source: SideFacts | None
    expectations: Expectations
    rates: Mapping[str, float] = field(default_factory=dict)  # at the source, topic → records a second

    @property
    def context(self) -> object:
        return (self.source.reachable if self.source else None, self.expectations, self.facts.policy)


def mirror_rows(scene: Scene, before: Memory) -> dict[str, Row]:
    known = {mirror.topic: mirror for mirror in (before.facts.mirrors if before.facts else None) or ()}
    is_same_scene = before.context == scene.context
    rows: dict[str, Row] = {}
    for mirror in scene.here.mirrors or ():
        old = before.mirrors.get(mirror.topic)
        if old is not None and is_same_scene and mirror.status in STILL and known.get(mirror.topic) == mirror:
            rows[mirror.topic] = old
        else:
            rows[mirror.topic] = _mirror_row(scene, mirror, old)
    return rows


def _mirror_row(scene: Scene, mirror: MirrorFacts, old: Row | None) -> Row:
    judged = judge_mirror(
        mirror, scene.here, scene.facts.policy, scene.expectations, scene.here.read_at,
        source=scene.source, rate=scene.rates.get(mirror.source_topic),
    )  # fmt: skip
    furthest = max(mirror.partitions, key=lambda each: each.lag, default=None)
    said = _unbelieved(mirror, judged, scene.source)
    return (
        scene.facts.pair, scene.here.side, mirror.topic, mirror.link, mirror.source_topic, mirror.said_status,
        judged.severity.rank, judged.severity.value, judged.words[:200], judged.why,
        mirror.max_lag if not said else None,
        mirror.total_lag if not said else None,
        said,
        furthest.last_source_fetch_offset if furthest else None,
        furthest.partition if furthest else None,
        mirror.num_partitions,
        _since(mirror, judged, old, scene.here.read_at),
    )  # fmt: skip


def _unbelieved(mirror: MirrorFacts, judged: Judgement, source: SideFacts | None) -> str:
    """Why the lag is no number, with the number the cluster said; empty where it is one."""
    if mirror.status is MirrorStatus.STOPPED:
        return "not mirrored"
    said = max((each.lag for each in mirror.partitions), default=None)
    if said is None:
        return "unknown"
    if mirror.is_measured and (mirror.status not in FETCHING or (source is not None and not source.reachable)):
        return f"{said:,}, frozen"
    is_believed = mirror.is_measured and judged.severity is not Severity.UNKNOWN
    return "" if is_believed else f"{said:,}, not believed".replace("-", "−")


def _since(mirror: MirrorFacts, judged: Judgement, old: Row | None, now: datetime) -> datetime:
    if old is None:
        return mirror.state_at or now
    is_same = (old[AT["status"]], old[AT["severity"]]) == (mirror.said_status, judged.severity.value)
    kept = old[AT["since"]]
    return kept if is_same and isinstance(kept, datetime) else now


def group_rows(scene: Scene, before: Memory) -> dict[str, Row]:
    return {
        name: _group_row(scene, group, before.groups.get(name)) for name, group in (scene.here.groups or {}).items()
    }


def _group_row(scene: Scene, group: GroupFacts, old: Row | None) -> Row:
    now = scene.here.read_at
    position = _position(group, scene.here.topics or {})
    alone = judge_group(group.name, scene.facts, scene.expectations, now)
    is_critical = alone.severity is Severity.CRITICAL
    return (
        scene.facts.pair, scene.here.side, group.name, group.state.value, group.members, list(group.client_ids[:20]),
        alone.words if is_critical else "", alone.why if is_critical else "",
        position.lag, position.within, position.count, position.total,
        _active_since(group, old, now),
        now if group.is_active else _kept(old, "active_at"),
        now if old is not None and old[GROUP_AT["committed_sum"]] != position.total else _kept(old, "moved_at"),
    )  # fmt: skip


def _active_since(group: GroupFacts, old: Row | None, now: datetime) -> datetime:
    kept = _kept(old, "since")
    was_active = old is not None and _is_active(old)
    return kept if kept and was_active == group.is_active else now


def _is_active(row: Row) -> bool:
    return bool(row[GROUP_AT["members"]]) or row[GROUP_AT["state"]] not in {"EMPTY", "DEAD"}


def _kept(old: Row | None, name: str) -> datetime | None:
    found = old[GROUP_AT[name]] if old is not None else None
    return found if isinstance(found, datetime) else None


@dataclass(frozen=True)
class _Position:
    lag: int | None
    within: int
    count: int
    total: int


def _position(group: GroupFacts, topics: Mapping[str, TopicFacts]) -> _Position:
    """`lag` is None unless the end of every committed partition is known."""
    lag, within, is_whole = 0, 0, bool(group.committed)
    for each in group.committed:
        start, end = _edges(topics.get(each.topic), each.partition)
        if start is None or end is None:
            is_whole = False
            continue
        within += start <= each.offset <= end
        lag += max(0, end - each.offset)
    return _Position(lag if is_whole else None, within, len(group.committed), sum(e.offset for e in group.committed))


def _edges(topic: TopicFacts | None, partition: int) -> tuple[int | None, int | None]:
    if topic is None or partition >= min(len(topic.start_offsets), len(topic.end_offsets)):
        return None, None
    return topic.start_offsets[partition], topic.end_offsets[partition]


def rates(now: SideFacts, before: SideFacts | None) -> dict[str, float]:
    """Records a second written by clients: by topic that no link writes, between two looks at its end offsets."""
    if before is None or not now.topics or not before.topics or not now.offsets_at or not before.offsets_at:
        return {}
    seconds = (now.offsets_at - before.offsets_at) / timedelta(seconds=1)
    if seconds <= 0:
        return {}
    mirrored = {mirror.topic for mirror in now.mirrors or () if mirror.status is not MirrorStatus.STOPPED}
    both = ((name, topic, before.topics[name]) for name, topic in now.topics.items() if name in before.topics)
    return {name: round(_grown(topic, old) / seconds, 1) for name, topic, old in both if name not in mirrored}


def peaks(
    now: Mapping[str, float], before: Mapping[str, float], elapsed: timedelta, half: timedelta = PEAK_HALVES
) -> dict[str, float]:
    """The highest rates of the last minutes: one that is not reached again fades by half in `half`."""
    fading = 0.5 ** (max(elapsed, timedelta()) / half)
    faded = {topic: peak * fading for topic, peak in before.items() if peak * fading >= 0.1}
    written = {topic: rate for topic, rate in now.items() if rate > 0}
    return {topic: round(max(written.get(topic, 0.0), faded.get(topic, 0.0)), 1) for topic in faded | written}


def _grown(now: TopicFacts, old: TopicFacts) -> int:
    pairs = zip(now.end_offsets, old.end_offsets, strict=False)
    return sum(max(0, end - was) for end, was in pairs if end is not None and was is not None)
