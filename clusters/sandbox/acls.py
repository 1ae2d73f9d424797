"""What the authorizer of a simulated cluster holds: kept, listed and filtered.

It stops only those producers of the pair whom a literal binding denies to write by their own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .cluster import Cluster
    from .workloads import Target

FIELDS = ("resource_type", "resource_name", "pattern_type", "principal", "host", "operation", "permission")


class Acl(NamedTuple):
    resource_type: str
    resource_name: str
    principal: str
    operation: str
    permission: str = "ALLOW"
    pattern_type: str = "LITERAL"
    host: str = "*"


def principal(target: str) -> str:
    return f"User:{target}"


def link_principal(link: str) -> str:
    return f"User:{link}"


def is_denied(cluster: Cluster, target: str, topic: str) -> bool:
    return Acl("TOPIC", topic, principal(target), "WRITE", "DENY") in (cluster.acls or ())


def standard(cluster: Cluster, targets: Iterable[Target]) -> list[Acl]:
    """What a careful admin grants: each client its own topics and their mirrors, each link what a reversal needs."""
    prefixes = [half.prefix for half in cluster.links.values() if half.prefix]
    found = [acl for target in targets for acl in _of_client(target, prefixes)]
    found += [acl for link in cluster.links for acl in _of_link(link_principal(link))]
    found += [Acl("TOPIC", prefix, "User:*", "WRITE", "DENY", "PREFIXED") for prefix in prefixes]
    return found


def _of_client(target: Target, prefixes: list[str]) -> Iterator[Acl]:
    who = principal(target.name)
    for topic in target.topics:
        if target.group is None:
            yield Acl("TOPIC", topic, who, "WRITE")
        else:
            yield from (Acl("TOPIC", prefix + topic, who, "READ") for prefix in ("", *prefixes))
    if target.group is not None:
        yield Acl("GROUP", target.group, who, "READ")


def _of_link(who: str) -> Iterator[Acl]:
    yield from (Acl("CLUSTER", "kafka-cluster", who, operation) for operation in ("DESCRIBE", "ALTER"))
    yield from (Acl("TOPIC", "*", who, operation) for operation in ("READ", "DESCRIBE_CONFIGS"))
    yield Acl("GROUP", "*", who, "READ")


def chosen(acls: Iterable[Acl], query: dict[str, str]) -> list[Acl]:
    """As `GET /acls` filters: a field that is left out, or ANY, lets all pass; UserV2:* only changes how names look."""
    wanted = {name: value for name, value in query.items() if name in FIELDS and value not in {"ANY", "UserV2:*"}}
    return [acl for acl in acls if all(getattr(acl, name) == value for name, value in wanted.items())]
