"""Which calls a cluster serves, and what it says when it does not."""

from __future__ import annotations

import httpx
import pytest

from clusters.sandbox.http import wsgi
from clusters.sandbox.rest import ClusterRest
from tests.clusters.sandbox import contract

ACTIONS = [
    "promote",
    "failover",
    "pause",
    "resume",
    "reverse-and-start-mirror",
    "reverse-and-pause-mirror",
    "truncate-and-restore",
]


def ask(world, side, path, method="GET", **options):
    """At the given path under the base, without assuming that the answer is a success."""
    cluster = world.pair.sides[side]
    base = cluster.settings.base
    with contract.client(
        transport=httpx.WSGITransport(wsgi(ClusterRest(world.pair, side, world.journal).handle))
    ) as http:
        return http.request(method, f"http://{side}{base}/clusters/{cluster.id}{path}", **options)


def act(world, side, action, **options):
    body = {"mirror_topic_names": ["entries"]}
    return ask(world, side, f"/links/{world.link}/mirrors:{action}", "POST", json=body, **options)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/topics/nothing", 40403),
        ("/topics/nothing/configs", 40403),
        ("/links/nothing", 404),
        ("/links/nothing/mirrors", 404),
        ("/links/{link}/mirrors/nothing", 404),
        ("/links/{link}/configs/nothing", 404),
        ("/brokers/9", 404),
        ("/consumer-groups/nothing", 404),
        ("/consumer-groups/nothing/lag-summary", 404),
    ],
)
def test_what_is_not_there(path, code, ledger):
    answer = ask(ledger, "eu-south", path.format(link=ledger.link))

    assert (answer.status_code, answer.json()["error_code"]) == (404, code)


def test_another_cluster_id_is_not_served_here(ledger):
    other = ledger.pair.sides["eu-north"].id

    assert ledger.http["eu-south"].get(f"http://eu-south/kafka/v3/clusters/{other}/links").status_code == 404


def test_without_an_authorizer_acls_answer_so(ledger):
    ledger.pair.sides["eu-south"].acls = None
    answer = ask(ledger, "eu-south", "/acls")

    assert (answer.status_code, answer.json()["error_code"]) == (400, 40002)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/topics"),
        ("POST", "/links"),
        ("GET", "/topics/entries/default-configs"),
    ],
)
def test_what_is_not_modelled_says_so(method, path, ledger):
    """405 would say that a real cluster has no such call."""
    answer = ask(ledger, "eu-south", path.format(link=ledger.link), method)

    assert answer.status_code == 501


def test_link_settings_are_altered_by_put_and_not_by_post(ledger):
    path = f"/links/{ledger.link}/configs:alter"
    body = {"data": [{"name": "acl.sync.ms", "value": "6000"}]}

    assert ask(ledger, "eu-south", path, "POST", json=body).status_code == 405
    assert ask(ledger, "eu-south", path, "PUT", json=body).status_code == 204
    assert ask(ledger, "eu-south", f"/links/{ledger.link}/configs/acl.sync.ms").json()["value"] == "6000"


def test_a_batch_with_one_wrong_setting_changes_nothing(ledger):
    rows = [{"name": "acl.sync.ms", "value": "6000"}, {"name": "link.mode", "value": "SOURCE"}]
    answer = ask(ledger, "eu-south", f"/links/{ledger.link}/configs:alter", "PUT", json={"data": rows})

    assert (answer.status_code, answer.json()["error_code"]) == (400, 40002)
    assert ask(ledger, "eu-south", f"/links/{ledger.link}/configs/acl.sync.ms").json()["value"] == "5000"


def test_settings_can_be_tried_and_reset(ledger):
    configs = f"/links/{ledger.link}/configs"
    body = {"data": [{"name": "acl.sync.ms", "value": "6000"}]}
    ask(ledger, "eu-south", f"{configs}:alter", "PUT", json=body, params={"validate_only": "true"})
    assert ask(ledger, "eu-south", f"{configs}/acl.sync.ms").json()["is_default"]

    ask(ledger, "eu-south", f"{configs}/acl.sync.ms", "PUT", json={"value": "6000"})
    assert not ask(ledger, "eu-south", f"{configs}/acl.sync.ms").json()["is_default"]
    assert ask(ledger, "eu-south", f"{configs}/acl.sync.ms", "DELETE").status_code == 204
    assert ask(ledger, "eu-south", f"{configs}/acl.sync.ms").json()["is_default"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"mirror_topic_names": []}', b'{"mirror_topic_names": [7]}'])
def test_a_body_that_cannot_be_understood(body, ledger):
    answer = ask(ledger, "eu-south", f"/links/{ledger.link}/mirrors:failover", "POST", content=body)

    assert (answer.status_code, answer.json()["error_code"]) == (400, 400)
    assert [command["outcome"] for command in ledger.journal.commands()] == ["refused"]


def test_a_pattern_takes_every_mirror_it_matches(ledger):
    body = {"mirror_topic_name_pattern": "a.*|e.*"}
    answer = ask(ledger, "eu-south", f"/links/{ledger.link}/mirrors:pause", "POST", json=body)

    assert {row["mirror_topic_name"] for row in answer.json()["data"]} == {"accounts", "entries"}
    assert ledger.journal.commands()[0]["topics"] == ["accounts", "entries"]


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_that_is_not_served_answers_404_and_is_journalled(action, ledger):
    ledger.pair.sides["eu-south"].settings.serves = frozenset()

    assert act(ledger, "eu-south", action).status_code == 404
    (command,) = ledger.journal.commands()
    assert command["outcome"] == "refused"
    assert command["topics"] == ["entries"]
    assert command["action"] == action.removesuffix("-mirror")


@pytest.mark.parametrize("action", ACTIONS)
def test_old_versions_do_not_support_reverse_and_restore(action, ledger):
    ledger.pair.sides["eu-south"].brokers[2].version = "7.6.4"

    answer = act(ledger, "eu-south", action)

    if action in ("promote", "failover", "pause", "resume"):
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json()["error_code"]) == (400, 40035)


@pytest.mark.parametrize(
    ("edition", "missing"),
    [
        ("cloud-dedicated", ["/brokers"]),
        ("cloud-enterprise", ["/brokers", "/brokers/-/configs", "/consumer-groups/balances/lag-summary"]),
        ("apache", ["/links", "/links/-/mirrors"]),
    ],
)
def test_each_edition_lacks_its_calls(edition, missing, ledger):
    ledger.pair.sides["eu-south"].settings.edition = edition

    for path in missing:
        assert ask(ledger, "eu-south", path).status_code == 404, path
    assert ask(ledger, "eu-south", "/topics").status_code == 200


def test_a_basic_cluster_supports_no_mirror_command(ledger):
    ledger.pair.sides["eu-south"].settings.edition = "cloud-basic"

    assert act(ledger, "eu-south", "failover").json()["error_code"] == 40035


def test_a_rest_proxy_has_another_base_and_no_links(ledger):
    ledger.pair.sides["eu-south"].settings.base = "/v3"

    assert ask(ledger, "eu-south", "/brokers").status_code == 200
    assert ask(ledger, "eu-south", "/links").status_code == 404
    assert ledger.http["eu-south"].get("http://eu-south/kafka/v3/clusters").status_code == 404


@pytest.mark.parametrize(
    ("auth", "good"),
    [
        ({"basic": "ops:pa:ss"}, {"auth": ("ops", "pa:ss")}),
        ({"bearer": "abc"}, {"headers": {"Authorization": "Bearer abc"}}),
    ],
)
def test_a_wrong_credential_is_answered_in_html(auth, good, ledger):
    ledger.pair.sides["eu-south"].settings.auth = auth

    for wrong in ({}, {"auth": ("ops", "wrong")}, {"headers": {"Authorization": "Bearer wrong"}}):
        answer = ask(ledger, "eu-south", "/links", **wrong)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "text/html"
    assert ask(ledger, "eu-south", "/links", **good).status_code == 200


def test_tiering_shows_in_broker_and_topic_settings(archive, ledger):
    for world, value in ((archive, "true"), (ledger, "false")):
        side = world.home
        broker = ask(world, side, "/brokers/1/configs/confluent.tier.feature").json()
        topic = next(iter(world.pair.sides[side].topics))
        assert broker["value"] == value
        assert ask(world, side, f"/topics/{topic}/configs/confluent.tier.enable").json()["value"] == value


@pytest.mark.parametrize(
    ("metadata", "roles"), [("kraft", "broker"), ("kraft-combined", "broker,controller"), ("zookeeper", "")]
)
def test_broker_settings_show_the_metadata_mode_and_never_the_version(metadata, roles, ledger):
    ledger.pair.sides["eu-south"].settings.metadata = metadata

    rows = ask(ledger, "eu-south", "/brokers/1/configs").json()["data"]

    values = {row["name"]: row["value"] for row in rows}
    assert (values["process.roles"] or "") == roles
    assert bool(values["zookeeper.connect"]) is (metadata == "zookeeper")
    assert not [value for value in values.values() if value and "8.1" in value]


def test_lag_summary_adds_up(ledger):
    ledger.advance(1)
    rows = ask(ledger, "eu-north", "/consumer-groups/balances/lags").json()["data"]
    summary = ask(ledger, "eu-north", "/consumer-groups/balances/lag-summary").json()

    assert summary["total_lag"] == sum(row["lag"] for row in rows)
    assert summary["max_lag"] == max(row["lag"] for row in rows)


def test_counts_of_a_link_are_partitions_by_state(ledger):
    ledger.accepted("eu-south", "pause", ["entries"])

    counts = ask(ledger, "eu-south", f"/links/{ledger.link}").json()["category_counts"]

    assert {row["state_category"]: row["count"] for row in counts} == {"ACTIVE": 12, "PAUSED": 6}


def test_both_halves_of_a_link_belong_together(ledger):
    north, south = (ledger.get(side, f"/links/{ledger.link}") for side in ("eu-north", "eu-south"))

    assert north["cluster_link_id"] == south["cluster_link_id"]
    assert (north["remote_cluster_id"], south["remote_cluster_id"]) == (
        ledger.pair.sides["eu-south"].id,
        ledger.pair.sides["eu-north"].id,
    )
