"""What a declaration is worth when the settings that could contradict it are refused, or do not come."""

from __future__ import annotations

import json
from datetime import date

import pytest

from clusters.backends.confluent_rest.settings import RestSettings
from clusters.connections import close_all, open_pair
from clusters.declared import Declared, LinkEntry, PairEntry, Purpose, SideEntry
from clusters.facts import MetadataMode, Policy, Topology
from clusters.reading import read_side
from tests.clusters.servers import Behaviour, answering, misbehaving


def listing(*rows: dict[str, object]) -> Behaviour:
    return answering(json.dumps({"data": rows, "metadata": {"next": None}}))


def settings(**values: str) -> Behaviour:
    return listing(
        *({"broker_id": 1, "name": name.replace("_", "."), "value": value} for name, value in values.items())
    )


LINK = {"link_name": "l", "cluster_link_id": "id", "link_state": "ACTIVE"}
HEALTHY: dict[str, Behaviour] = {
    "/links/l/configs": listing({"name": "link.mode", "value": "BIDIRECTIONAL"}),
    "/links/l/mirrors": listing(),
    "/links/l": answering(json.dumps(LINK)),
    "/links": listing(LINK),
    "/brokers/-/configs": settings(confluent_tier_feature="false", process_roles="broker"),
    "/brokers": listing({"broker_id": 1}),
    "/topics/-/configs": listing({"topic_name": "t", "name": "confluent.tier.enable", "value": "false"}),
    "": answering('{"cluster_id": "c1"}'),
}
ERROR = answering('{"error_code": 50002}', "500 Internal Server Error")
REFUSED = answering('{"error_code": 40301}', "403 Forbidden")
ABSENT = answering('{"error_code": 404}', "404 Not Found")


def serving(changes: dict[str, Behaviour]) -> Behaviour:
    routes = {**HEALTHY, **changes}

    def behave(connection, request):
        path = request.split(b" ")[1].decode().partition("?")[0].removeprefix("/kafka/v3/clusters/c1")
        routes[path](connection, request)

    return behave


def declared(value: object) -> Declared:
    return Declared(str(value), value, "asked", "ops", date(2026, 1, 1))


def side_of(changes: dict[str, Behaviour]):
    with misbehaving(serving(changes)) as server:
        home = SideEntry(
            "east", "east", True, "c1", {"rest": RestSettings(server.url)},
            tiering=declared(False), metadata=declared(MetadataMode.KRAFT),
        )  # fmt: skip
        away = SideEntry("west", "west", False, "c2", {})
        links = (LinkEntry("l", Purpose.DATA),)
        entry = PairEntry("p", "P", Topology.ACTIVE_PASSIVE, False, Policy(), (home, away), links)
        with open_pair(entry) as connections:
            # Long: an answer that a busy machine delays is not one that does not come.
            found = read_side(connections, entry, "east", deadline_s=30.0)
        close_all()
    return found


@pytest.mark.parametrize(
    ("changes", "tiering", "mode"),
    [
        pytest.param({}, False, MetadataMode.KRAFT, id="confirmed"),
        pytest.param(
            {"/brokers/-/configs": settings(confluent_tier_feature="true", process_roles="broker")},
            None,
            MetadataMode.KRAFT,
            id="tiering contradicted",
        ),
        pytest.param(
            {"/brokers/-/configs": settings(confluent_tier_feature="false", process_roles="broker,controller")},
            False,
            None,
            id="mode contradicted",
        ),
        pytest.param({"/brokers/-/configs": ERROR}, None, None, id="did not come"),
        pytest.param({"/brokers/-/configs": answering("<html>")}, None, None, id="unreadable"),
        pytest.param({"/brokers/-/configs": REFUSED}, False, MetadataMode.KRAFT, id="refused for good"),
        pytest.param(
            {"/brokers/-/configs": ABSENT, "/brokers/1/configs": settings(confluent_tier_feature="true")},
            None,
            MetadataMode.KRAFT,
            id="told broker by broker",
        ),
        pytest.param({"/brokers/-/configs": ABSENT, "/brokers": ABSENT}, False, MetadataMode.KRAFT, id="not served"),
        pytest.param(
            {"/topics/-/configs": listing({"topic_name": "t", "name": "confluent.tier.enable", "value": "true"})},
            None,
            MetadataMode.KRAFT,
            id="a topic is tiered",
        ),
        pytest.param({"": ERROR}, False, MetadataMode.KRAFT, id="nothing answers: what is declared stands"),
    ],
)
def test_an_answer_that_does_not_come_is_not_one_that_agrees(changes, tiering, mode):
    side = side_of(changes)
    assert (side.tiering.value, side.metadata.value) == (tiering, mode)
    assert side.tiering.value is not None or side.tiering.note
    assert side.metadata.value is not None or side.metadata.note


@pytest.mark.parametrize("part", ["/links", "/links/l/mirrors"])
def test_mirrors_that_could_not_be_read_are_not_no_mirrors(part):
    assert side_of({part: ERROR}).mirrors is None


def test_a_link_whose_settings_did_not_come_has_no_mode():
    side = side_of({"/links/l/configs": ERROR})
    assert side.link("l").mode is None
    assert side.configs_at is None
