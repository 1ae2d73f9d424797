"""GET: the cluster, its brokers and topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rest_json as shape
from .acls import chosen
from .configs import broker_entries, topic_entries
from .http import Request, Response, Route, View, answer, route
from .rest_errors import Problem
from .rest_groups import group_routes
from .rest_links import link_routes
from .rest_views import C, Views, named

if TYPE_CHECKING:
    from .cluster import Broker, Topic
    from .rest import ClusterRest


def read_routes(rest: ClusterRest) -> list[Route]:
    """In the order they are tried: a literal segment before a name."""
    reads = ClusterViews(rest)
    table: dict[str, View] = {
        "/clusters": reads.clusters,
        C: reads.cluster,
        f"{C}/acls": reads.acls,
        f"{C}/brokers": reads.brokers,
        f"{C}/brokers/-/configs": reads.all_broker_configs,
        f"{C}/brokers/{{broker_id}}": reads.broker,
        f"{C}/brokers/{{broker_id}}/configs": reads.broker_configs,
        f"{C}/brokers/{{broker_id}}/configs/{{name}}": reads.broker_config,
        f"{C}/broker-configs": reads.cluster_configs,
        f"{C}/topics": reads.topics,
        f"{C}/topics/-/configs": reads.all_topic_configs,
        f"{C}/topics/{{topic}}": reads.topic,
        f"{C}/topics/{{topic}}/configs": reads.topic_configs,
        f"{C}/topics/{{topic}}/configs/{{name}}": reads.topic_config,
        f"{C}/topics/{{topic}}/partitions": reads.partitions,
    }
    own = [route("GET", template, view) for template, view in table.items()]
    return [*own, *link_routes(rest), *group_routes(rest)]


class ClusterViews(Views):
    # --- cluster and brokers

    def clusters(self, request: Request) -> Response:
        return self._list(request, "KafkaClusterList", [shape.cluster_data(self._cluster, self._url(request))])

    def cluster(self, request: Request) -> Response:
        return answer(shape.cluster_data(self._cluster, self._url(request)))

    def acls(self, request: Request) -> Response:
        if self._cluster.acls is None:
            raise Problem(400, "No Authorizer is configured on the broker", code=40002)
        url = self._url(request)
        rows = [shape.acl_data(self._cluster, acl, url) for acl in chosen(self._cluster.acls, request.query)]
        return self._list(request, "KafkaAclList", rows)

    def brokers(self, request: Request) -> Response:
        url = self._url(request)
        rows = [shape.broker_data(self._cluster, broker, url) for broker in self._cluster.brokers]
        return self._list(request, "KafkaBrokerList", rows)

    def broker(self, request: Request, broker_id: str) -> Response:
        return answer(shape.broker_data(self._cluster, self._broker(broker_id), self._url(request)))

    def all_broker_configs(self, request: Request) -> Response:
        rows = [row for broker in self._cluster.brokers for row in self._broker_rows(request, broker)]
        return self._list(request, "KafkaBrokerConfigList", rows)

    def broker_configs(self, request: Request, broker_id: str) -> Response:
        return self._list(request, "KafkaBrokerConfigList", self._broker_rows(request, self._broker(broker_id)))

    def broker_config(self, request: Request, broker_id: str, name: str) -> Response:
        return answer(named(self._broker_rows(request, self._broker(broker_id)), name))

    def cluster_configs(self, request: Request) -> Response:
        return self._list(request, "KafkaClusterConfigList", [])  # dynamic settings only: nobody set any

    def _broker(self, broker_id: str) -> Broker:
        for broker in self._cluster.brokers:
            if str(broker.id) == broker_id:
                return broker
        raise Problem(404, f"Broker {broker_id} not found.", code=404)

    def _broker_rows(self, request: Request, broker: Broker) -> list[shape.Body]:
        url = f"{self._url(request)}/brokers/{broker.id}/configs"
        return [
            shape.config_data(self._cluster, entry, url, "KafkaBrokerConfig", broker_id=broker.id)
            for entry in broker_entries(self._cluster, broker)
        ]

    # --- topics

    def topics(self, request: Request) -> Response:
        url = self._url(request)
        rows = [shape.topic_data(self._cluster, topic, url) for topic in self._cluster.topics.values()]
        return self._list(request, "KafkaTopicList", rows)

    def topic(self, request: Request, topic: str) -> Response:
        return answer(shape.topic_data(self._cluster, self._topic(topic), self._url(request)))

    def all_topic_configs(self, request: Request) -> Response:
        rows = [row for topic in self._cluster.topics.values() for row in self._topic_rows(request, topic)]
        return self._list(request, "KafkaTopicConfigList", rows)

    def topic_configs(self, request: Request, topic: str) -> Response:
        return self._list(request, "KafkaTopicConfigList", self._topic_rows(request, self._topic(topic)))

    def topic_config(self, request: Request, topic: str, name: str) -> Response:
        return answer(named(self._topic_rows(request, self._topic(topic)), name))

    def partitions(self, request: Request, topic: str) -> Response:
        found, url = self._topic(topic), self._url(request)
        rows = [shape.partition_data(self._cluster, found, number, url) for number in range(len(found.logs))]
        return self._list(request, "KafkaPartitionList", rows)

    def _topic(self, name: str) -> Topic:
        topic = self._cluster.topics.get(name)
        if topic is None:
            raise Problem(404, "This server does not host this topic-partition.", code=40403)
        return topic

    def _topic_rows(self, request: Request, topic: Topic) -> list[shape.Body]:
        url = f"{self._url(request)}/topics/{topic.name}/configs"
        return [
            shape.config_data(self._cluster, entry, url, "KafkaTopicConfig", topic_name=topic.name)
            for entry in topic_entries(self._cluster, topic)
        ]
