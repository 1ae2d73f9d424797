"""The Kafka protocol through the real client, against simulated brokers."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from clusters.backends.kafka_admin import KafkaAdmin
from clusters.backends.kafka_admin.settings import KafkaSettings, Sasl, Security, client_config
from clusters.declared import SideEntry
from clusters.errors import ClusterError, Configuration, NoAnswer, NotSent, Rejected
from clusters.facts import GroupState, MetadataMode
from clusters.observed import Want
from clusters.secrets import SecretReference
from tests.clusters.servers import closed_port, misbehaving
from tests.clusters.wire import soon


@pytest.fixture
def entry(inventory) -> SideEntry:
    return inventory.pairs["orders"].side("us-east")


@pytest.fixture
def kafka(entry):
    found = KafkaAdmin(entry)
    yield found
    found.close()


def test_offsets_are_the_log_ends_per_partition(kafka, control):
    before = control.truth("orders")["sides"]["us-east"]["topics"]
    found = kafka.topics(["orders", "eu-west.orders", "no-such-topic"], deadline=soon())
    after = control.truth("orders")["sides"]["us-east"]["topics"]
    assert set(found) == {"orders", "eu-west.orders"}
    for name, topic in found.items():
        low, high = ([row["end"] for row in truth[name]["partitions"]] for truth in (before, after))
        assert topic.partitions == len(topic.end_offsets) == 6
        assert all(a <= end <= b for a, end, b in zip(low, topic.end_offsets, high, strict=True))
        assert topic.start_offsets == tuple(row["start"] for row in before[name]["partitions"])


def test_groups_come_with_members_and_positions(kafka):
    found = kafka.groups(["settlement", "reporting", "never-heard-of"], deadline=soon())
    assert (found["settlement"].state, found["settlement"].members) == (GroupState.STABLE, 2)
    assert found["settlement"].client_ids == ("settlement-0", "settlement-1")
    assert {row.topic for row in found["settlement"].committed} >= {"orders", "payments"}
    assert found["reporting"].members == 0
    assert (found["never-heard-of"].state, found["never-heard-of"].members) == (GroupState.DEAD, 0)
    assert found["never-heard-of"].committed == ()


def test_without_names_all_groups_come(kafka):
    assert set(kafka.groups(deadline=soon())) >= {"settlement", "fulfilment", "reporting"}


def test_an_empty_list_of_names_asks_nothing(kafka):
    assert kafka.groups([], deadline=soon()) == {}
    assert kafka.topics([], deadline=soon()) == {}


def test_the_budget_leaves_named_topics_and_groups_alone(kafka):
    want = Want(topics=("payments",), groups=("reporting",), max_partitions=6, max_groups=1)
    seen = kafka.observe(want, deadline=soon())
    assert seen.problems == []
    assert "payments" in seen.topics
    assert len(seen.topics) == 2
    assert set(seen.groups) == {"reporting"}


def test_a_refused_port_is_noticed_at_once_the_second_time(entry):
    port = closed_port()
    kafka = KafkaAdmin(replace(entry, ways={"kafka": KafkaSettings(f"127.0.0.1:{port}")}))
    assert not kafka.observe(Want(), deadline=soon(1)).probe.ok
    seen = kafka.observe(Want(), deadline=soon(20))
    assert "no broker takes a connection" in seen.probe.said
    kafka.close()


def test_a_silent_broker_is_no_answer_in_time(entry):
    hold = threading.Event()
    with misbehaving(lambda connection, request: None) as server:
        server._behaviour = lambda connection, request: hold.wait(10)
        kafka = KafkaAdmin(replace(entry, ways={"kafka": KafkaSettings(f"127.0.0.1:{server.port}")}))
        with pytest.raises(ClusterError) as raised:
            kafka.groups(["g"], deadline=soon(1))
        assert isinstance(raised.value, NoAnswer | NotSent)
        hold.set()
    kafka.close()


def test_a_deadline_that_has_passed_asks_nothing(kafka):
    with pytest.raises(NotSent, match="no time"):
        kafka.groups(deadline=time.monotonic() - 1)


def test_a_closed_client_is_made_anew(kafka):
    kafka.topics(["orders"], deadline=soon())
    kafka.close()
    assert kafka.topics(["orders"], deadline=soon())


def test_credentials_are_resolved_when_the_client_is_made(monkeypatch):
    sasl = Sasl("PLAIN", SecretReference("env:K_USER"), SecretReference("env:K_PASSWORD"))
    settings = KafkaSettings("k:9092", Security.SASL_SSL, sasl, "/etc/ca.pem")
    with pytest.raises(Configuration, match="K_USER"):
        client_config(settings)
    monkeypatch.setenv("K_USER", "reader")
    monkeypatch.setenv("K_PASSWORD", "s3cret")
    config = client_config(settings)
    assert config["sasl.password"] == "s3cret"
    assert config["security.protocol"] == "SASL_SSL"
    assert config["ssl.ca.location"] == "/etc/ca.pem"
    assert "enable.ssl.certificate.verification" not in config
    assert "s3cret" not in repr(settings)


def test_a_missing_secret_is_a_failed_probe_that_names_it(entry):
    sasl = Sasl("PLAIN", SecretReference("env:NO_SUCH"), SecretReference("env:NO_SUCH"))
    kafka = KafkaAdmin(replace(entry, ways={"kafka": KafkaSettings("k:9092", Security.SASL_PLAINTEXT, sasl)}))
    seen = kafka.observe(Want(), deadline=soon())
    assert not seen.probe.ok
    assert "not there" in seen.probe.said


def test_settings_of_brokers_and_topics_tell_mode_and_tiering(inventory):
    kafka = KafkaAdmin(inventory.pairs["archive"].side("us-west"))
    seen = kafka.observe(Want(topics=("events",)), deadline=soon())
    assert seen.problems == []
    assert seen.metadata is MetadataMode.KRAFT
    assert seen.tiering is True
    assert seen.tiered["events"] is True
    assert kafka.observe(Want(topics=("events",), configs=False), deadline=soon()).tiered is None
    kafka.close()


def test_a_client_that_cannot_be_made_says_why(entry):
    kafka = KafkaAdmin(replace(entry, ways={"kafka": KafkaSettings("k:9092", Security.SSL, None, "/no/such/ca.pem")}))
    with pytest.raises(Configuration, match="cannot be made"):
        kafka.groups(["g"], deadline=soon())
    assert not kafka.observe(Want(), deadline=soon()).probe.ok


def test_a_name_given_twice_is_asked_once(kafka):
    assert set(kafka.groups(["settlement", "settlement"], deadline=soon())) == {"settlement"}


@pytest.fixture
def away(inventory, control):
    control.fault("orders", "region-down", "us-east")  # what it commits would be synced over what is placed here
    found = KafkaAdmin(inventory.pairs["orders"].side("eu-west"))
    yield found
    found.close()


def placed(kafka, group):
    return {(row.topic, row.partition): row.offset for row in kafka.groups([group], deadline=soon())[group].committed}


def test_offsets_are_set_for_a_group_without_members_and_for_no_other(away, control):
    wanted = {("us-east.orders", 0): 7, ("us-east.orders", 1): 0}
    ready = away.offsets_setting("settlement", wanted)
    assert ready.request["offsets"][0] == {"topic": "us-east.orders", "partition": 0, "offset": 7}
    assert ready.send(soon()) == "2 offsets committed"
    assert wanted.items() <= placed(away, "settlement").items()
    with pytest.raises(Rejected, match="UNKNOWN_MEMBER_ID"):
        away.offsets_setting("reporting", wanted).send(soon())
    with pytest.raises(Rejected, match="UNKNOWN_TOPIC"):
        away.offsets_setting("settlement", {("nothing", 0): 1}).send(soon())
    with pytest.raises(NoAnswer, match="1 of 2 offsets were not taken"):
        away.offsets_setting("settlement", {("nothing", 0): 1, ("us-east.orders", 0): 8}).send(soon())
    rows = control.journal("orders")
    assert [(row["via"], row["groups"], row["outcome"]) for row in rows] == [
        ("kafka", ["settlement"], "accepted"),
        ("kafka", ["reporting"], "refused"),
        ("kafka", ["settlement"], "refused"),
        ("kafka", ["settlement"], "accepted"),
    ]


@pytest.mark.parametrize("applied", [True, False])
def test_offsets_whose_answer_was_lost_were_sent_once(away, control, applied):
    control.fault("orders", "accepted-then-dropped", "eu-west", applied=applied)
    with pytest.raises(NoAnswer):
        away.offsets_setting("settlement", {("us-east.orders", 0): 9}).send(soon())
    assert (placed(away, "settlement").get(("us-east.orders", 0)) == 9) is applied
    assert [row["outcome"] for row in control.journal("orders")] == [
        "dropped-applied" if applied else "dropped-not-applied"
    ]
