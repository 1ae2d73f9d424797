"""REST shapes → facts. Unknown words stay visible; nothing is guessed from what is absent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter

from clusters.backends.confluent_rest import wire
from clusters.collecting import collection_held
from clusters.facts import (
    AclFacts,
    LinkFacts,
    MirrorFacts,
    MirrorStatus,
    PartitionLag,
    TaskFacts,
    TransitionError,
)
from clusters.gateway import MirrorReply, Truncation

STATUSES = {status.value: status for status in MirrorStatus if status is not MirrorStatus.UNRECOGNISED}
NO_ERRORS = {None, "", "NO_ERROR", "NOT_SET"}
by_partition = attrgetter("partition")


def mirrors(found: Iterable[wire.Mirror | wire.LooseMirror], link: str) -> tuple[MirrorFacts, ...]:
    with collection_held():
        return tuple(mirror(row, link) for row in found)


def mirror(found: wire.Mirror | wire.LooseMirror, link: str) -> MirrorFacts:
    said = found.mirror_status or ""
    return MirrorFacts(
        link=found.link_name or link,
        topic=found.mirror_topic_name,
        source_topic=found.source_topic_name or "",
        status=STATUSES.get(said, MirrorStatus.UNRECOGNISED),
        said_status=said,
        error="" if found.mirror_topic_error in NO_ERRORS else found.mirror_topic_error or "",
        state_at=_instant(found.state_time_ms),
        num_partitions=found.num_partitions or 0,
        partitions=_lags(found.mirror_lags or ()),
        transition_errors=_problems(found.mirror_state_transition_errors),
    )


def _lags(lags: Sequence[PartitionLag | wire.LooseLag]) -> tuple[PartitionLag, ...]:
    """In order of partition (the wire keeps none). A number that was left out reads as -1: not measured."""
    found = tuple(lag if type(lag) is PartitionLag else _lag(lag) for lag in lags)
    return tuple(sorted(found, key=by_partition))


def _lag(lag: PartitionLag | wire.LooseLag) -> PartitionLag:
    fetched = lag.last_source_fetch_offset
    return PartitionLag(lag.partition, -1 if lag.lag is None else lag.lag, -1 if fetched is None else fetched)


def _instant(milliseconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds and milliseconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None


def _problems(found: Iterable[wire.Problem] | None) -> tuple[TransitionError, ...]:
    rows = (TransitionError(str(row.error_code or ""), row.error_message or "") for row in found or ())
    return tuple(row for row in rows if row.code not in NO_ERRORS or row.message)


def link(found: wire.Link, configs: dict[str, str | None] | None) -> LinkFacts:
    """The mode comes from the settings alone: one-way links have been seen with a remote cluster id filled in."""
    settings = configs or {}
    return LinkFacts(
        name=found.link_name or "",
        cluster_link_id=found.cluster_link_id or found.link_id or "",
        remote_cluster_id=found.remote_cluster_id or found.source_cluster_id or found.destination_cluster_id or "",
        state=found.link_state or "",
        error="" if found.link_error in NO_ERRORS else found.link_error or "",
        error_message=found.link_error_message or "",
        mode=settings.get("link.mode") or None,
        prefix=(settings.get("cluster.link.prefix") or "") if configs and "cluster.link.prefix" in configs else None,
        configs=settings,
        tasks=tuple(_task(task) for task in found.tasks or ()),
    )


def _task(found: wire.Task) -> TaskFacts:
    return TaskFacts(found.task_name or "", found.state or "", _problems(found.errors))


def acl(found: wire.Acl) -> AclFacts:
    return AclFacts(
        resource_type=found.resource_type,
        resource_name=found.resource_name,
        pattern_type=found.pattern_type,
        principal=found.principal,
        host=found.host,
        operation=found.operation,
        permission=found.permission,
    )


def value(config: wire.Config) -> str | None:
    """Settings are text on the wire; some servers write numbers and booleans as such."""
    if config.value is None or isinstance(config.value, str):
        return config.value
    return str(config.value).lower()


def replies(rows: Sequence[wire.Altered], topics: Sequence[str]) -> dict[str, MirrorReply]:
    """One reply per topic that was sent. A topic left out, or answered twice with an error, counts as refused."""
    found: dict[str, MirrorReply] = {}
    for row in rows:
        reply = _reply(row)
        if row.mirror_topic_name in topics and (row.mirror_topic_name not in found or reply.error):
            found[row.mirror_topic_name] = reply
    missing = "the cluster's answer does not mention this topic"
    return {topic: found.get(topic) or MirrorReply(topic, missing) for topic in topics}


def _reply(row: wire.Altered) -> MirrorReply:
    """A refusal is any code but null or 0, or a text without a code."""
    text = (row.error_message or "").strip()
    error = f"{row.error_code}: {text or 'no reason given'}" if row.error_code else text
    counted = row.messages_truncated
    rows = sorted(row.partition_level_truncation_data or (), key=lambda part: part.partition_id)
    parts = tuple(Truncation(part.partition_id, part.offset_truncated_to, part.messages_truncated) for part in rows)
    total = None if counted is None or counted < 0 else counted
    return MirrorReply(row.mirror_topic_name, error, _lags(row.mirror_lags or ()), total, parts)
