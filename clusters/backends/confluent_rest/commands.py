"""The same command by hand, as the vendor's own tools spell it for each edition.

Truncate-and-restore takes both --topics and --link; the other verbs of `kafka-mirrors` refuse the two together.
No form without --topics is ever printed: with --link alone the tool acts on every mirror of the link.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from clusters.gateway import MirrorAction

CLOUD_VERBS = {
    MirrorAction.REVERSE_AND_START: "reverse-and-start",
    MirrorAction.REVERSE_AND_PAUSE: "reverse-and-pause",
}
FILE = "LINK.properties"
PLATFORM_VERBS = {**CLOUD_VERBS, MirrorAction.RESUME: "unpause"}


def cloud(action: MirrorAction, link: str, topics: Sequence[str], cluster_id: str) -> str:
    verb = CLOUD_VERBS.get(action, action.value)
    words = ["confluent", "kafka", "mirror", verb, *_named(topics), "--link", link, "--cluster", cluster_id]
    if action is MirrorAction.TRUNCATE_AND_RESTORE:
        words.append("--include-partitions")
    return shlex.join(words)


def platform(action: MirrorAction, link: str, topics: Sequence[str], bootstrap: str) -> str:
    verb = PLATFORM_VERBS.get(action, action.value)
    words = ["kafka-mirrors", f"--{verb}", "--topics", ",".join(_named(topics))]
    if action is MirrorAction.TRUNCATE_AND_RESTORE:
        words += ["--link", link, "--include-partition-data"]
    return shlex.join([*words, *_reached(bootstrap)])


def topic_deletion(topic: str, cloud_cluster: str) -> str:
    return shlex.join(["confluent", "kafka", "topic", "delete", topic, *_where(cloud_cluster)])


def mirror_creation(link: str, source: str, topic: str, cloud_cluster: str, bootstrap: str) -> str:
    if cloud_cluster:
        words = ["confluent", "kafka", "mirror", "create", topic, "--link", link, "--source-topic", source]
        return shlex.join([*words, *_where(cloud_cluster)])
    words = ["kafka-mirrors", "--create", "--mirror-topic", topic, "--source-topic", source, "--link", link]
    return shlex.join([*words, *_reached(bootstrap)])


def link_deletion(link: str, cloud_cluster: str, bootstrap: str) -> str:
    if cloud_cluster:
        return shlex.join(["confluent", "kafka", "link", "delete", link, *_where(cloud_cluster)])
    return shlex.join(["kafka-cluster-links", "--delete", "--link", link, *_reached(bootstrap)])


def _where(cloud_cluster: str) -> list[str]:
    return ["--cluster", cloud_cluster] if cloud_cluster else ["--url", "REST-URL"]


def _reached(bootstrap: str) -> list[str]:
    return ["--bootstrap-server", bootstrap or "BOOTSTRAP", "--command-config", "CLIENT.properties"]


def _named(topics: Sequence[str]) -> Sequence[str]:
    if not topics:
        raise ValueError("a mirror command always names its topics")
    return topics


def cloud_link(link: str, changes: Mapping[str, str | None], cluster_id: str) -> str:
    """Values that hold commas go in through a file; the tool would take them for several settings."""
    words = ["confluent", "kafka", "link", "configuration", "update", link, "--cluster", cluster_id, "--config"]
    return "\n".join(
        [*_written_down(changes), shlex.join([*words, FILE if _written_down(changes) else _pairs(changes)])]
    )


def platform_link(link: str, changes: Mapping[str, str | None], bootstrap: str) -> str:
    file = _written_down(changes)
    words = ["kafka-configs", "--alter", "--cluster-link", link]
    words += ["--add-config-file", FILE] if file else ["--add-config", _pairs(changes)]
    reached = ["--bootstrap-server", bootstrap or "BOOTSTRAP", "--command-config", "CLIENT.properties"]
    return "\n".join([*file, shlex.join([*words, *reached])])


def _pairs(changes: Mapping[str, str | None]) -> str:
    return ",".join(f"{name}={value or ''}" for name, value in changes.items())


def _written_down(changes: Mapping[str, str | None]) -> list[str]:
    """The line that makes the file, where a value needs one."""
    if not any("," in (value or "") for value in changes.values()):
        return []
    lines = [f"{name}={value or ''}" for name, value in changes.items()]
    return [f"printf '%s\\n' {shlex.join(lines)} > {FILE}"]
