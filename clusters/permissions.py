"""What a principal may really do on a cluster: the rules of Kafka's own authorizer, and what ACLs leave open.

DENY comes before ALLOW. A literal, a wildcard and a prefixed pattern count alike; some operations imply others, but
only where they are allowed. What ACLs cannot tell (role bindings, members of groups of principals, hosts of clients)
makes the answer uncertain, never a yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from clusters.facts import AclFacts, ClientFacts, SideFacts

ANY, ANYBODY, CLUSTER = "*", "User:*", "kafka-cluster"
IMPLIED_BY = {"DESCRIBE": {"READ", "WRITE", "DELETE", "ALTER"}, "DESCRIBE_CONFIGS": {"ALTER_CONFIGS"}}
SUPER_USERS, OPEN_BY_DEFAULT = "super.users", "allow.everyone.if.no.acl.found"


@dataclass(frozen=True, order=True)
class Right:
    operation: str
    resource_type: str
    name: str

    @property
    def resource(self) -> str:
        return f"{self.resource_type.lower()} {self.name}"

    def __str__(self) -> str:
        return f"{self.operation} on {self.resource}"


class Effect(StrEnum):
    ALLOWED = "allowed"
    DENIED = "denied"
    MISSING = "not granted"
    UNCERTAIN = "not known"


@dataclass(frozen=True)
class Ruling:
    """`why` names the ACL or the setting that decided, or what is not known."""

    effect: Effect
    why: str


def needed(client: ClientFacts, prefixes: Iterable[str]) -> tuple[Right, ...]:
    """What a client needs on a side: to write its topics, or to read them, their mirrors there, and its group."""
    if client.kind == "producers":
        return tuple(Right("WRITE", "TOPIC", topic) for topic in client.topics)
    topics = [Right("READ", "TOPIC", prefix + topic) for topic in client.topics for prefix in prefixes]
    return (*topics, Right("READ", "GROUP", client.group)) if client.group else tuple(topics)


def prefixes_on(side: SideFacts, link: str) -> tuple[str, ...]:
    """Of the topics a client reads there: none, and that of the mirrors where the link has one."""
    half = side.link(link)
    return ("", half.prefix) if half and half.prefix else ("",)


def ruling(side: SideFacts, principal: str, right: Right) -> Ruling:
    if side.acls is None:
        return Ruling(Effect.UNCERTAIN, side.acls_said or f"the ACLs of {side.side} were not read")
    if not side.acls.is_enforced:
        return Ruling(Effect.ALLOWED, f"{side.side} has no authorizer: everybody may do everything")
    if _is_super_user(side, principal):
        return Ruling(Effect.ALLOWED, f"{principal} is a super user on {side.side}")
    matching = [acl for acl in side.acls.entries if _covers(acl, right)]
    found = next(_denials(matching, principal, right), None) or _grant(matching, principal, right)
    if found.effect is Effect.MISSING and _is_open(side):
        return Ruling(Effect.UNCERTAIN, f"no ACL grants {right} on {side.side}, where {OPEN_BY_DEFAULT} is on")
    return found


def _denials(matching: Iterable[AclFacts], principal: str, right: Right) -> Iterator[Ruling]:
    """The certain ones first. A denial of one operation denies no other."""
    denials = [acl for acl in matching if acl.permission == "DENY" and acl.operation in {right.operation, "ALL"}]
    mine = [acl for acl in denials if acl.principal in {principal, ANYBODY}]
    yield from (Ruling(Effect.DENIED, _words(acl)) for acl in mine if acl.host == ANY)
    yield from (Ruling(Effect.UNCERTAIN, f"{_words(acl)}, from that host alone") for acl in mine)
    strange = [acl for acl in denials if not acl.principal.startswith("User:")]
    yield from (Ruling(Effect.UNCERTAIN, f"{_words(acl)}, whose members are not known here") for acl in strange)


def _grant(matching: Iterable[AclFacts], principal: str, right: Right) -> Ruling:
    granting = {right.operation, "ALL"} | IMPLIED_BY.get(right.operation, set())
    grants = [
        acl
        for acl in matching
        if acl.permission == "ALLOW" and acl.operation in granting and acl.principal in {principal, ANYBODY}
    ]
    for acl in sorted(grants, key=lambda acl: acl.host != ANY):
        if acl.host == ANY:
            return Ruling(Effect.ALLOWED, _words(acl))
        return Ruling(Effect.UNCERTAIN, f"{_words(acl)}, from that host alone")
    return Ruling(Effect.MISSING, f"no ACL grants {right} to {principal}")


def _covers(acl: AclFacts, right: Right) -> bool:
    if acl.resource_type != right.resource_type:
        return False
    if acl.pattern_type == "PREFIXED":
        return right.name.startswith(acl.resource_name)
    return acl.resource_name in {ANY, right.name}


def _is_super_user(side: SideFacts, principal: str) -> bool:
    """On every broker, where their settings tell; where they do not, nobody is."""
    told = [each.get(SUPER_USERS, "") for each in (side.broker_settings or {}).values()]
    return bool(told) and all(principal in {user.strip() for user in each.split(";")} for each in told)


def _is_open(side: SideFacts) -> bool:
    return any(each.get(OPEN_BY_DEFAULT) == "true" for each in (side.broker_settings or {}).values())


def _words(acl: AclFacts) -> str:
    where = "" if acl.host == ANY else f" from {acl.host}"
    pattern = " (prefix)" if acl.pattern_type == "PREFIXED" else ""
    what = f"{acl.permission} {acl.operation} on {acl.resource_type.lower()} {acl.resource_name}{pattern}"
    return f"{what} for {acl.principal}{where}"
