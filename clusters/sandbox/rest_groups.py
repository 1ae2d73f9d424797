"""GET: consumer groups and their lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rest_json as shape
from .http import Request, Response, Route, View, answer, route
from .rest_errors import Problem
from .rest_views import C, Views

if TYPE_CHECKING:
    from .groups import Group
    from .rest import ClusterRest


def group_routes(rest: ClusterRest) -> list[Route]:
    views = GroupViews(rest)
    table: dict[str, View] = {
        f"{C}/consumer-groups": views.groups,
        f"{C}/consumer-groups/{{group}}": views.group,
        f"{C}/consumer-groups/{{group}}/consumers": views.consumers,
        f"{C}/consumer-groups/{{group}}/lag-summary": views.lag_summary,
        f"{C}/consumer-groups/{{group}}/lags": views.lags,
    }
    return [route("GET", template, view) for template, view in table.items()]


class GroupViews(Views):
    def groups(self, request: Request) -> Response:
        url = self._url(request)
        there = [group for group in self._cluster.groups.values() if _there(group)]
        rows = [shape.group_data(self._cluster, group, url) for group in there]
        return self._list(request, "KafkaConsumerGroupList", rows)

    def group(self, request: Request, group: str) -> Response:
        return answer(shape.group_data(self._cluster, self._group(group), self._url(request)))

    def consumers(self, request: Request, group: str) -> Response:
        found, own = self._group(group), f"{self._url(request)}/consumer-groups/{group}/consumers"
        rows = [
            {
                "kind": "KafkaConsumer",
                "metadata": {"self": f"{own}/{member}", "resource_name": None},
                "cluster_id": self._cluster.id,
                "consumer_group_id": group,
                "consumer_id": member,
                "instance_id": None,
                "client_id": client,
                "assignments": shape.related(f"{own}/{member}/assignments"),
            }
            for member, (client, _) in found.assignment().items()
        ]
        return self._list(request, "KafkaConsumerList", rows)

    def lags(self, request: Request, group: str) -> Response:
        return self._list(request, "KafkaConsumerLagList", self._lag_rows(request, group))

    def lag_summary(self, request: Request, group: str) -> Response:
        rows, own = self._lag_rows(request, group), f"{self._url(request)}/consumer-groups/{group}"
        worst = max(rows, key=lambda row: int(row["lag"]))
        topic, partition = worst["topic_name"], worst["partition_id"]
        return answer(
            {
                "kind": "KafkaConsumerGroupLagSummary",
                "metadata": {"self": f"{own}/lag-summary", "resource_name": None},
                "cluster_id": self._cluster.id,
                "consumer_group_id": group,
                "max_lag_consumer_id": worst["consumer_id"],
                "max_lag_instance_id": None,
                "max_lag_client_id": worst["client_id"],
                "max_lag_topic_name": topic,
                "max_lag_partition_id": partition,
                "max_lag": worst["lag"],
                "total_lag": sum(int(row["lag"]) for row in rows),
                "max_lag_consumer": shape.related(f"{own}/consumers/{worst['consumer_id']}"),
                "max_lag_partition": shape.related(f"{self._url(request)}/topics/{topic}/partitions/{partition}"),
            }
        )

    def _lag_rows(self, request: Request, name: str) -> list[shape.Body]:
        group, own = self._group(name), f"{self._url(request)}/consumer-groups/{name}/lags"
        if not group.committed:
            raise Problem(404, f"Consumer group {name} has no committed offsets", code=404)
        return [
            self._lag_row(group, own, topic, partition)
            for topic, partition in sorted(group.committed)
            if topic in self._cluster.topics
        ]

    def _lag_row(self, group: Group, own: str, topic: str, partition: int) -> shape.Body:
        end, offset = self._cluster.topics[topic].logs[partition].end, group.committed[(topic, partition)].offset
        members = list(group.assignment().items())
        member, (client, _) = members[partition % len(members)] if members else ("", ("", ""))
        return {
            "kind": "KafkaConsumerLag",
            "metadata": {"self": f"{own}/{topic}/partitions/{partition}", "resource_name": None},
            "cluster_id": self._cluster.id,
            "consumer_group_id": group.name,
            "topic_name": topic,
            "partition_id": partition,
            "current_offset": offset,
            "log_end_offset": end,
            "lag": end - offset,
            "consumer_id": member,
            "instance_id": None,
            "client_id": client,
        }

    def _group(self, name: str) -> Group:
        group = self._cluster.groups.get(name)
        if group is None or not _there(group):
            raise Problem(404, f"Consumer group {name} not found.", code=404)
        return group


def _there(group: Group) -> bool:
    return group.is_active or bool(group.committed)
