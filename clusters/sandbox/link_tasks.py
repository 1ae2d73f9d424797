"""The background tasks of a link, as `include_tasks` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .link import LinkHalf
    from .model import Pair

Errors = list[tuple[str, str]]


def tasks(pair: Pair, half: LinkHalf) -> list[dict[str, Any]]:
    """Task failures never change the state of the link itself."""
    return [
        _task(half, "ConsumerOffsetSync", half.setting("consumer.offset.sync.enable"), _offset_errors(half)),
        _task(half, "AclSync", half.setting("acl.sync.enable"), [("SECURITY_DISABLED_ERROR", "No authorizer")]),
        _task(
            half,
            "AutoCreateMirror",
            half.setting("auto.create.mirror.topics.enable"),
            _filter_errors(half.setting("auto.create.mirror.topics.filters")),
        ),
        _task(half, "TopicConfigsSync", "true", []),
    ]


def _task(half: LinkHalf, name: str, enabled: str, errors: Errors) -> dict[str, Any]:
    if enabled != "true":
        state, errors = "NOT_CONFIGURED", []
    elif half.state != "ACTIVE":
        state, errors = f"LINK_{half.state}", []
    else:
        state = "IN_ERROR" if errors else "ACTIVE"
    shown = [{"error_code": code, "error_message": text} for code, text in errors]
    return {"task_name": name, "state": state, "errors": shown}


def _offset_errors(half: LinkHalf) -> Errors:
    if half.other is None:
        return [("REMOTE_LINK_NOT_FOUND_ERROR", f"Link {half.name} was not found on cluster {half.remote.id}")]
    if not half.has_group_filters():
        return _filter_errors("")
    return [
        ("CONSUMER_GROUP_IN_USE_ERROR", f"Consumer group {group} is in use on both clusters")
        for group in half.groups_in_use
    ]


def _filter_errors(filters: str) -> Errors:
    return [] if filters else [("MISCONFIGURATION_ERROR", "The task is enabled but its filters are empty")]
