"""The answer to DescribeAcls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .kafka_codec import RESPONSES, Message

if TYPE_CHECKING:
    from .acls import Acl

SECURITY_DISABLED = 54
RESOURCES = {"TOPIC": 2, "GROUP": 3, "CLUSTER": 4}
PATTERNS = {"LITERAL": 3, "PREFIXED": 4}
OPERATIONS = {"ALL": 2, "READ": 3, "WRITE": 4, "ALTER": 7, "DESCRIBE": 8, "DESCRIBE_CONFIGS": 10}
PERMISSIONS = {"DENY": 2, "ALLOW": 3}


def described_acls(acls: list[Acl] | None) -> dict[str, Any]:
    """Every one, by resource; without an authorizer (None) an error for all of it."""
    if acls is None:
        text = "No Authorizer is configured."
        return {"throttle_time_ms": 0, "error_code": SECURITY_DISABLED, "error_message": text, "resources": []}
    row = RESPONSES[29].DescribeAclsResource
    found: dict[tuple[str, str, str], list[Acl]] = {}
    for acl in acls:
        found.setdefault((acl.resource_type, acl.resource_name, acl.pattern_type), []).append(acl)
    resources = [
        row(
            resource_type=RESOURCES[kind],
            resource_name=name,
            pattern_type=PATTERNS[pattern],
            acls=[_described(row, acl) for acl in of_it],
        )
        for (kind, name, pattern), of_it in found.items()
    ]
    return {"throttle_time_ms": 0, "error_code": 0, "error_message": None, "resources": resources}


def _described(row: Message, acl: Acl) -> Message:
    return row.AclDescription(
        principal=acl.principal,
        host=acl.host,
        operation=OPERATIONS[acl.operation],
        permission_type=PERMISSIONS[acl.permission],
    )
