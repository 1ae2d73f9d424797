"""The shapes of Kafka REST v3 as they are really met: fields may be absent or null, and two spellings exist for some.

The big list (mirrors with their lags) is decoded straight into facts; only where a server leaves out a number there is
the slower, forgiving form used.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from clusters.collecting import collection_held
from clusters.decoders import decoder_of
from clusters.facts import PartitionLag

T = TypeVar("T")


class Page(msgspec.Struct):
    next: str | None = None


class Error(msgspec.Struct):
    error_code: int | None = None
    message: str | None = None


class Cluster(msgspec.Struct):
    cluster_id: str | None = None


class Broker(msgspec.Struct):
    broker_id: int


class Brokers(msgspec.Struct):
    data: list[Broker]
    metadata: Page | None = None


class Config(msgspec.Struct):
    name: str
    value: str | int | float | bool | None = None
    broker_id: int | None = None
    topic_name: str | None = None


class Configs(msgspec.Struct):
    data: list[Config]
    metadata: Page | None = None


class Acl(msgspec.Struct):
    resource_type: str
    resource_name: str
    pattern_type: str
    principal: str
    host: str
    operation: str
    permission: str


class AclList(msgspec.Struct):
    data: list[Acl]
    metadata: Page | None = None


class Problem(msgspec.Struct):
    error_code: str | int | None = None
    error_message: str | None = None


class Task(msgspec.Struct):
    task_name: str | None = None
    state: str | None = None
    errors: list[Problem] | None = None


class Link(msgspec.Struct):
    link_name: str | None = None
    cluster_link_id: str | None = None
    link_id: str | None = None
    remote_cluster_id: str | None = None
    source_cluster_id: str | None = None
    destination_cluster_id: str | None = None
    link_state: str | None = None
    link_error: str | None = None
    link_error_message: str | None = None
    tasks: list[Task] | None = None


class Links(msgspec.Struct):
    data: list[Link]
    metadata: Page | None = None


class LooseLag(msgspec.Struct):
    partition: int
    lag: int | None = None
    last_source_fetch_offset: int | None = None


class Mirror(msgspec.Struct):
    mirror_topic_name: str
    link_name: str | None = None
    source_topic_name: str | None = None
    num_partitions: int | None = None
    mirror_lags: list[PartitionLag] | None = None
    mirror_status: str | None = None
    mirror_topic_error: str | None = None
    state_time_ms: int | None = None
    mirror_state_transition_errors: list[Problem] | None = None


class LooseMirror(msgspec.Struct):
    mirror_topic_name: str
    link_name: str | None = None
    source_topic_name: str | None = None
    num_partitions: int | None = None
    mirror_lags: list[LooseLag] | None = None
    mirror_status: str | None = None
    mirror_topic_error: str | None = None
    state_time_ms: int | None = None
    mirror_state_transition_errors: list[Problem] | None = None


class Mirrors(msgspec.Struct):
    data: list[Mirror]
    metadata: Page | None = None


class LooseMirrors(msgspec.Struct):
    data: list[LooseMirror]
    metadata: Page | None = None


class TruncatedPartition(msgspec.Struct):
    partition_id: int
    offset_truncated_to: int
    messages_truncated: int


class Altered(msgspec.Struct):
    mirror_topic_name: str
    error_code: int | None = None
    error_message: str | None = None
    mirror_lags: list[LooseLag] | None = None
    messages_truncated: int | None = None
    partition_level_truncation_data: list[TruncatedPartition] | None = None


class AlteredList(msgspec.Struct):
    data: list[Altered]


class Unreadable(ValueError):
    """The body is not JSON of the expected shape."""


def decode(kind: type[T], body: bytes) -> T:
    try:
        return decoder_of(kind).decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error


def decode_as(kind: type[T]) -> Callable[[bytes], T]:
    return lambda body: decode(kind, body)


def decode_altered(body: bytes) -> AlteredList:
    refuse_doubled_keys(body)
    return decode(AlteredList, body)


def decode_mirrors(body: bytes) -> Mirrors | LooseMirrors:
    with collection_held():
        try:
            return decode(Mirrors, body)
        except Unreadable:
            return decode(LooseMirrors, body)


def decode_mirror(body: bytes) -> Mirror | LooseMirror:
    try:
        return decode(Mirror, body)
    except Unreadable:
        return decode(LooseMirror, body)


def refuse_doubled_keys(body: bytes) -> None:
    """The answer to a command decides what is believed of it: two values for one key are no answer."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in found}) != len(found):
            raise Unreadable("a key stands twice in one object")
        return dict(found)

    try:
        json.loads(body, object_pairs_hook=pairs)
    except (json.JSONDecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error
