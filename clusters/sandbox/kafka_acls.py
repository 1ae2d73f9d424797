"""ACLs as the Kafka protocol spells them: what is described, what is created, and what a filter takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .acls import Acl
from .kafka_codec import RESPONSES, Message

if TYPE_CHECKING:
    from collections.abc import Iterable

SECURITY_DISABLED = 54
NO_AUTHORIZER = "No Authorizer is configured."
ANY = 1
RESOURCES = {"TOPIC": 2, "GROUP": 3, "CLUSTER": 4}
PATTERNS = {"LITERAL": 3, "PREFIXED": 4}
OPERATIONS = {"ALL": 2, "READ": 3, "WRITE": 4, "ALTER": 7, "DESCRIBE": 8, "DESCRIBE_CONFIGS": 10}
PERMISSIONS = {"DENY": 2, "ALLOW": 3}


def described_acls(acls: list[Acl] | None) -> dict[str, Any]:
    """Every one, by resource; without an authorizer (None) an error for all of it."""
    if acls is None:
        answer = {"error_code": SECURITY_DISABLED, "error_message": NO_AUTHORIZER, "resources": []}
        return {"throttle_time_ms": 0, **answer}
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


def asked_for(request: Message) -> list[Acl]:
    """The bindings that CreateAcls asks for."""
    return [
        Acl(
            _name(RESOURCES, each.resource_type),
            each.resource_name,
            each.principal,
            _name(OPERATIONS, each.operation),
            _name(PERMISSIONS, each.permission_type),
            _name(PATTERNS, each.resource_pattern_type),
            each.host,
        )
        for each in request.creations
    ]


def created_acls(count: int, acls: list[Acl] | None) -> dict[str, Any]:
    row, error, said = RESPONSES[30].AclCreationResult, *_error(acls)
    return {"throttle_time_ms": 0, "results": [row(error_code=error, error_message=said) for _ in range(count)]}


def taken_by(asked: Message, acls: Iterable[Acl]) -> list[Acl]:
    """Those that one filter of DeleteAcls matches, by the very pattern type it names."""
    return [acl for acl in acls if all(wanted in (None, ANY, own) for wanted, own in _compared(asked, acl))]


def deleted_acls(found: list[list[Acl]], acls: list[Acl] | None) -> dict[str, Any]:
    row, error, said = RESPONSES[31].DeleteAclsFilterResult, *_error(acls)
    results = [
        row(error_code=error, error_message=said, matching_acls=[_deleted(row, acl) for acl in each]) for each in found
    ]
    return {"throttle_time_ms": 0, "filter_results": results}


def _compared(asked: Message, acl: Acl) -> tuple[tuple[object, object], ...]:
    return (
        (asked.resource_type_filter, RESOURCES[acl.resource_type]),
        (asked.resource_name_filter, acl.resource_name),
        (asked.pattern_type_filter, PATTERNS[acl.pattern_type]),
        (asked.principal_filter, acl.principal),
        (asked.host_filter, acl.host),
        (asked.operation, OPERATIONS[acl.operation]),
        (asked.permission_type, PERMISSIONS[acl.permission]),
    )


def _error(acls: list[Acl] | None) -> tuple[int, str | None]:
    return (SECURITY_DISABLED, NO_AUTHORIZER) if acls is None else (0, None)


def _name(names: dict[str, int], number: int) -> str:
    return next(name for name, known in names.items() if known == number)


def _described(row: Message, acl: Acl) -> Message:
    return row.AclDescription(
        principal=acl.principal,
        host=acl.host,
        operation=OPERATIONS[acl.operation],
        permission_type=PERMISSIONS[acl.permission],
    )


def _deleted(row: Message, acl: Acl) -> Message:
    return row.DeleteAclsMatchingAcl(
        error_code=0,
        error_message=None,
        resource_type=RESOURCES[acl.resource_type],
        resource_name=acl.resource_name,
        pattern_type=PATTERNS[acl.pattern_type],
        principal=acl.principal,
        host=acl.host,
        operation=OPERATIONS[acl.operation],
        permission_type=PERMISSIONS[acl.permission],
    )
