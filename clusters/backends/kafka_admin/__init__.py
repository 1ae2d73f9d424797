"""The Kafka protocol: cluster, groups and offsets."""

from __future__ import annotations

from clusters.backends.kafka_admin.backend import KafkaAdmin

__all__ = ["KafkaAdmin"]
