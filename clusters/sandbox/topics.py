"""Deleting a topic or a link, and creating a mirror: what people do by hand between the steps of a runbook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .mirror import NEVER_FETCHED, Status

if TYPE_CHECKING:
    from .cluster import Cluster
    from .link import LinkHalf
    from .mirror import Mirror

LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")


class CannotCreate(ValueError):
    """Why there will be no such mirror, with the code REST answers."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def delete_topic(cluster: Cluster, name: str) -> None:
    """Remove a topic with everything that hangs on it: its mirror entry and the offsets groups committed on it."""
    del cluster.topics[name]
    for half in cluster.links.values():
        mirror = half.mirrors.pop(name, None)
        if mirror is not None and half.by_source.get(mirror.source_name) is mirror:
            del half.by_source[mirror.source_name]
    for group in cluster.groups.values():
        group.forget(name)
    for follower in cluster.followers:
        follower.source_written(name)  # a mirror of it notices at its next fetch


def delete_link(half: LinkHalf) -> None:
    """This side's half goes, and with it what was known of its mirrors; their topics stay."""
    del half.local.links[half.name]
    half.remote.followers.remove(half)
    for mirror in half.mirrors.values():
        mirror.topic.mirror = None


def create_mirror(half: LinkHalf, source_name: str, name: str | None, now: float) -> Mirror:
    """Begin to mirror a topic of the other side from its start; nothing is fetched yet."""
    source = half.remote.topics.get(source_name)
    if source is None:
        raise CannotCreate(40403, f"Topic {source_name} does not exist on cluster {half.remote.id}")
    wanted = half.prefix + source_name
    if name not in (None, wanted):
        raise CannotCreate(40035, f"Mirror topic name {name} must be {wanted}")
    if not LEGAL_NAME.fullmatch(wanted):
        raise CannotCreate(40002, f"Topic name {wanted} is invalid")
    if wanted in half.local.topics:
        raise CannotCreate(40002, f"Topic {wanted} already exists.")
    topic = half.local.add_topic(wanted, len(source.logs))
    mirror = half.add_mirror(topic, source_name, Status.ACTIVE, now)
    mirror.known_end = [NEVER_FETCHED] * len(source.logs)
    return mirror
