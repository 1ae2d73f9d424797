"""The objects of Kafka REST v3 in the shape of the published contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .mirror import Lag, Mirror, Status

if TYPE_CHECKING:
    from .acls import Acl
    from .cluster import Broker, Cluster, Topic
    from .commands import Row
    from .configs import Entry
    from .groups import Group
    from .link import LinkHalf

Body = dict[str, Any]

CATEGORIES = {
    Status.ACTIVE: "ACTIVE",
    Status.PAUSED: "PAUSED",
    Status.LINK_PAUSED: "PAUSED",
    Status.STOPPED: "NOT_APPLICABLE",
    Status.FAILED: "IN_ERROR",
    Status.LINK_FAILED: "IN_ERROR",
    Status.SOURCE_UNAVAILABLE: "IN_ERROR",
}


def collection(kind: str, url: str, data: list[Body]) -> Body:
    return {"kind": kind, "metadata": {"self": url, "next": None}, "data": data}


def related(url: str) -> Body:
    return {"related": url}


def cluster_data(cluster: Cluster, url: str) -> Body:
    parts = ("acls", "brokers", "broker-configs", "consumer-groups", "topics")
    links = {part.replace("-", "_"): related(f"{url}/{part}") for part in parts}
    return {
        "kind": "KafkaCluster",
        "metadata": {"self": url, "resource_name": f"crn:///kafka={cluster.id}"},
        "cluster_id": cluster.id,
        "controller": related(f"{url}/brokers/{cluster.brokers[0].id}"),
        **links,
        "partition_reassignments": related(f"{url}/topics/-/partitions/-/reassignment"),
    }


def broker_data(cluster: Cluster, broker: Broker, url: str) -> Body:
    own = f"{url}/brokers/{broker.id}"
    return {
        "kind": "KafkaBroker",
        "metadata": {"self": own, "resource_name": f"crn:///kafka={cluster.id}/broker={broker.id}"},
        "cluster_id": cluster.id,
        "broker_id": broker.id,
        "host": broker.host,
        "port": broker.port,
        "rack": broker.rack,
        "configs": related(f"{own}/configs"),
        "partition_replicas": related(f"{own}/partition-replicas"),
    }


def config_data(cluster: Cluster, entry: Entry, url: str, kind: str, **owner: str | int) -> Body:
    own = f"{url}/{entry.name}"
    return {
        "kind": kind,
        "metadata": {"self": own, "resource_name": None},
        "cluster_id": cluster.id,
        **owner,
        "name": entry.name,
        "value": entry.value,
        "is_default": entry.is_default,
        "is_read_only": entry.is_read_only,
        "is_sensitive": entry.is_sensitive,
        "source": entry.source,
        "synonyms": [{"name": entry.name, "value": entry.value, "source": entry.source}],
    }


def acl_data(cluster: Cluster, acl: Acl, url: str) -> Body:
    return {"kind": "KafkaAcl", "metadata": {"self": f"{url}/acls"}, "cluster_id": cluster.id, **acl._asdict()}


def topic_data(cluster: Cluster, topic: Topic, url: str) -> Body:
    own = f"{url}/topics/{topic.name}"
    return {
        "kind": "KafkaTopic",
        "metadata": {"self": own, "resource_name": f"crn:///kafka={cluster.id}/topic={topic.name}"},
        "cluster_id": cluster.id,
        "topic_name": topic.name,
        "is_internal": False,
        "replication_factor": min(3, len(cluster.brokers)),
        "partitions_count": len(topic.logs),
        "partitions": related(f"{own}/partitions"),
        "configs": related(f"{own}/configs"),
        "partition_reassignments": related(f"{own}/partitions/-/reassignment"),
        "authorized_operations": [],
    }


def partition_data(cluster: Cluster, topic: Topic, partition: int, url: str) -> Body:
    own = f"{url}/topics/{topic.name}/partitions/{partition}"
    return {
        "kind": "KafkaPartition",
        "metadata": {"self": own, "resource_name": None},
        "cluster_id": cluster.id,
        "topic_name": topic.name,
        "partition_id": partition,
        "leader": related(f"{own}/replicas/{cluster.leader(partition).id}"),
        "replicas": related(f"{own}/replicas"),
        "reassignment": related(f"{own}/reassignment"),
    }


def link_data(half: LinkHalf, url: str, tasks: list[Body] | None) -> Body:
    return {
        "kind": "KafkaLinkData",
        "metadata": {"self": f"{url}/links/{half.name}", "resource_name": None},
        "source_cluster_id": None,
        "destination_cluster_id": None,
        "remote_cluster_id": half.remote.id,
        "link_name": half.name,
        "link_id": half.id,
        "cluster_link_id": half.id,
        "topic_names": list(half.mirrors),
        "link_state": half.state,
        "link_error": half.error,
        "link_error_message": half.error_message or None,
        "tasks": tasks,
        "category_counts": category_counts(half),
    }


def category_counts(half: LinkHalf) -> list[Body]:
    """Counts mirror partitions, not topics."""
    counts: dict[str, int] = {}
    for mirror in half.mirrors.values():
        category = CATEGORIES.get(mirror.status, "PENDING")
        counts[category] = counts.get(category, 0) + len(mirror.topic.logs)
    return [{"state_category": category, "count": count} for category, count in sorted(counts.items())]


def lag_list(lags: list[Lag]) -> list[Body]:
    """A bare array whose order means nothing: served from partition 1 on, as recorded on a real cluster."""
    rows = [
        {"partition": lag.partition, "lag": lag.lag, "last_source_fetch_offset": lag.last_source_fetch_offset}
        for lag in lags
    ]
    return rows[1:] + rows[:1]


def mirror_data(half: LinkHalf, mirror: Mirror, url: str) -> Body:
    return {
        "kind": "KafkaMirrorData",
        "metadata": {"self": f"{url}/links/{half.name}/mirrors/{mirror.name}"},
        "link_name": half.name,
        "mirror_topic_name": mirror.name,
        "source_topic_name": mirror.source_name,
        "num_partitions": len(mirror.topic.logs),
        "mirror_lags": lag_list(mirror.lags()),
        "mirror_status": mirror.status.value,
        "mirror_topic_error": mirror.error,
        "state_time_ms": int(mirror.since * 1000),
    }


def mirror_json(half: LinkHalf, mirror: Mirror, url: str) -> str:
    return json.dumps(mirror_data(half, mirror, url), separators=(",", ":"))


def transition_errors(mirror: Mirror) -> list[Body]:
    return [{"error_code": code, "error_message": text} for code, text in mirror.transition_errors]


def altered(row: Row, url: str) -> Body:
    return {
        "kind": "AlterMirrorsData",
        "metadata": {"self": f"{url}/{row.topic}"},
        "mirror_topic_name": row.topic,
        "error_code": row.error_code,
        "error_message": row.error_message,
        "mirror_lags": lag_list(row.lags),
        "messages_truncated": row.messages_truncated,
        "partition_level_truncation_data": [
            {
                "partition_id": cut.partition,
                "offset_truncated_to": cut.offset_truncated_to,
                "messages_truncated": cut.messages_truncated,
            }
            for cut in row.truncation
        ],
    }


def group_data(cluster: Cluster, group: Group, url: str) -> Body:
    own = f"{url}/consumer-groups/{group.name}"
    return {
        "kind": "KafkaConsumerGroup",
        "metadata": {"self": own, "resource_name": f"crn:///kafka={cluster.id}/consumer-group={group.name}"},
        "cluster_id": cluster.id,
        "consumer_group_id": group.name,
        "is_simple": False,
        "partition_assignor": "range" if group.is_active else "",
        "state": group.state,
        "type": "CLASSIC",
        "is_mixed_consumer_group": False,
        "coordinator": related(f"{url}/brokers/{cluster.coordinator(group.name).id}"),
        "consumers": related(f"{own}/consumers"),
        "lag_summary": related(f"{own}/lag-summary"),
    }
