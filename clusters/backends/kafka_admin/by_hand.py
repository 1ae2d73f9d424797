"""What a person types to look at groups and log ends of a side, with Kafka's own tools."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from clusters.backends.kafka_admin.settings import KafkaSettings
from clusters.declared import SideEntry
from clusters.gateway import Command, Commands


class KafkaByHand:
    """`CLIENT.properties` holds how to sign in; it lies with those who run the cluster, and is never printed."""

    def __init__(self, entry: SideEntry) -> None:
        self.side = entry.name
        self._settings: KafkaSettings = entry.ways["kafka"]

    def looks_alive(self) -> Commands:
        return (Command(f"Do the brokers of {self.side} answer?", self._run("kafka-broker-api-versions")),)

    def looks_at_groups(self, groups: Sequence[str]) -> Commands:
        each = [word for group in groups for word in ("--group", group)]
        return (
            Command(
                f"State and members on {self.side}", self._run("kafka-consumer-groups", "--describe", "--state", *each)
            ),
            Command(f"Offsets on {self.side}", self._run("kafka-consumer-groups", "--describe", "--offsets", *each)),
        )

    def looks_at_ends(self, topics: Sequence[str]) -> Commands:
        names = "|".join(topic.replace(".", "\\.") for topic in topics)
        return (
            Command(f"Log ends on {self.side}", self._run("kafka-get-offsets", "--topic", names, "--time", "latest")),
        )

    def sets_offsets(self, group: str) -> Commands:
        words = ["--reset-offsets", "--group", group, "--from-file", "OFFSETS.csv"]
        return (
            Command(f"{group}, dry run: changes nothing", self._run("kafka-consumer-groups", *words, "--dry-run")),
            Command(f"{group}, once", self._run("kafka-consumer-groups", *words, "--execute")),
        )

    def _run(self, tool: str, *words: str) -> str:
        reached = ["--bootstrap-server", self._settings.bootstrap, "--command-config", "CLIENT.properties"]
        return shlex.join([tool, *words, *reached])
