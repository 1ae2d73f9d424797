"""What a person types to look at a side, or to alter its mirrors, without this program."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from clusters.backends.confluent_rest import commands, link_configs
from clusters.backends.confluent_rest.calls import part
from clusters.backends.confluent_rest.settings import RestSettings
from clusters.curl import curl
from clusters.declared import SideEntry
from clusters.gateway import Command, Commands, MirrorAction
from clusters.sign_in import for_curl

ONCE, OR_ONCE = "Once, with the vendor's tool", "Or once, with the vendor's tool, never both"
TRUNCATION = "include_partition_level_truncation_data=true"


class RestByHand:
    def __init__(self, entry: SideEntry) -> None:
        self.side = entry.name
        self._settings: RestSettings = entry.ways["rest"]
        self._home = f"{self._settings.url.rstrip('/')}{self._settings.base.value}/clusters/{part(entry.cluster_id)}"
        self._cluster_id, self._is_cloud = entry.cluster_id, entry.is_cloud
        self._bootstrap = getattr(entry.ways.get("kafka"), "bootstrap", "") or "BOOTSTRAP"

    def looks_alive(self) -> Commands:
        return (Command(f"Does {self.side} answer over REST?", self._get("")),)

    def looks_at_link(self, link: str) -> Commands:
        return (
            Command(f"The link as {self.side} sees it", self._get(f"/links/{part(link)}?include_tasks=true")),
            Command("The same with the vendor's tool", self._tool("link", link)),
        )

    def looks_at_mirrors(self, link: str) -> Commands:
        return (
            Command(
                f"Every mirror on {self.side}, with state, lag and offsets", self._get(f"/links/{part(link)}/mirrors")
            ),
            Command("The same with the vendor's tool", self._tool("mirror", link)),
        )

    def alters_mirrors(self, action: MirrorAction, link: str, topics: Sequence[str]) -> Commands:
        path = f"/links/{part(link)}/mirrors:{action.value}"
        counts = [TRUNCATION] if action is MirrorAction.TRUNCATE_AND_RESTORE else []
        return (
            Command("Dry run: changes nothing", self._post(path, topics, [*counts, "validate_only=true"])),
            Command("Once, over REST", self._post(path, topics, counts)),
            Command(OR_ONCE, self._by_tool(action, link, topics)),
        )

    def alters_link(self, link: str, changes: Mapping[str, str | None]) -> Commands:
        settings = link_configs.ordered(changes)
        if self._is_cloud:
            return (Command(ONCE, commands.cloud_link(link, settings, self._cluster_id)),)
        return (Command(ONCE, commands.platform_link(link, settings, self._bootstrap)),)

    def creates_mirror(self, link: str, source: str, topic: str) -> Commands:
        body = {"source_topic_name": source, "mirror_topic_name": topic}
        url = f"{self._home}/links/{part(link)}/mirrors"
        tool = commands.mirror_creation(link, source, topic, self._cloud_cluster, self._bootstrap)
        return (
            Command(f"{topic}, once, over REST", curl(url, ca=self._settings.ca, auth=self._auth(), body=body)),
            Command(OR_ONCE, tool),
        )

    def deletes_link(self, link: str) -> Commands:
        path = f"/links/{part(link)}"
        return (
            Command("Dry run: changes nothing", self._delete(f"{path}?validate_only=true")),
            Command("Once, over REST, never with force", self._delete(path)),
            Command(OR_ONCE, commands.link_deletion(link, self._cloud_cluster, self._bootstrap)),
        )

    def deletes_topic(self, topic: str) -> Commands:
        return (
            Command(f"{topic}, once, over REST", self._delete(f"/topics/{part(topic)}")),
            Command(OR_ONCE, commands.topic_deletion(topic, self._cloud_cluster)),
        )

    @property
    def _cloud_cluster(self) -> str:
        return self._cluster_id if self._is_cloud else ""

    def _delete(self, path: str) -> str:
        return curl(self._home + path, ca=self._settings.ca, auth=self._auth(), method="DELETE")

    def _by_tool(self, action: MirrorAction, link: str, topics: Sequence[str]) -> str:
        if self._is_cloud:
            return commands.cloud(action, link, topics, self._cluster_id)
        return commands.platform(action, link, topics, self._bootstrap)

    def _tool(self, noun: str, link: str) -> str:
        if self._is_cloud:
            verb = ["describe", link] if noun == "link" else ["list", "--link", link]
            return shlex.join(["confluent", "kafka", noun, *verb, "--cluster", self._cluster_id])
        words = ["kafka-cluster-links", "--describe", "--link", link, "--include-tasks"]
        if noun == "mirror":
            words = ["kafka-mirrors", "--describe", "--links", link, "--include-stopped"]
        return shlex.join([*words, "--bootstrap-server", self._bootstrap, "--command-config", "CLIENT.properties"])

    def _get(self, path: str) -> str:
        return curl(self._home + path, ca=self._settings.ca, auth=self._auth())

    def _post(self, path: str, topics: Sequence[str], query: Sequence[str]) -> str:
        url = self._home + path + (f"?{'&'.join(query)}" if query else "")
        return curl(url, ca=self._settings.ca, auth=self._auth(), body={"mirror_topic_names": list(topics)})

    def _auth(self) -> tuple[str, ...]:
        return for_curl(self._settings.auth)
