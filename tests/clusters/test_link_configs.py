"""Settings of a link over REST: one batch, or one after another with the switch last; nothing is sent twice."""

from __future__ import annotations

import json

import pytest

from clusters.connections import open_pair
from clusters.errors import NoAnswer, NotServed, Rejected
from clusters.gateway import AltersLinkConfigs
from tests.clusters.wire import soon

ENABLE, FILTERS = "consumer.offset.sync.enable", "consumer.offset.group.filters"
BALANCES = '{"groupFilters":[{"name":"balances","patternType":"LITERAL","filterType":"INCLUDE"}]}'
BACK_ON = {ENABLE: "true", FILTERS: BALANCES}


@pytest.fixture
def south(ledger):
    return ledger.rest["eu-south"]


@pytest.fixture
def one_by_one(ledger):
    ledger.pair.sides["eu-south"].settings.batches_link_configs = False


def alter(ledger, changes, *, validate_only=False):
    return ledger.rest["eu-south"].alter_link_configs(
        ledger.link, changes, validate_only=validate_only, deadline=soon()
    )


def half(ledger):
    return ledger.pair.sides["eu-south"].links[ledger.link]


def test_they_are_read_as_the_cluster_says_them(ledger, south):
    assert isinstance(south, AltersLinkConfigs)
    found = south.link_configs(ledger.link, deadline=soon())
    assert (found[ENABLE], found["link.mode"], found["cluster.link.prefix"]) == ("true", "BIDIRECTIONAL", None)


def test_a_batch_is_tried_and_then_sent_with_the_switch_last(ledger, south, published):
    alter(ledger, BACK_ON, validate_only=True)
    assert half(ledger).configs[FILTERS] != BALANCES
    assert alter(ledger, BACK_ON).errors == {ENABLE: "", FILTERS: ""}
    assert half(ledger).configs[FILTERS] == BALANCES

    tried, sent = ledger.wires["eu-south"].requests
    intent = south.link_configs_request(ledger.link, BACK_ON)
    assert (sent.method, sent.url.path, json.loads(sent.content)) == (intent["method"], intent["path"], intent["body"])
    assert [row["name"] for row in intent["body"]["data"]] == [FILTERS, ENABLE]
    assert [dict(request.url.params) for request in (tried, sent)] == [
        {"validate_only": "true"},
        {"validate_only": "false"},
    ]
    assert [(row["validate_only"], row["settings"]) for row in ledger.commands()] == [(True, BACK_ON), (False, BACK_ON)]


def test_a_setting_is_reset(ledger, published):
    alter(ledger, {"consumer.offset.sync.ms": "5000"})
    alter(ledger, {"consumer.offset.sync.ms": None})
    assert "consumer.offset.sync.ms" not in half(ledger).configs


def test_a_batch_with_one_wrong_setting_is_refused_whole(ledger):
    with pytest.raises(Rejected, match="cannot be altered"):
        alter(ledger, {"link.mode": "SOURCE", **BACK_ON})
    assert half(ledger).configs[FILTERS] != BALANCES


def test_without_the_batch_they_go_one_by_one_and_the_switch_last(ledger, south, one_by_one, published):
    half(ledger).configs[ENABLE] = "false"
    assert alter(ledger, BACK_ON).errors == {FILTERS: "", ENABLE: ""}
    taken = [row for row in ledger.commands() if row["outcome"] == "accepted"]
    assert [row["settings"] for row in taken] == [{FILTERS: BALANCES}, {ENABLE: "true"}]
    singles = south.link_configs_request(ledger.link, BACK_ON)["where_not_served"]
    assert [row["path"] for row in singles] == [request.url.path for request in ledger.wires["eu-south"].requests[1:]]
    assert alter(ledger, {FILTERS: None}).errors == {FILTERS: ""}
    assert FILTERS not in half(ledger).configs


def test_without_the_batch_there_is_no_dry_run_and_none_is_made_up(ledger, one_by_one):
    with pytest.raises(NotServed):
        alter(ledger, BACK_ON, validate_only=True)
    assert [row["outcome"] for row in ledger.commands()] == ["refused"]


def test_one_by_one_ends_with_the_first_that_is_refused(ledger, one_by_one):
    half(ledger).configs[ENABLE] = "false"
    answer = alter(ledger, {"consumer.offset.sync.ms": "1", **BACK_ON})
    assert answer.errors[FILTERS] == ""
    assert "at least 1000" in answer.errors["consumer.offset.sync.ms"]
    assert ENABLE not in answer.errors
    assert half(ledger).configs[ENABLE] == "false"


def test_a_first_refusal_proves_that_nothing_was_applied(ledger, one_by_one):
    with pytest.raises(Rejected, match="Unknown link config"):
        alter(ledger, {"no.such.setting": "1", ENABLE: "false"})
    assert half(ledger).configs[ENABLE] == "true"


@pytest.mark.parametrize("applied", [True, False])
def test_an_answer_lost_between_two_of_them_is_unknown_and_nothing_follows(inventory, control, applied):
    control.ask("PUT", "/pairs/ledger/sides/eu-south/settings", {"batches_link_configs": False})
    action = f"PUT links/ledger-link/configs/{FILTERS}"
    control.fault("ledger", "accepted-then-dropped", "eu-south", action=action, applied=applied)
    with open_pair(inventory.pairs["ledger"]) as connections, pytest.raises(NoAnswer):
        connections.side("eu-south").alter_link_configs("ledger-link", BACK_ON, validate_only=False, deadline=soon())
    batch, lost = control.journal("ledger")
    assert (batch["status"], list(lost["settings"])) == (405, [FILTERS])
    (truth,) = [link["configs"] for link in control.truth("ledger")["links"] if link["side"] == "eu-south"]
    assert (truth.get(FILTERS) == BALANCES) is applied


def test_no_setting_is_no_command(ledger):
    with pytest.raises(ValueError, match="names its settings"):
        alter(ledger, {})
    assert ledger.commands() == []


def test_by_hand_a_value_with_commas_goes_through_a_file(ledger, south):
    plain = south.link_configs_command(ledger.link, {ENABLE: "false"})
    assert plain.startswith("kafka-configs --alter --cluster-link ledger-link --add-config")
    assert f"{ENABLE}=false" in plain
    made, run = south.link_configs_command(ledger.link, BACK_ON).splitlines()
    assert made.startswith("printf '%s\\n' 'consumer.offset.group.filters={")
    assert "--add-config-file LINK.properties" in run
    south.is_cloud = True
    assert south.link_configs_command(ledger.link, {ENABLE: "false"}).startswith(
        "confluent kafka link configuration update ledger-link --cluster "
    )
