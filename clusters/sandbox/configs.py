"""Broker and topic settings as a real cluster would show them: what a client can learn, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .cluster import TIER_ENABLE

if TYPE_CHECKING:
    from .cluster import Broker, Cluster, Topic


class Entry(NamedTuple):
    name: str
    value: str | None
    source: str
    is_default: bool = False
    is_read_only: bool = False
    is_sensitive: bool = False


def broker_entries(cluster: Cluster, broker: Broker) -> list[Entry]:
    """No setting tells the version or the patch level: on KRaft nothing does."""
    static = {"broker.id": str(broker.id), **_roles(cluster)}
    if cluster.settings.edition != "apache":
        tiering = str(cluster.settings.tiering).lower()
        static |= {
            "confluent.cluster.link.enable": "true",
            "confluent.tier.backend": "S3" if cluster.settings.tiering else "",
            TIER_ENABLE: tiering,
            "confluent.tier.feature": tiering,
        }
    entries = [Entry(name, value, "STATIC_BROKER_CONFIG", is_read_only=True) for name, value in static.items()]
    entries += [
        Entry("default.replication.factor", "3", "STATIC_BROKER_CONFIG"),
        Entry("log.retention.ms", "604800000", "DEFAULT_CONFIG", is_default=True),
        Entry("offsets.retention.minutes", "10080", "DEFAULT_CONFIG", is_default=True),
        Entry("transaction.max.timeout.ms", "900000", "DEFAULT_CONFIG", is_default=True),
        Entry("transactional.id.expiration.ms", "604800000", "DEFAULT_CONFIG", is_default=True),
        Entry("ssl.keystore.password", None, "DEFAULT_CONFIG", is_default=True, is_sensitive=True),
    ]
    return sorted(entries)


def _roles(cluster: Cluster) -> dict[str, str]:
    if cluster.settings.metadata == "zookeeper":
        return {"zookeeper.connect": "zookeeper:2181", "process.roles": "", "controller.quorum.voters": ""}
    combined = cluster.settings.metadata == "kraft-combined"
    return {
        "process.roles": "broker,controller" if combined else "broker",
        "controller.quorum.voters": "101@controller-1:9093,102@controller-2:9093,103@controller-3:9093",
        "zookeeper.connect": "",
    }


def topic_entries(cluster: Cluster, topic: Topic) -> list[Entry]:
    defaults = {
        "cleanup.policy": "delete",
        "message.timestamp.type": "CreateTime",
        "retention.bytes": "-1",
        "retention.ms": "604800000",
    }
    if cluster.settings.edition != "apache":
        defaults[TIER_ENABLE] = "false"
    entries = [
        Entry(name, value, "DEFAULT_CONFIG", is_default=True)
        for name, value in defaults.items()
        if name not in topic.configs
    ]
    entries += [Entry(name, value, "DYNAMIC_TOPIC_CONFIG") for name, value in topic.configs.items()]
    return sorted(entries)
