"""The inventory file the sandbox writes about itself."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from clusters.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("inventory"), scale=60) as running:
        yield running


@pytest.fixture
def pairs(sandbox):
    found = YAML(typ="safe").load(sandbox.inventory_text())["pairs"]
    return {pair["name"]: pair for pair in found}


def test_it_is_the_file_in_the_directory(sandbox):
    assert sandbox.inventory_path.read_text() == sandbox.inventory_text()


def test_three_pairs_with_their_topologies_and_regions(pairs):
    regions = {name: [side["region"] for side in pair["sides"]] for name, pair in pairs.items()}

    assert regions == {
        "orders": ["us-east", "eu-west"],
        "ledger": ["eu-north", "eu-south"],
        "archive": ["us-west", "ca-central"],
    }
    assert [pair["topology"] for pair in pairs.values()] == ["active-active", "active-passive", "active-passive"]
    assert all(pair["may_change"] for pair in pairs.values())
    assert [side.get("home", False) for side in pairs["orders"]["sides"]] == [True, False]


def test_addresses_are_its_own(sandbox, pairs):
    side = pairs["ledger"]["sides"][1]

    assert side["rest"] == {"url": sandbox.rest_url("ledger", "eu-south"), "base": "/kafka/v3", "auth": "none"}
    brokers = sandbox.pair("ledger").sides["eu-south"].brokers
    assert side["kafka"]["bootstrap"] == ",".join(f"127.0.0.1:{broker.port}" for broker in brokers)
    assert side["cluster_id"] == sandbox.pair("ledger").sides["eu-south"].id
    assert pairs["ledger"]["witnesses"][1]["url"] == sandbox.witness_url("ledger", "eu-south")
    assert pairs["ledger"]["drivers"][0]["url"] == f"{sandbox.control_url}/pairs/ledger/targets"
    assert pairs["ledger"]["sandbox"]["journal"] == f"{sandbox.control_url}/journal?pair=ledger"


def test_declared_facts_say_who_how_and_when(sandbox, pairs):
    side = pairs["archive"]["sides"][0]

    assert side["tiering"]["value"] is True
    assert [side["versions"][number]["value"] for number in (1, 2, 3)] == ["7.9.1"] * 3
    facts = [side["edition"], side["metadata"], side["tiering"], *side["versions"].values()]
    assert all(fact.keys() == {"value", "how", "by", "on"} for fact in facts)
    assert pairs["ledger"]["sides"][0]["tiering"]["value"] is False


def test_durations_follow_the_scale(sandbox, pairs, tmp_path):
    assert pairs["orders"]["policy"] == {
        "unreachable_for": "6s",
        "stable_for": "6s",
        "session_timeout": "3s",
        "flat_for": "3s",
        "poll": "2s",
        "group_sync": "1s",
        "approval_life": "15m",
        "rto": "30m",
    }
    with Sandbox(tmp_path, scale=300) as faster:
        policy = YAML(typ="safe").load(faster.inventory_text())["pairs"][0]["policy"]
    assert (policy["unreachable_for"], policy["session_timeout"], policy["poll"]) == ("1200ms", "600ms", "400ms")


def test_clients_can_all_be_moved_by_the_client_control(sandbox, pairs):
    for name, pair in pairs.items():
        assert [client["name"] for client in pair["clients"]] == list(sandbox.pair(name).targets)
        assert {client["driver"] for client in pair["clients"]} == {pair["drivers"][0]["name"]}
        groups = [client["group"] for client in pair["clients"] if client["kind"] == "group"]
        assert set(groups) <= set(sandbox.pair(name).sides[pair["sides"][0]["name"]].groups)


def test_the_secret_is_referred_to_and_never_written(sandbox):
    assert sandbox.secret not in sandbox.inventory_text()
    assert (sandbox.directory / "webhook-secret").read_text() == sandbox.secret
