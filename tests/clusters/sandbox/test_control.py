"""The control server: truth, journal, people, settings, reset."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import httpx
import pytest

from clusters.sandbox.scenario import PAIRS
from clusters.sandbox.server import Sandbox
from tests.clusters.sandbox.waiting import until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("control"), scale=600) as sandbox:
        yield sandbox


@pytest.fixture
def control(running: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.control_url, trust_env=False, timeout=10) as asking:
        yield asking
    for pair in running.pairs:
        running.reset(pair)
    running.journal.clear()


def truth(control, pair="ledger"):
    return control.get(f"/pairs/{pair}").json()


def tool(control, side, *words):
    body = {"side": side, "argv": ["kafka-mirrors", "--bootstrap-server", "broker:9092", *words]}
    return control.post("/pairs/ledger/kafka-mirrors", json=body)


def test_the_pairs(control):
    assert control.get("/pairs").json() == {"pairs": ["orders", "ledger", "archive"]}
    assert [scenario.name for scenario in PAIRS] == ["orders", "ledger", "archive"]


def test_the_truth_of_a_pair(control):
    found = truth(control)

    north, south = found["sides"]["eu-north"], found["sides"]["eu-south"]
    assert (north["topics"]["entries"]["writable"], south["topics"]["entries"]["writable"]) == (True, False)
    assert (north["topics"]["entries"]["mirror_status"], south["topics"]["entries"]["mirror_status"]) == (
        None,
        "ACTIVE",
    )
    partition = south["topics"]["entries"]["partitions"][3]
    assert (partition["partition"], partition["start"]) == (3, 0)
    assert partition["end"] >= 1000
    assert (north["groups"]["balances"]["state"], south["groups"]["balances"]["state"]) == ("STABLE", "EMPTY")
    assert north["groups"]["balances"]["members"] == 2
    assert {"topic", "partition", "offset"} == set(south["groups"]["balances"]["committed"][0])
    assert [link["name"] for link in found["links"]] == ["ledger-link", "ledger-link"]


@pytest.mark.parametrize("path", ["/pairs/nothing", "/nothing", "/pairs/ledger/targets/nothing"])
def test_what_is_not_there(path, control):
    answer = control.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"]


def test_a_verb_that_is_not_served(control):
    assert control.delete("/pairs").status_code == 405


def test_somebody_writes(control):
    body = {"side": "eu-north", "topic": "entries", "partition": 2, "count": 40}
    before = truth(control)["sides"]["eu-north"]["topics"]["entries"]["partitions"][2]["end"]

    answer = control.post("/pairs/ledger/records", json=body)

    assert answer.status_code == 201
    assert answer.json()["end"] >= before + 40
    assert control.post("/pairs/ledger/records", json={**body, "side": "eu-south"}).status_code == 409
    assert control.post("/pairs/ledger/records", json={**body, "partition": 99}).status_code == 409
    assert control.post("/pairs/ledger/records", json={**body, "count": "many"}).status_code == 400
    assert control.post("/pairs/ledger/records", json={**body, "side": "nowhere"}).status_code == 400


def test_somebody_starts_and_stops_members_by_hand(control):
    body = {"side": "eu-south", "group": "balances", "members": 1}
    assert control.post("/pairs/ledger/members", json=body).status_code == 201
    until(lambda: truth(control)["sides"]["eu-south"]["groups"]["balances"]["state"] == "STABLE")
    assert control.get("/pairs/ledger/targets/balances").json()["side"] == "eu-north", (
        "the client control knows nothing"
    )

    control.post("/pairs/ledger/members", json={**body, "members": 0})

    until(lambda: truth(control)["sides"]["eu-south"]["groups"]["balances"]["state"] == "EMPTY")


def test_somebody_sets_the_offsets_of_an_idle_group(control):
    body = {"side": "eu-south", "group": "balances", "offsets": [{"topic": "entries", "partition": 0, "offset": 5}]}
    assert control.post("/pairs/ledger/offsets", json=body).status_code == 200
    assert control.post("/pairs/ledger/offsets", json={**body, "side": "eu-north"}).status_code == 409


def test_a_signed_order_over_the_wire(running, control):
    raw = json.dumps({"side": "eu-south", "desired": 2, "if_version": None, "run": "r", "key": "k"}).encode()
    stamp = str(int(time.time()))
    secret = (running.directory / "webhook-secret").read_bytes()
    sign = hmac.new(secret, stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    url = "/pairs/ledger/targets/balances"
    assert control.put(url, content=raw).status_code == 401

    signed = {"X-Breakwater-Time": stamp, "X-Breakwater-Signature": f"sha256={sign}"}

    assert control.put(url, content=raw, headers=signed).json()["side"] == "eu-south"
    until(lambda: control.get(url).json()["ready"] == 2)


def test_a_person_runs_the_tool(control):
    assert tool(control, "eu-south", "--failover", "--topics", "entries,accounts").json() == {
        "accepted": ["entries", "accounts"],
        "refused": {},
    }
    until(lambda: truth(control)["sides"]["eu-south"]["topics"]["entries"]["mirror_status"] == "STOPPED")
    words = ("--truncate-and-restore", "--topics", "entries", "--link", "ledger-link")
    for name in ("balances", "statements"):
        control.post("/pairs/ledger/members", json={"side": "eu-north", "group": name, "members": 0})
    assert tool(control, "eu-north", *words, "--dry-run", "--include-partition-data").status_code == 200

    first, second = control.get("/journal?pair=ledger").json()["commands"]
    assert (first["via"], first["action"], first["side"]) == ("kafka-mirrors", "failover", "eu-south")
    assert (first["topics"], first["outcome"], first["validate_only"]) == (["entries", "accounts"], "accepted", False)
    assert (second["action"], second["link"], second["validate_only"]) == ("truncate-and-restore", "ledger-link", True)
    assert second["include_partition_level_truncation_data"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--failover"], "--topics is needed"),
        (["--failover", "--link", "ledger-link"], "--topics is needed"),
        (["--topics", "entries"], "exactly one action"),
        (["--failover", "--promote", "--topics", "entries"], "exactly one action"),
        (["--resume", "--topics", "entries"], "unknown options: --resume"),
        (["--failover", "--topics", "entries", "--link", "ledger-link"], "cannot specify both"),
        (["--truncate-and-restore", "--topics", "entries"], "needs --topics and --link"),
        (["--pause", "--topics", "entries", "--link", "other"], "has no link other"),
        (["--failover", "--topics", "nothing"], "has no link with mirror nothing"),
    ],
)
def test_the_tool_refuses_what_the_real_one_refuses(words, complaint, control):
    answer = tool(control, "eu-south", *words)

    assert answer.status_code == 400
    assert complaint in answer.json()["error"]
    assert control.get("/journal").json() == {"commands": []}


def test_the_tool_spells_resume_its_own_way(control):
    tool(control, "eu-south", "--pause", "--topics", "entries")
    tool(control, "eu-south", "--unpause", "--topics", "entries")

    actions = [command["action"] for command in control.get("/journal").json()["commands"]]
    assert actions == ["pause", "resume"]


def test_the_tool_reaches_no_cluster_that_is_down(control):
    control.post("/pairs/ledger/faults", json={"name": "region-down", "side": "eu-south"})

    assert tool(control, "eu-south", "--failover", "--topics", "entries").status_code == 400


def test_settings_say_which_actions_a_cluster_serves(running, control):
    url = "/pairs/ledger/sides/eu-south/settings"
    assert control.put(url, json={"serves": ["failover"]}).json()["serves"] == ["failover"]
    cluster = truth(control)["sides"]["eu-south"]["cluster_id"]
    rest = f"{running.rest_url('ledger', 'eu-south')}/kafka/v3/clusters/{cluster}"
    body = {"mirror_topic_names": ["entries"]}

    assert control.post(f"{rest}/links/ledger-link/mirrors:promote", json=body).status_code == 404
    assert control.post(f"{rest}/links/ledger-link/mirrors:failover", json=body).status_code == 200
    assert "promote" in control.put(url, json={"serves": None}).json()["serves"]
    assert control.put(url, json={"colour": "blue"}).status_code == 400
    assert control.put("/pairs/ledger/sides/nowhere/settings", json={}).status_code == 400


def test_settings_reach_the_inventory(running, control):
    body = {"tiering": True, "edition": "cloud-dedicated", "versions": {"2": "7.9.0"}}
    control.put("/pairs/ledger/sides/eu-south/settings", json=body)

    text = running.inventory_text()

    assert "2: {value: 7.9.0," in text
    assert "edition: {value: cloud-dedicated," in text


def test_the_journal_is_kept_by_pair_and_counts_over_all(control):
    tool(control, "eu-south", "--pause", "--topics", "entries")
    body = {"side": "ca-central", "argv": ["kafka-mirrors", "--pause", "--topics", "events"]}
    control.post("/pairs/archive/kafka-mirrors", json=body)
    by_pair = {pair: control.get(f"/journal?pair={pair}").json()["commands"] for pair in ("ledger", "archive")}
    assert [len(commands) for commands in by_pair.values()] == [1, 1]
    assert by_pair["archive"][0]["n"] == by_pair["ledger"][0]["n"] + 1

    control.delete("/journal?pair=ledger")

    assert control.get("/journal?pair=ledger").json() == {"commands": []}
    assert len(control.get("/journal").json()["commands"]) == 1


def test_reset_brings_back_the_first_day_at_the_same_addresses(running, control):
    before = {key: server.url for key, server in running._rest.items()}
    brokers = [broker.port for broker in running.pair("ledger").sides["eu-south"].brokers]
    tool(control, "eu-south", "--failover", "--topics", "entries")
    control.post("/pairs/ledger/faults", json={"name": "region-down", "side": "eu-north"})
    control.put("/pairs/ledger/sides/eu-south/settings", json={"serves": []})

    found = control.post("/pairs/ledger/reset").json()

    assert found["faults"] == []
    assert found["sides"]["eu-south"]["topics"]["entries"]["mirror_status"] == "ACTIVE"
    assert {key: server.url for key, server in running._rest.items()} == before
    assert [broker.port for broker in running.pair("ledger").sides["eu-south"].brokers] == brokers
    assert running.pair("ledger").sides["eu-south"].settings.serves is None
    cluster = found["sides"]["eu-north"]["cluster_id"]
    url = f"{running.rest_url('ledger', 'eu-north')}/kafka/v3/clusters/{cluster}/links"
    assert control.get(url).status_code == 200
    assert len(control.get("/journal?pair=ledger").json()["commands"]) == 1, "what was sent stays on record"
