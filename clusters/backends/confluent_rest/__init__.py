"""Confluent's Kafka REST v3: links, mirrors and their commands, brokers and settings."""

from __future__ import annotations

from clusters.backends.confluent_rest.backend import ConfluentRest

__all__ = ["ConfluentRest"]
