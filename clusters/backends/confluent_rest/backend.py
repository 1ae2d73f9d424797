"""Reads links, mirrors, brokers and settings, and sends the mirror commands.

Reads raise ClusterError; a write is one request, never repeated, and its outcome is classified by what is provable.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import httpx

from clusters.backends import backends
from clusters.backends.confluent_rest import commands, link_configs, translate, wire
from clusters.backends.confluent_rest.by_hand import RestByHand
from clusters.backends.confluent_rest.calls import Calls, UnknownTopic, part
from clusters.backends.confluent_rest.settings import RestSettings, read
from clusters.declared import SideEntry
from clusters.errors import ClusterError, NotServed, Rejected
from clusters.facts import AclFacts, LinkFacts, MirrorFacts, Probe
from clusters.form import Form
from clusters.gateway import LinkConfigsAnswer, MirrorAction, MirrorAnswer, Prepared
from clusters.observed import Observed, Told, Want
from clusters.outbound import LARGE
from clusters.together import together

Name = tuple[str, str]  # what is read, and of which link
ACLS: Name = ("acls", "")


@backends.add("rest")
class ConfluentRest:
    """One side through its REST. The cluster id stands in every path: another cluster can never be commanded."""

    def __init__(self, entry: SideEntry, *, transport: httpx.BaseTransport | None = None) -> None:
        settings: RestSettings = entry.ways["rest"]
        self.side = entry.name
        self.cluster_id = entry.cluster_id
        self.is_cloud = entry.is_cloud
        self._bootstrap = getattr(entry.ways.get("kafka"), "bootstrap", "")
        self._calls = Calls(self.side, entry.cluster_id, settings, transport)

    @staticmethod
    def read_settings(form: Form) -> RestSettings:
        return read(form)

    by_hand = RestByHand

    def close(self) -> None:
        self._calls.close()

    # Capabilities

    def links(self, *, deadline: float) -> tuple[LinkFacts, ...]:
        """With settings and tasks. A link without a name (left by a deleted source-initiated link) is skipped."""
        return tuple(self._link(row.link_name or "", deadline=deadline) for row in self._link_rows(deadline))

    def mirrors(self, link: str, *, deadline: float) -> tuple[MirrorFacts, ...]:
        path = f"/links/{part(link)}/mirrors"
        return translate.mirrors(self._calls.every(wire.decode_mirrors, path, deadline=deadline, cap=LARGE), link)

    def mirror(self, link: str, topic: str, *, deadline: float) -> MirrorFacts | None:
        path = f"/links/{part(link)}/mirrors/{part(topic)}"
        params = {"include_state_transition_errors": "true"}
        try:
            found = self._calls.one(wire.decode_mirror, path, deadline=deadline, params=params)
        except (NotServed, UnknownTopic):
            return None
        return translate.mirror(found, link)

    def alter_mirrors(
        self, action: MirrorAction, link: str, topics: Sequence[str], *, validate_only: bool, deadline: float
    ) -> MirrorAnswer:
        request = self.mirror_request(action, link, topics)
        params = {**request["params"], "validate_only": str(validate_only).lower()}
        content = json.dumps(request["body"]).encode()
        found = self._calls.send(
            wire.decode_altered, request["path"], deadline=deadline, params=params, content=content
        )
        replies = translate.replies(found.data, topics)
        refused = sum(bool(reply.error) for reply in replies.values())
        return MirrorAnswer(replies, f"{action.value}: {len(topics) - refused} accepted, {refused} refused")

    def mirror_request(self, action: MirrorAction, link: str, topics: Sequence[str]) -> Mapping[str, Any]:
        if not topics:
            raise ValueError("a mirror command always names its topics")
        counts = {"include_partition_level_truncation_data": "true"}
        return {
            "method": "POST",
            "path": f"{self._calls.home}/links/{part(link)}/mirrors:{action.value}",
            "params": counts if action is MirrorAction.TRUNCATE_AND_RESTORE else {},
            "body": {"mirror_topic_names": list(topics)},
        }

    def mirror_command(self, action: MirrorAction, link: str, topics: Sequence[str]) -> str:
        if self.is_cloud:
            return commands.cloud(action, link, topics, self.cluster_id)
        return commands.platform(action, link, topics, self._bootstrap)

    def link_configs(self, link: str, *, deadline: float) -> Mapping[str, str | None]:
        return link_configs.read(self._calls, link, deadline=deadline)

    def alter_link_configs(
        self, link: str, changes: Mapping[str, str | None], *, validate_only: bool, deadline: float
    ) -> LinkConfigsAnswer:
        return link_configs.alter(self._calls, link, changes, validate_only=validate_only, deadline=deadline)

    def link_configs_request(self, link: str, changes: Mapping[str, str | None]) -> Mapping[str, Any]:
        return link_configs.request(self._calls, link, changes)

    def link_configs_command(self, link: str, changes: Mapping[str, str | None]) -> str:
        if self.is_cloud:
            return commands.cloud_link(link, link_configs.ordered(changes), self.cluster_id)
        return commands.platform_link(link, link_configs.ordered(changes), self._bootstrap)

    def topic_deletion(self, topic: str) -> Prepared:
        command = commands.topic_deletion(topic, self.cluster_id if self.is_cloud else "")
        return self._prepared("DELETE", f"{self._calls.home}/topics/{part(topic)}", None, command)

    def mirror_creation(self, link: str, source: str, topic: str) -> Prepared:
        """The mirror's name is always sent: a prefix other than the one that was read is then refused."""
        where = self.cluster_id if self.is_cloud else ""
        command = commands.mirror_creation(link, source, topic, where, self._bootstrap)
        body = {"source_topic_name": source, "mirror_topic_name": topic}
        return self._prepared("POST", f"{self._calls.home}/links/{part(link)}/mirrors", body, command)

    def link_deletion(self, link: str) -> Prepared:
        """With a dry run of the vendor's. `force` is never sent: it would delete with mirrors still on the link."""
        path = f"{self._calls.home}/links/{part(link)}"
        command = commands.link_deletion(link, self.cluster_id if self.is_cloud else "", self._bootstrap)
        dry = {"validate_only": "true"}
        return replace(
            self._prepared("DELETE", path, None, command),
            dry_run=lambda deadline: self._calls.order("DELETE", path, deadline=deadline, params=dry),
        )

    def _prepared(self, method: str, path: str, body: Mapping[str, Any] | None, command: str) -> Prepared:
        content = b"" if body is None else json.dumps(body).encode()
        request = {"method": method, "path": path, **({} if body is None else {"body": body})}
        return Prepared(
            request, command, lambda deadline: self._calls.order(method, path, deadline=deadline, content=content)
        )

    # Looking

    def observe(self, want: Want, *, deadline: float) -> Observed:
        """All at once: the links are known by name, so that no answer has to wait for another."""
        began = time.monotonic()
        found = together(self._reads(want, deadline))
        cluster = found.pop(("cluster", ""))
        if isinstance(cluster, ClusterError):
            return Observed(Probe("rest", ok=False, said=cluster.said, took_ms=_ms(began)))
        seen = Observed(Probe("rest", ok=True, said="answers", took_ms=_ms(began)), cluster_id=cluster.cluster_id)
        read = {name: value for name, value in found.items() if not isinstance(value, ClusterError)}
        self._put_links(seen, want, found)
        self._put_settings(seen, found)
        self._put_acls(seen, want, found.get(ACLS))
        seen.skew = self._calls.skew
        failed = [name for name in found if name not in read and name != ACLS and not _is_absent(name, read)]
        seen.problems = [found[name].said for name in failed]
        return seen

    def _reads(self, want: Want, deadline: float) -> dict[Name, Callable[[], object]]:
        reads: dict[Name, Callable[[], object]] = {
            ("cluster", ""): partial(self._calls.one, wire.decode_as(wire.Cluster), "", deadline=deadline),
            ("links", ""): partial(self._link_rows, deadline),
        }
        for link in want.links:
            reads["mirrors", link] = partial(self.mirrors, link, deadline=deadline)
            reads["link", link] = partial(self._link, link, deadline=deadline, configs=want.configs)
        if not self.is_cloud:
            reads["brokers", ""] = partial(self._broker_ids, deadline)
        if want.configs:
            reads["topic configs", ""] = partial(self._topic_configs, deadline)
        if want.configs and want.principals:
            reads[ACLS] = partial(self._acls, deadline)
        if want.configs and not self.is_cloud:
            reads["broker configs", ""] = partial(self._broker_configs, deadline)
        return reads

    def _put_links(self, seen: Observed, want: Want, found: Mapping[Name, Any]) -> None:
        """Mirrors are None as soon as those of one link that is there could not be read."""
        if isinstance(found["links", ""], ClusterError):
            return
        rows = [row for row in found["links", ""] if row.link_name in want.links]
        seen.links = tuple(_link_of(row, found["link", row.link_name]) for row in rows)
        mirrors = [found["mirrors", row.link_name] for row in rows]
        is_whole = not any(isinstance(each, ClusterError) for each in mirrors)
        seen.mirrors = tuple(mirror for each in mirrors for mirror in each) if is_whole else None

    def _put_settings(self, seen: Observed, found: Mapping[Name, Any]) -> None:
        ids, topics = found.get(("brokers", "")), found.get(("topic configs", ""))
        seen.broker_ids = None if isinstance(ids, ClusterError) else ids
        if topics is not None and not isinstance(topics, ClusterError):
            seen.put_topic_settings(topics, is_cloud=self.is_cloud)
        configs = found.get(("broker configs", ""))
        if self.is_cloud:
            seen.told = Told.REFUSAL
        if isinstance(configs, ClusterError):
            seen.note_no_broker_settings(configs)
        elif configs is not None:
            seen.put_broker_settings(configs)

    def _put_acls(self, seen: Observed, want: Want, found: Any) -> None:  # noqa: ANN401 - an answer or an error
        if isinstance(found, ClusterError):
            seen.note_no_acls(found)
        elif found is not None:
            seen.put_acls(found, want)

    # Single reads

    def _link_rows(self, deadline: float) -> list[wire.Link]:
        rows = self._calls.every(wire.decode_as(wire.Links), "/links", deadline=deadline)
        return [row for row in rows if row.link_name]

    def _link(self, link: str, *, deadline: float, configs: bool = True) -> LinkFacts:
        path = f"/links/{part(link)}"
        full = self._calls.one(wire.decode_as(wire.Link), path, deadline=deadline, params={"include_tasks": "true"})
        return translate.link(full, link_configs.read(self._calls, link, deadline=deadline) if configs else None)

    def _configs(self, path: str, deadline: float) -> list[wire.Config]:
        rows: list[wire.Config] = self._calls.every(wire.decode_as(wire.Configs), path, deadline=deadline, cap=LARGE)
        return rows

    def _broker_ids(self, deadline: float) -> frozenset[int]:
        rows = self._calls.every(wire.decode_as(wire.Brokers), "/brokers", deadline=deadline)
        return frozenset(row.broker_id for row in rows)

    def _broker_configs(self, deadline: float) -> dict[int, dict[str, str | None]]:
        """One call where `-` (all brokers) is served, else broker by broker."""
        found: dict[int, dict[str, str | None]] = {}
        try:
            rows = self._configs("/brokers/-/configs", deadline)
        except NotServed:
            ids = sorted(self._broker_ids(deadline))
            rows = [row for broker in ids for row in self._configs_of(broker, deadline)]
        for row in rows:
            if row.broker_id is not None:
                found.setdefault(row.broker_id, {})[row.name] = translate.value(row)
        return found

    def _configs_of(self, broker: int, deadline: float) -> Iterator[wire.Config]:
        for row in self._configs(f"/brokers/{broker}/configs", deadline):
            row.broker_id = broker
            yield row

    def _acls(self, deadline: float) -> list[AclFacts]:
        """All at once. Confluent Cloud names service accounts (User:sa-…) only where it is asked so."""
        path = "/acls?principal=UserV2%3A%2A" if self.is_cloud else "/acls"
        rows = self._calls.every(wire.decode_as(wire.AclList), path, deadline=deadline, cap=LARGE)
        return [translate.acl(row) for row in rows]

    def _topic_configs(self, deadline: float) -> dict[str, dict[str, str | None]]:
        found: dict[str, dict[str, str | None]] = {}
        for row in self._configs("/topics/-/configs", deadline):
            if row.topic_name:
                found.setdefault(row.topic_name, {})[row.name] = translate.value(row)
        return found


def _link_of(row: wire.Link, found: LinkFacts | ClusterError) -> LinkFacts:
    """With what the list tells of it, where its own page could not be read; a refusal is final."""
    if isinstance(found, LinkFacts):
        return found
    return replace(translate.link(row, None), is_untold=isinstance(found, Rejected))


def _is_absent(name: Name, read: Mapping[Name, Any]) -> bool:
    """A link that is not in the list answers 404; that it is absent is said by the list."""
    rows = read.get(("links", ""))
    return bool(name[1]) and rows is not None and name[1] not in {row.link_name for row in rows}


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
