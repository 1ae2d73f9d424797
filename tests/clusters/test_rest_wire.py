"""Shapes as they are really met: absent and null fields, both spellings, any order, many rows."""

from __future__ import annotations

import gc
import json

import pytest

from clusters.backends.confluent_rest import translate, wire
from clusters.broker_settings import metadata, tiered, tiering
from clusters.facts import MetadataMode, MirrorStatus

MIRROR = {
    "kind": "KafkaMirrorData",
    "metadata": {"self": "x"},
    "link_name": "link",
    "mirror_topic_name": "a.orders",
    "source_topic_name": "orders",
    "num_partitions": 2,
    "mirror_lags": [
        {"partition": 1, "lag": 5, "last_source_fetch_offset": 7},
        {"partition": 0, "lag": -207, "last_source_fetch_offset": -1},
    ],
    "mirror_status": "ACTIVE",
    "mirror_topic_error": "NO_ERROR",
    "state_time_ms": 1_700_000_000_123,
}


def read(**changes):
    row = {key: value for key, value in {**MIRROR, **changes}.items() if value != "absent"}
    body = json.dumps({"data": [row], "metadata": {"next": None}}).encode()
    return translate.mirror(wire.decode_mirrors(body).data[0], "link")


def test_lags_are_put_in_order_and_kept_as_they_were_said():
    assert [(lag.partition, lag.lag, lag.last_source_fetch_offset) for lag in read().partitions] == [
        (0, -207, -1),
        (1, 5, 7),
    ]
    assert not read().is_measured


@pytest.mark.parametrize("nothing", [None, "absent"])
def test_every_field_but_the_name_may_be_missing(nothing):
    for key in MIRROR:
        if key not in {"mirror_topic_name", "kind", "metadata"}:
            assert read(**{key: nothing}).topic == "a.orders", key
    bare = read(**{key: nothing for key in MIRROR if key != "mirror_topic_name"})
    assert (bare.status, bare.num_partitions, bare.partitions, bare.state_at) == (
        MirrorStatus.UNRECOGNISED,
        0,
        (),
        None,
    )
    assert not bare.is_measured


@pytest.mark.parametrize("key", ["lag", "last_source_fetch_offset"])
def test_a_lag_without_its_number_is_not_measured(key):
    lags = [{"partition": 0, "lag": 1, "last_source_fetch_offset": 2, key: None}]
    found = read(mirror_lags=lags, num_partitions=1)
    assert not found.is_measured
    assert getattr(found.partitions[0], key) == -1


@pytest.mark.parametrize("said", ["TELEPORTING", "active", "PendingRestoreMirror", "UNRECOGNISED", "UNKNOWN", ""])
def test_an_unknown_status_stays_visible(said):
    found = read(mirror_status=said)
    assert (found.status, found.said_status) == (MirrorStatus.UNRECOGNISED, said)


@pytest.mark.parametrize("milliseconds", [0, -1, None, 10**18])
def test_an_impossible_time_is_unknown(milliseconds):
    assert read(state_time_ms=milliseconds).state_at is None


def test_no_error_is_no_error():
    assert [read(mirror_topic_error=said).error for said in ("NO_ERROR", "NOT_SET", None, "ILLEGAL_STATE")] == [
        "",
        "",
        "",
        "ILLEGAL_STATE",
    ]


def test_ten_thousand_mirrors_are_read_whole_and_the_collector_runs_again():
    rows = [{**MIRROR, "mirror_topic_name": f"t{n}"} for n in range(10_000)]
    found = translate.mirrors(wire.decode_mirrors(json.dumps({"data": rows}).encode()).data, "link")
    assert [mirror.topic for mirror in found] == [f"t{n}" for n in range(10_000)]
    assert sum(len(mirror.partitions) for mirror in found) == 20_000
    assert gc.isenabled()


LINK = {"link_name": "l", "cluster_link_id": "id", "link_state": "ACTIVE", "remote_cluster_id": "r"}


def link(configs, **changes):
    row = wire.decode(wire.Link, json.dumps({**LINK, **changes}).encode())
    return translate.link(row, configs)


@pytest.mark.parametrize(
    ("configs", "mode", "prefix"),
    [
        (None, None, None),
        ({}, None, None),
        ({"link.mode": "BIDIRECTIONAL"}, "BIDIRECTIONAL", None),
        ({"link.mode": "DESTINATION", "cluster.link.prefix": None}, "DESTINATION", ""),
        ({"link.mode": "BIDIRECTIONAL", "cluster.link.prefix": "a."}, "BIDIRECTIONAL", "a."),
    ],
)
def test_mode_and_prefix_are_known_only_from_settings(configs, mode, prefix):
    found = link(configs)
    assert (found.mode, found.prefix) == (mode, prefix)


def test_older_servers_leave_most_of_a_link_out():
    found = translate.link(wire.decode(wire.Link, b'{"link_name":"l","link_id":"u","source_cluster_id":"s"}'), None)
    assert (found.cluster_link_id, found.remote_cluster_id, found.state, found.tasks) == ("u", "s", "", ())


def test_task_errors_are_told_and_no_error_is_none():
    tasks = [
        {
            "task_name": "ConsumerOffsetSync",
            "state": "IN_ERROR",
            "errors": [{"error_code": "CONSUMER_GROUP_IN_USE_ERROR"}],
        },
        {"task_name": "AclSync", "state": "ACTIVE", "errors": [{"error_code": "NO_ERROR", "error_message": ""}]},
        {"task_name": "TopicConfigsSync", "state": "ACTIVE", "errors": None},
    ]
    assert [[error.code for error in task.errors] for task in link(None, tasks=tasks).tasks] == [
        ["CONSUMER_GROUP_IN_USE_ERROR"],
        [],
        [],
    ]


BROKER = {"process.roles": "broker", "controller.quorum.voters": "1@c:9093"}
COMBINED = {**BROKER, "process.roles": "broker, controller"}
KEEPER = {"zookeeper.connect": "zk:2181"}


@pytest.mark.parametrize(
    ("brokers", "mode", "said"),
    [
        ([BROKER, BROKER], MetadataMode.KRAFT, ""),
        ([BROKER, COMBINED], MetadataMode.KRAFT_COMBINED, "broker 1 is broker and controller"),
        ([COMBINED, {}], MetadataMode.KRAFT_COMBINED, "broker 0 is broker and controller"),
        ([KEEPER, KEEPER], MetadataMode.ZOOKEEPER, ""),
        ([BROKER, KEEPER], None, "some on KRaft"),
        ([COMBINED, KEEPER], None, "some on KRaft"),
        ([BROKER, {**KEEPER, **BROKER}], None, "broker 1 has settings of both"),
        ([{"controller.quorum.bootstrap.servers": "c:9093"}], None, ""),
        ([BROKER, {}], None, ""),
        ([{}], None, ""),
        ([], None, ""),
    ],
)
def test_metadata_mode_is_what_every_broker_proves(brokers, mode, said):
    found, why = metadata(dict(enumerate(brokers)))
    assert found is mode
    assert said in why
    assert bool(said) == bool(why)


@pytest.mark.parametrize(
    ("brokers", "is_on"),
    [
        ([{"confluent.tier.feature": "true", "confluent.tier.enable": "false"}], True),
        ([{"confluent.tier.feature": "false"}, {"confluent.tier.enable": "true"}], True),
        ([{"confluent.tier.feature": "false"}, {"confluent.tier.feature": "false"}], False),
        ([{"confluent.tier.feature": "false"}, {}], None),
        ([{"confluent.tier.feature": None}], None),
        ([], None),
    ],
)
def test_tiering_is_off_only_where_every_broker_says_so(brokers, is_on):
    assert tiering(dict(enumerate(brokers)))[0] is is_on


@pytest.mark.parametrize(
    ("said", "found"), [("true", True), ("false", False), ("TRUE", True), ("", None), (None, None), ("maybe", None)]
)
def test_a_topic_is_tiered_only_where_its_settings_say_so(said, found):
    assert tiered({"confluent.tier.enable": said}) is found
    assert tiered({}) is None


def test_settings_written_as_numbers_and_booleans_are_text():
    rows = [{"name": "a", "value": True}, {"name": "b", "value": 5}, {"name": "c", "value": None, "is_sensitive": True}]
    body = json.dumps({"data": [*rows, {"name": "d", "default": True, "sensitive": False}]}).encode()
    assert [translate.value(config) for config in wire.decode(wire.Configs, body).data] == ["true", "5", None, None]
