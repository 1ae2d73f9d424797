"""Which calls a cluster serves at all: its deployment, edition, version and the settings of a test decide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .rest_errors import problem

if TYPE_CHECKING:
    from .cluster import Cluster
    from .http import Response

ACTION = re.compile(r"/clusters/[^/]+/links/[^/]+/mirrors:([^/]+)")
# The path segment → the verb the CLI and kafka-mirrors use, which is the name the journal keeps.
VERBS = {
    "promote": "promote",
    "failover": "failover",
    "pause": "pause",
    "resume": "resume",
    "reverse-and-start-mirror": "reverse-and-start",
    "reverse-and-pause-mirror": "reverse-and-pause",
    "truncate-and-restore": "truncate-and-restore",
}
NEEDS_7_7 = {"reverse-and-start", "reverse-and-pause", "truncate-and-restore"}
NO_LINKS = {"cloud-basic", "cloud-standard"}


def not_served(cluster: Cluster, method: str, path: str) -> Response | None:
    """The answer of a cluster that does not have this call, or None when it has."""
    edition, proxy = cluster.settings.edition, cluster.settings.base == "/v3"
    if edition.startswith("cloud-") and (path == "/clusters" or re.search(r"/clusters/[^/]+/brokers", path)):
        return problem(404, "HTTP 404 Not Found")
    if edition.startswith("cloud-") and edition != "cloud-dedicated" and re.search(r"/lag(s|-summary)", path):
        return problem(404, "HTTP 404 Not Found")
    if "/links" in path and (proxy or edition == "apache"):
        return problem(404, "HTTP 404 Not Found")
    is_batch = re.fullmatch(r"/clusters/[^/]+/links/[^/]+/configs:alter", path)
    if is_batch and (method == "POST" or not cluster.settings.batches_link_configs):
        return problem(405, "HTTP 405 Method Not Allowed")  # POST for topics and brokers, PUT for links
    match = ACTION.fullmatch(path)
    return _action_not_served(cluster, match[1]) if match and method == "POST" else None


def _action_not_served(cluster: Cluster, segment: str) -> Response | None:
    action, settings = VERBS.get(segment), cluster.settings
    if action is None or (settings.serves is not None and action not in settings.serves):
        return problem(404, "HTTP 404 Not Found")
    too_old = min(_numbers(broker.version) for broker in cluster.brokers) < (7, 7)
    if settings.edition in NO_LINKS or (settings.edition == "platform" and action in NEEDS_7_7 and too_old):
        return problem(400, "The version of this cluster does not support the requested operation", code=40035)
    return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("-")[0]))
