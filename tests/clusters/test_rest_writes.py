"""Commands over REST: one request, and an outcome classified by what the answer proves."""

from __future__ import annotations

import json

import pytest

from clusters.backends.confluent_rest import ConfluentRest
from clusters.backends.confluent_rest.calls import UnknownTopic
from clusters.backends.confluent_rest.settings import RestSettings
from clusters.declared import SideEntry
from clusters.errors import Malformed, NoAnswer, NotSent, NotServed, Rejected, Unauthorised
from clusters.facts import MirrorStatus
from clusters.gateway import MirrorAction
from tests.clusters.servers import answering, closed_port, misbehaving
from tests.clusters.wire import soon


def test_a_dry_run_and_the_command_itself_differ_by_the_flag_alone(ledger):
    backend = ledger.rest["eu-south"]
    dry = backend.alter_mirrors(MirrorAction.FAILOVER, ledger.link, ["accounts"], validate_only=True, deadline=soon())
    wet = backend.alter_mirrors(MirrorAction.FAILOVER, ledger.link, ["accounts"], validate_only=False, deadline=soon())
    assert dry.replies["accounts"].error == wet.replies["accounts"].error == ""
    assert len(wet.replies["accounts"].lags) == 6
    first, second = ledger.wires["eu-south"].requests
    assert (first.method, first.url.path, first.content) == (second.method, second.url.path, second.content)
    assert [dict(r.url.params) for r in (first, second)] == [{"validate_only": "true"}, {"validate_only": "false"}]
    assert [command["validate_only"] for command in ledger.commands()] == [True, False]


def test_the_intent_is_the_request_that_is_sent(ledger):
    backend = ledger.rest["eu-south"]
    intent = backend.mirror_request(MirrorAction.FAILOVER, ledger.link, ["accounts", "entries"])
    backend.alter_mirrors(
        MirrorAction.FAILOVER, ledger.link, ["accounts", "entries"], validate_only=True, deadline=soon()
    )
    sent = ledger.wires["eu-south"].requests[-1]
    assert (sent.method, sent.url.path, json.loads(sent.content)) == (intent["method"], intent["path"], intent["body"])


@pytest.mark.parametrize("action", list(MirrorAction))
def test_every_action_is_in_the_published_contract(ledger, published, action):
    backend = ledger.rest["eu-south"]
    backend.alter_mirrors(action, ledger.link, ["accounts"], validate_only=True, deadline=soon())
    (command,) = ledger.commands()
    assert command["validate_only"]
    assert command["include_partition_level_truncation_data"] == (action is MirrorAction.TRUNCATE_AND_RESTORE)


def test_a_200_can_hold_refusals(ledger):
    ledger.pair.inject("refuse-half", "eu-south")
    topics = ["accounts", "entries", "transfers"]
    answer = ledger.rest["eu-south"].alter_mirrors(
        MirrorAction.FAILOVER, ledger.link, topics, validate_only=False, deadline=soon()
    )
    refused = {topic for topic, reply in answer.replies.items() if reply.error}
    assert set(answer.replies) == set(topics)
    assert 0 < len(refused) < 3
    ledger.advance(60)
    statuses = {m.topic: m.status for m in ledger.rest["eu-south"].mirrors(ledger.link, deadline=soon())}
    assert {topic for topic, status in statuses.items() if status is not MirrorStatus.STOPPED} == refused


def test_restore_tells_what_it_would_cut_and_what_it_cut(ledger):
    ledger.pair.inject("region-down", "eu-north")
    ledger.advance(6)
    topics = ["accounts", "entries", "transfers"]
    ledger.rest["eu-south"].alter_mirrors(
        MirrorAction.FAILOVER, ledger.link, topics, validate_only=False, deadline=soon()
    )
    ledger.advance(2)
    for name in ledger.pair.targets:
        ledger.pair.targets[name].place(None, 0, ledger.pair)
    ledger.pair.clear_faults("region-down", "eu-north")
    ledger.advance(10)
    for validate_only in (True, False):
        answer = ledger.rest["eu-north"].alter_mirrors(
            MirrorAction.TRUNCATE_AND_RESTORE, ledger.link, ["accounts"], validate_only=validate_only, deadline=soon()
        )
        reply = answer.replies["accounts"]
        assert reply.error == ""
        assert reply.messages_truncated == sum(part.messages_truncated for part in reply.truncations)


def test_a_topic_is_always_named(ledger):
    with pytest.raises(ValueError, match="names its topics"):
        ledger.rest["eu-south"].alter_mirrors(
            MirrorAction.FAILOVER, ledger.link, [], validate_only=True, deadline=soon()
        )
    assert ledger.commands() == []


def test_a_verb_the_cluster_does_not_serve_is_told_apart(ledger):
    ledger.pair.sides["eu-south"].settings.serves = frozenset({"failover"})
    with pytest.raises(NotServed):
        ledger.rest["eu-south"].alter_mirrors(
            MirrorAction.TRUNCATE_AND_RESTORE, ledger.link, ["accounts"], validate_only=True, deadline=soon()
        )


def test_40035_is_not_served(archive):
    for broker in archive.pair.sides["ca-central"].brokers:
        broker.version = "7.6.1"
    with pytest.raises(NotServed, match="40035"):
        archive.rest["ca-central"].alter_mirrors(
            MirrorAction.REVERSE_AND_START, archive.link, ["events"], validate_only=True, deadline=soon()
        )


def sent_to(url: str, validate_only: bool = False) -> None:
    entry = SideEntry("east", "east", True, "c1", {"rest": RestSettings(url)})
    ConfluentRest(entry).alter_mirrors(
        MirrorAction.FAILOVER, "link", ["orders"], validate_only=validate_only, deadline=soon(2)
    )


ROW = {"mirror_topic_name": "orders", "error_code": None, "error_message": None, "mirror_lags": []}


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        pytest.param(answering('{"error_code":400,"message":"bad"}', "400 Bad Request"), Rejected, id="400"),
        pytest.param(answering("<html>no</html>", "401 Unauthorized", "text/html"), Unauthorised, id="401 in HTML"),
        pytest.param(answering('{"error_code":40301}', "403 Forbidden"), Unauthorised, id="403"),
        pytest.param(answering("gone", "404 Not Found", "text/plain"), NotServed, id="404"),
        pytest.param(
            answering('{"error_code":40403,"message":"x"}', "404 Not Found"), UnknownTopic, id="unknown topic"
        ),
        pytest.param(answering("", "405 Method Not Allowed"), NotServed, id="405"),
        pytest.param(answering("", "408 Request Timeout"), NoAnswer, id="408"),
        pytest.param(answering("{}", "409 Conflict"), Rejected, id="409"),
        pytest.param(answering("slow down", "429 Too Many Requests", "text/html"), NoAnswer, id="429"),
        pytest.param(answering("", "302 Found", Location="http://127.0.0.1:1/"), NoAnswer, id="redirect"),
        pytest.param(answering("{}", "500 Internal Server Error"), NoAnswer, id="500"),
        pytest.param(answering("{}", "502 Bad Gateway"), NoAnswer, id="502"),
        pytest.param(answering("{}", "503 Service Unavailable"), NoAnswer, id="503"),
        pytest.param(answering("{}", "504 Gateway Timeout"), NoAnswer, id="504"),
        pytest.param(answering("", "204 No Content"), Malformed, id="204"),
        pytest.param(answering("<html>welcome</html>", kind="text/html"), Malformed, id="a login page"),
        pytest.param(answering('{"data":[{"mirror'), Malformed, id="cut short"),
        pytest.param(answering('{"data":[{"mirror_topic_name":1}]}'), Malformed, id="wrong type"),
        pytest.param(answering("[" * 100_000), Malformed, id="nested for ever"),
        pytest.param(answering('{"data":[],"x":NaN}'), Malformed, id="NaN"),
        pytest.param(answering(b'{"data":[],"x":"\xff"}'), Malformed, id="not UTF-8"),
        pytest.param(
            answering('{"data":[{"mirror_topic_name":"orders","error_code":400,"error_code":null}]}'),
            Malformed,
            id="a key twice",
        ),
        pytest.param(lambda connection, request: connection.close(), NoAnswer, id="dropped"),
    ],
)
def test_outcomes_are_classified_by_what_they_prove(behaviour, error):
    with misbehaving(behaviour) as server:
        with pytest.raises(error) as raised:
            sent_to(server.url)
        assert type(raised.value) is error
        assert len(server.requests) == 1, "a command is sent once, whatever comes of it"


def test_a_closed_port_proves_that_nothing_was_sent():
    with pytest.raises(NotSent):
        sent_to(f"http://127.0.0.1:{closed_port()}")


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([ROW], ""),
        ([{**ROW, "error_code": 0}], ""),
        ([{**ROW, "error_code": 401}], "401: no reason given"),
        ([{**ROW, "error_code": 400, "error_message": "Topic is busy"}], "400: Topic is busy"),
        ([{**ROW, "error_message": "only words"}], "only words"),
        ([], "the cluster's answer does not mention this topic"),
        ([{**ROW, "mirror_topic_name": "other"}], "the cluster's answer does not mention this topic"),
        ([ROW, {**ROW, "error_code": 400, "error_message": "second thought"}], "400: second thought"),
        ([{**ROW, "messages_truncated": -1}], ""),
    ],
)
def test_a_topic_is_accepted_only_when_the_answer_says_so(rows, error):
    entry = SideEntry("east", "east", True, "c1", {"rest": RestSettings("http://unused.example")})
    with misbehaving(answering(json.dumps({"data": rows}))) as server:
        entry = SideEntry("east", "east", True, "c1", {"rest": RestSettings(server.url)})
        answer = ConfluentRest(entry).alter_mirrors(
            MirrorAction.FAILOVER, "link", ["orders"], validate_only=False, deadline=soon(2)
        )
    assert list(answer.replies) == ["orders"]
    assert answer.replies["orders"].error == error
    assert answer.replies["orders"].messages_truncated is None


def test_37_refusals_among_10000_topics_are_each_found():
    topics = [f"t{n}" for n in range(10_000)]
    rows = [{**ROW, "mirror_topic_name": t, "error_code": 400 if n % 271 == 0 else None} for n, t in enumerate(topics)]
    with misbehaving(answering(json.dumps({"data": rows}))) as server:
        entry = SideEntry("east", "east", True, "c1", {"rest": RestSettings(server.url)})
        answer = ConfluentRest(entry).alter_mirrors(
            MirrorAction.FAILOVER, "link", topics, validate_only=False, deadline=soon(20)
        )
    assert sum(bool(reply.error) for reply in answer.replies.values()) == 37
    assert answer.said == "failover: 9963 accepted, 37 refused"


@pytest.mark.parametrize(
    ("action", "platform", "cloud"),
    [
        (
            MirrorAction.TRUNCATE_AND_RESTORE,
            "kafka-mirrors --truncate-and-restore --topics a,b --link L --include-partition-data "
            "--bootstrap-server k:9092 --command-config CLIENT.properties",
            "confluent kafka mirror truncate-and-restore a b --link L --cluster lkc-1 --include-partitions",
        ),
        (
            MirrorAction.FAILOVER,
            "kafka-mirrors --failover --topics a,b --bootstrap-server k:9092 --command-config CLIENT.properties",
            "confluent kafka mirror failover a b --link L --cluster lkc-1",
        ),
        (
            MirrorAction.REVERSE_AND_START,
            "kafka-mirrors --reverse-and-start --topics a,b --bootstrap-server k:9092 "
            "--command-config CLIENT.properties",
            "confluent kafka mirror reverse-and-start a b --link L --cluster lkc-1",
        ),
        (
            MirrorAction.RESUME,
            "kafka-mirrors --unpause --topics a,b --bootstrap-server k:9092 --command-config CLIENT.properties",
            "confluent kafka mirror resume a b --link L --cluster lkc-1",
        ),
    ],
)
def test_the_same_by_hand(action, platform, cloud):
    from clusters.backends.confluent_rest import commands

    assert commands.platform(action, "L", ["a", "b"], "k:9092") == platform
    assert commands.cloud(action, "L", ["a", "b"], "lkc-1") == cloud
    with pytest.raises(ValueError, match="names its topics"):
        commands.platform(action, "L", [], "k:9092")
    with pytest.raises(ValueError, match="names its topics"):
        commands.cloud(action, "L", [], "lkc-1")


def test_a_hostile_name_stays_one_word_of_the_command():
    from clusters.backends.confluent_rest import commands

    said = commands.platform(MirrorAction.FAILOVER, "L", ["a; rm -rf /"], "k:9092")
    assert "'a; rm -rf /'" in said


def test_a_topic_is_deleted_and_mirrored_anew_with_the_requests_that_stand_in_the_intent(orders):
    backend, mirror = orders.rest["eu-west"], "us-east.orders"
    backend.alter_mirrors(MirrorAction.FAILOVER, orders.link, [mirror], validate_only=False, deadline=soon())
    orders.advance(60)
    for ready in (backend.topic_deletion(mirror), backend.mirror_creation(orders.link, "orders", mirror)):
        ready.send(soon())
        sent = orders.wires["eu-west"].requests[-1]
        assert (sent.method, sent.url.path) == (ready.request["method"], ready.request["path"])
        assert (json.loads(sent.content) if sent.content else None) == ready.request.get("body")
    assert [(row["action"], row["topics"], row["outcome"]) for row in orders.commands()[1:]] == [
        ("delete-topic", [mirror], "accepted"),
        ("create-mirror", [mirror], "accepted"),
    ]
    with pytest.raises(Rejected, match="already exists"):
        backend.mirror_creation(orders.link, "orders", mirror).send(soon())
    with pytest.raises(UnknownTopic):
        backend.topic_deletion("nothing").send(soon())


@pytest.mark.parametrize("applied", [True, False])
def test_a_deletion_without_an_answer_proves_nothing(orders, applied):
    orders.pair.inject("accepted-then-dropped", "eu-west", {"applied": applied, "action": "delete-topic"})
    with pytest.raises((NoAnswer, ConnectionError)):
        orders.rest["eu-west"].topic_deletion("us-east.orders").send(soon())
    assert ("us-east.orders" in orders.pair.sides["eu-west"].topics) is not applied


def test_a_deletion_and_a_new_mirror_by_hand(orders):
    backend = orders.rest["eu-west"]
    assert backend.topic_deletion("a b").command == "confluent kafka topic delete 'a b' --url REST-URL"
    assert backend.mirror_creation(orders.link, "orders", "us-east.orders").command == (
        "kafka-mirrors --create --mirror-topic us-east.orders --source-topic orders --link orders-link "
        "--bootstrap-server BOOTSTRAP --command-config CLIENT.properties"
    )


def test_a_link_is_deleted_with_a_dry_run_before_and_never_by_force(ledger):
    backend = ledger.rest["eu-south"]
    ready = backend.link_deletion(ledger.link)
    with pytest.raises(Rejected, match="still has mirror topic accounts"):
        ready.dry_run(soon())
    topics = ["accounts", "entries", "transfers"]
    backend.alter_mirrors(MirrorAction.FAILOVER, ledger.link, topics, validate_only=False, deadline=soon())
    ledger.advance(60)
    ready.dry_run(soon())
    assert [link.name for link in backend.links(deadline=soon())] == [ledger.link]
    ready.send(soon())
    assert backend.links(deadline=soon()) == ()
    assert [dict(each.url.params) for each in ledger.wires["eu-south"].requests if each.method == "DELETE"] == [
        {"validate_only": "true"},
        {"validate_only": "true"},
        {},
    ]
    assert set(ledger.pair.sides["eu-south"].topics) == set(topics)
    ledger.advance(60)
    assert ledger.rest["eu-north"].links(deadline=soon())[0].name == ledger.link
