"""What is really so on a pair, for tests and for the people who run a drill; no console ever sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cluster import Cluster, Topic
    from .groups import Group
    from .link import LinkHalf
    from .model import Pair


def truth(pair: Pair) -> dict[str, Any]:
    return {
        "pair": pair.name,
        "topology": pair.topology,
        "sides": {name: _side(pair, cluster) for name, cluster in pair.sides.items()},
        "faults": [found.as_json() for found in pair.faults.active],
        "links": [_link(pair, half) for half in pair.halves()],
        "targets": {name: {"accepted": t.accepted, "rejected": t.rejected} for name, t in pair.targets.items()},
    }


def _side(pair: Pair, cluster: Cluster) -> dict[str, Any]:
    return {
        "cluster_id": cluster.id,
        "up": pair.is_up(cluster.name),
        "topics": {name: _topic(topic) for name, topic in cluster.topics.items()},
        "groups": {name: _group(group) for name, group in cluster.groups.items()},
    }


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "writable": topic.is_writable,
        "mirror_status": topic.mirror.status.value if topic.mirror else None,
        "partitions": [
            {
                "partition": number,
                "start": log.start,
                "end": log.end,
                "writers": log.spans,
                "newest_writer_since": log.written_at(log.spans[-1][0]) if log.spans else None,
            }
            for number, log in enumerate(topic.logs)
        ],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "state": group.state,
        "members": group.members,
        "committed": [
            {"topic": topic, "partition": partition, "offset": commit.offset}
            for (topic, partition), commit in sorted(group.committed.items())
        ],
    }


def _link(pair: Pair, half: LinkHalf) -> dict[str, Any]:
    return {
        "name": half.name,
        "side": half.local.name,
        "remote": half.remote.name,
        "state": half.state,
        "reachable": pair.reachable(half),
        "mirrors": len(half.mirrors),
        "configs": dict(half.configs),
    }
