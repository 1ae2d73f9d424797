"""The REST backend reads the simulated clusters: same facts, and every request as the published contract has it."""

from __future__ import annotations

import json

import pytest

from clusters.backends.confluent_rest import ConfluentRest
from clusters.backends.confluent_rest.settings import Base, RestSettings
from clusters.declared import SideEntry
from clusters.errors import Malformed, NotServed, Unauthorised
from clusters.facts import MetadataMode, MirrorStatus
from clusters.gateway import MirrorAction
from clusters.observed import Want
from clusters.secrets import SecretReference
from clusters.sign_in import Basic, Bearer
from tests.clusters.servers import answering, misbehaving
from tests.clusters.wire import soon


def test_mirrors_say_what_the_cluster_knows(orders):
    orders.advance(30)
    found = {mirror.topic: mirror for mirror in orders.rest["eu-west"].mirrors(orders.link, deadline=soon())}
    model = orders.pair.sides["eu-west"].links[orders.link].mirrors
    assert set(found) == set(model) == {f"us-east.{t}" for t in ("orders", "payments", "refunds", "inventory")}
    mirror = found["us-east.orders"]
    assert (mirror.source_topic, mirror.status, mirror.num_partitions) == ("orders", MirrorStatus.ACTIVE, 6)
    assert [lag.partition for lag in mirror.partitions] == [0, 1, 2, 3, 4, 5]
    ends = [log.end for log in orders.pair.sides["eu-west"].topics["us-east.orders"].logs]
    assert [lag.last_source_fetch_offset for lag in mirror.partitions] == ends
    assert mirror.is_measured
    assert mirror.state_at is not None
    assert mirror.state_at.tzinfo is not None


def test_one_mirror_comes_with_its_transition_errors(ledger):
    ledger.pair.inject("transitions-stuck", "eu-south")
    ledger.rest["eu-south"].alter_mirrors(
        MirrorAction.FAILOVER, ledger.link, ["accounts"], validate_only=False, deadline=soon()
    )
    ledger.advance(60)
    mirror = ledger.rest["eu-south"].mirror(ledger.link, "accounts", deadline=soon())
    assert mirror is not None
    assert mirror.status is MirrorStatus.PENDING_STOPPED
    assert mirror.transition_errors
    assert "link coordinator" in mirror.transition_errors[0].message


def test_a_mirror_nobody_knows_is_none(ledger):
    assert ledger.rest["eu-south"].mirror(ledger.link, "no-such-topic", deadline=soon()) is None


def test_links_take_mode_and_prefix_from_their_settings(orders, ledger):
    (prefixed,) = orders.rest["us-east"].links(deadline=soon())
    assert (prefixed.mode, prefixed.prefix) == ("BIDIRECTIONAL", "eu-west.")
    assert prefixed.configs["consumer.offset.sync.enable"] == "true"
    assert {task.name for task in prefixed.tasks} >= {"ConsumerOffsetSync", "TopicConfigsSync"}
    (plain,) = ledger.rest["eu-north"].links(deadline=soon())
    assert plain.prefix == ""


def test_both_halves_of_a_link_share_one_id(orders):
    here, there = (orders.rest[side].links(deadline=soon())[0] for side in ("us-east", "eu-west"))
    assert here.cluster_link_id == there.cluster_link_id
    assert here.remote_cluster_id == orders.pair.sides["eu-west"].id


def test_a_look_tells_all_rest_can_tell(archive):
    seen = archive.rest["us-west"].observe(Want(links=(archive.link,)), deadline=soon())
    assert seen.probe.ok
    assert seen.problems == []
    assert seen.cluster_id == archive.pair.sides["us-west"].id
    assert seen.broker_ids == frozenset({1, 2, 3})
    assert seen.metadata is MetadataMode.KRAFT
    assert seen.tiering is True
    assert seen.tiered == {"events": True, "documents": True}


def test_settings_are_left_alone_when_they_are_not_asked_for(archive):
    archive.rest["us-west"].observe(Want(links=(archive.link,), configs=False), deadline=soon())
    asked = [request.url.path for request in archive.wires["us-west"].requests]
    assert not [path for path in asked if "configs" in path]


def test_every_request_of_a_look_is_in_the_published_contract(orders, published):
    orders.rest["us-east"].observe(Want(links=(orders.link,)), deadline=soon())
    assert len(orders.wires["us-east"].requests) >= 8
    assert published.checked > 0


def test_combined_nodes_are_seen_as_such(ledger):
    ledger.pair.sides["eu-north"].settings.metadata = "kraft-combined"
    seen = ledger.rest["eu-north"].observe(Want(), deadline=soon())
    assert seen.metadata is MetadataMode.KRAFT_COMBINED


def test_zookeeper_is_seen_as_such(ledger):
    ledger.pair.sides["eu-north"].settings.metadata = "zookeeper"
    seen = ledger.rest["eu-north"].observe(Want(), deadline=soon())
    assert seen.metadata is MetadataMode.ZOOKEEPER


@pytest.mark.parametrize(
    ("wanted", "auth"),
    [
        ({"basic": "reader:s3cret"}, Basic(SecretReference("env:R_USER"), SecretReference("env:R_PASSWORD"))),
        ({"bearer": "t0ken"}, Bearer(SecretReference("env:R_TOKEN"))),
    ],
)
def test_credentials_are_sent_where_they_are_asked_for(orders, monkeypatch, wanted, auth):
    orders.pair.sides["us-east"].settings.auth = wanted
    monkeypatch.setenv("R_USER", "reader")
    monkeypatch.setenv("R_PASSWORD", "s3cret")
    monkeypatch.setenv("R_TOKEN", "t0ken")
    assert orders.backend("us-east", auth).mirrors(orders.link, deadline=soon())
    with pytest.raises(Unauthorised) as refused:
        orders.rest["us-east"].mirrors(orders.link, deadline=soon())
    assert "401 Unauthorized" in refused.value.said
    assert "<" not in refused.value.said


def test_a_secret_that_is_not_there_sends_nothing(orders, monkeypatch):
    monkeypatch.delenv("R_TOKEN", raising=False)
    backend = orders.backend("us-east", Bearer(SecretReference("env:R_TOKEN")))
    before = len(orders.wires["us-east"].requests)
    seen = backend.observe(Want(), deadline=soon())
    assert not seen.probe.ok
    assert "not there" in seen.probe.said
    assert len(orders.wires["us-east"].requests) == before


def test_a_standalone_proxy_is_read_under_its_own_base(orders):
    orders.pair.sides["us-east"].settings.base = "/v3"
    backend = orders.backend("us-east", base=Base.PROXY)
    seen = backend.observe(Want(links=(orders.link,)), deadline=soon())
    assert seen.probe.ok
    assert seen.links is None  # a standalone proxy serves no links: unknown, not "none"
    assert any("404" in problem for problem in seen.problems)


def test_another_clusters_id_is_not_served(orders):
    there = orders.pair.sides["eu-west"].id
    with pytest.raises(NotServed):
        orders.backend("us-east", cluster_id=there).mirrors(orders.link, deadline=soon())


@pytest.mark.parametrize(
    ("link", "topic", "path"),
    [
        ("a/../b?c#d%", "../x", "links/a%2F..%2Fb%3Fc%23d%25/mirrors/..%2Fx"),
        ("..", ".", "links/%2E%2E/mirrors/%2E"),
        ("ünï", "a b", "links/%C3%BCn%C3%AF/mirrors/a%20b"),
        ("l\r\nX: y", "t", "links/l%0D%0AX%3A%20y/mirrors/t"),
    ],
)
def test_names_are_encoded_whole(link, topic, path):
    with misbehaving(answering("{}", "404 Not Found")) as server:
        entry = SideEntry("east", "east", True, "c/1", {"rest": RestSettings(server.url)})
        assert ConfluentRest(entry).mirror(link, topic, deadline=soon()) is None
    line = server.requests[0].split(b"\r\n")[0].decode()
    assert line == f"GET /kafka/v3/clusters/c%2F1/{path}?include_state_transition_errors=true HTTP/1.1"


def paged(*pages: dict[str, object]):
    """A server whose list comes in pages."""
    left = list(pages)

    def behave(connection, request):
        answering(json.dumps(left.pop(0)))(connection, request)

    return behave


def row(name: str) -> dict[str, str]:
    return {"mirror_topic_name": name}


def reader(url: str) -> ConfluentRest:
    return ConfluentRest(SideEntry("east", "east", True, "c1", {"rest": RestSettings(url)}))


def test_a_list_is_read_to_its_end():
    pages: list[dict[str, object]] = []
    with misbehaving(lambda connection, request: paged(pages.pop(0))(connection, request)) as server:
        more = {"next": f"{server.url}/kafka/v3/clusters/c1/links/l/mirrors?page=2"}
        pages += [{"data": [row("a")], "metadata": more}, {"data": [row("b")], "metadata": {"next": None}}]
        found = reader(server.url).mirrors("l", deadline=soon())
    assert [mirror.topic for mirror in found] == ["a", "b"]
    assert server.requests[1].startswith(b"GET /kafka/v3/clusters/c1/links/l/mirrors?page=2 ")


def test_a_list_that_goes_on_elsewhere_is_not_followed():
    with misbehaving(answering("{}")) as other:
        page = {"data": [row("a")], "metadata": {"next": f"{other.url}/kafka/v3/clusters/c1/links/l/mirrors"}}
        with misbehaving(paged(page)) as server, pytest.raises(Malformed, match="another address"):
            reader(server.url).mirrors("l", deadline=soon())
        assert other.requests == []


def test_a_list_that_never_ends_is_given_up():
    with misbehaving(lambda connection, request: again(connection, request)) as server:
        page = {"data": [], "metadata": {"next": f"{server.url}/kafka/v3/x"}}
        again = answering(json.dumps(page))
        with pytest.raises(Malformed, match="does not end"):
            reader(server.url).mirrors("l", deadline=soon(30))
    assert len(server.requests) == 100


def test_a_request_to_wait_is_passed_on():
    with misbehaving(answering("slow down", "429 Too Many Requests", "text/html", Retry_After="7")) as server:
        seen = reader(server.url).observe(Want(), deadline=soon())
    assert "asks to wait 7 s" in seen.probe.said
