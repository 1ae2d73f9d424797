"""Commands for people: as the tools spell them, with the names of secrets, and they do what they say."""

from __future__ import annotations

import json
import shutil
import subprocess
import time

import pytest

from clusters.by_hand import PairSpelt
from clusters.declared import PairEntry
from clusters.gateway import Command, MirrorAction
from clusters.inventory import load

NEEDED = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="no curl or openssl here")
TEXT = """
pairs:
  - name: pay
    topology: active-passive
    sides:
      - name: east
        home: true
        cluster_id: lkc-1
        edition: {value: cloud-dedicated, how: console, by: ops, on: 2026-01-01}
        rest: {url: "https://east.example", auth: {basic: {user: "env:EAST_USER", password: "file:/run/east key"}}}
      - name: west
        cluster_id: w/1
        rest: {url: "https://west.example/", base: /v3, ca: /etc/ca.pem, auth: {bearer: "env:WEST_TOKEN"}}
        kafka: {bootstrap: "w1:9092,w2:9092"}
    links: [{name: "pay link", purpose: data}]
    drivers: [{name: deployer, kind: webhook, url: "https://deploy.example/t", secret: "env:DEPLOY", vantage: third}]
    endpoints: {status: "https://status.example/api"}
"""


@pytest.fixture(scope="module")
def tools() -> PairSpelt:
    return PairSpelt(load(TEXT).pairs["pay"])


def texts(commands: tuple[Command, ...]) -> list[str]:
    return [command.text for command in commands]


def test_cloud_is_spelt_for_its_cli_and_platform_for_its_tools(tools: PairSpelt) -> None:
    cloud = texts(tools.side("east").alters_mirrors(MirrorAction.FAILOVER, "pay link", ("a", "b")))
    assert cloud[2] == "confluent kafka mirror failover a b --link 'pay link' --cluster lkc-1"
    platform = texts(tools.side("west").alters_mirrors(MirrorAction.RESUME, "pay link", ("a",)))
    assert platform[2].startswith("kafka-mirrors --unpause --topics a --bootstrap-server w1:9092,w2:9092")
    assert texts(tools.side("west").looks_at_mirrors("pay link"))[1].startswith(
        "kafka-mirrors --describe --links 'pay link' --include-stopped --bootstrap-server"
    )
    assert "kafka-consumer-groups --describe --state --group g" in texts(tools.side("west").looks_at_groups(["g"]))[0]
    assert tools.side("east").looks_at_groups(["g"]) == ()  # no way in over Kafka's protocol


def test_rest_names_the_cluster_the_link_and_every_topic(tools: PairSpelt) -> None:
    dry, once, _ = texts(tools.side("west").alters_mirrors(MirrorAction.TRUNCATE_AND_RESTORE, "pay link", ("a", "b")))
    path = "https://west.example/v3/clusters/w%2F1/links/pay%20link/mirrors:truncate-and-restore"
    assert f"{path}?include_partition_level_truncation_data=true&validate_only=true" in dry
    assert f"{path}?include_partition_level_truncation_data=true'" in once
    assert "--cacert /etc/ca.pem" in once
    assert """--data '{"mirror_topic_names":["a","b"]}'""" in once
    with pytest.raises(ValueError, match="names its topics"):
        tools.side("east").alters_mirrors(MirrorAction.FAILOVER, "pay link", ())


def test_what_else_a_runbook_sends_is_spelt_too(tools: PairSpelt) -> None:
    east, west = tools.side("east"), tools.side("west")
    once, tool = texts(west.creates_mirror("pay link", "a", "east.a"))
    assert """--data '{"source_topic_name":"a","mirror_topic_name":"east.a"}'""" in once
    assert once.endswith("https://west.example/v3/clusters/w%2F1/links/pay%20link/mirrors")
    assert tool.startswith("kafka-mirrors --create --mirror-topic east.a --source-topic a --link 'pay link'")
    dry, once, tool = texts(east.deletes_link("pay link"))
    assert "--request DELETE" in dry
    assert "/links/pay%20link?validate_only=true" in dry
    assert once.endswith("/links/pay%20link")
    assert "force" not in f"{dry}{once}{tool}"
    assert tool == "confluent kafka link delete 'pay link' --cluster lkc-1"
    assert texts(west.deletes_topic("a"))[0].endswith("/v3/clusters/w%2F1/topics/a")
    (switched,) = texts(west.alters_link("pay link", {"consumer.offset.sync.enable": "false"}))
    assert switched.startswith("kafka-configs --alter --cluster-link 'pay link' --add-config")
    dry, once = texts(west.sets_offsets("g"))
    assert dry.startswith("kafka-consumer-groups --reset-offsets --group g --from-file OFFSETS.csv --dry-run")
    assert "--execute" in once
    assert east.sets_offsets("g") == ()  # no way in over Kafka's protocol


def test_secrets_are_named_and_put_in_by_the_shell(tools: PairSpelt, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EAST_USER", "WEST_TOKEN", "DEPLOY"):
        monkeypatch.setenv(name, "hunter2")
    east, west = tools.side("east").looks_alive(), tools.side("west").looks_alive()
    assert """--user "$EAST_USER:$(cat '/run/east key')" """ in east[0].text
    assert '--header "Authorization: Bearer $WEST_TOKEN"' in "".join(texts(west))
    moved = tools.moves_client("deployer", "checkout", "west")
    assert '-hmac "$DEPLOY"' in moved[0].text
    assert "hunter2" not in repr((east, west, moved))


def test_what_nobody_can_spell_has_no_command(tools: PairSpelt) -> None:
    assert tools.moves_client("nobody", "checkout", "west") == ()
    assert tools.endpoint("nowhere", "/") == ()
    assert texts(tools.endpoint("status", "/up")) == [
        "curl --silent --show-error --max-time 10 https://status.example/api/up"
    ]


def run(command: str) -> dict:
    done = subprocess.run(["sh", "-euc", command], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def orders(sandbox) -> PairEntry:
    return load(sandbox.inventory_text()).pairs["orders"]


@NEEDED
def test_looking_by_hand_shows_what_the_cluster_holds(orders) -> None:
    tools, side = PairSpelt(orders), orders.home.name
    for command in (
        *tools.side(side).looks_at_link(orders.link)[:1],
        *tools.side(side).looks_at_mirrors(orders.link)[:1],
    ):
        assert orders.link in json.dumps(run(command.text)), command
    assert run(tools.witnesses()[0].text)["sees"].keys() == {each.name for each in orders.sides}


@NEEDED
def test_a_dry_run_by_hand_changes_nothing(orders, control) -> None:
    side = next(each.name for each in orders.sides if not each.is_home)
    topic = run(PairSpelt(orders).side(side).looks_at_mirrors(orders.link)[0].text)["data"][0]["mirror_topic_name"]
    dry = PairSpelt(orders).side(side).alters_mirrors(MirrorAction.PAUSE, orders.link, (topic,))[0]
    (row,) = run(dry.text)["data"]
    assert (row["mirror_topic_name"], row["error_code"]) == (topic, None)
    after = run(PairSpelt(orders).side(side).looks_at_mirrors(orders.link)[0].text)["data"]
    assert {each["mirror_status"] for each in after} == {"ACTIVE"}


@NEEDED
def test_a_client_is_moved_by_hand_as_the_driver_would(orders) -> None:
    tools = PairSpelt(orders)
    look = tools.looks_at_client("clients", "checkout")[0].text
    before = run(look)
    away = next(each.name for each in orders.sides if each.name != before["side"])
    text = tools.moves_client("clients", "checkout", away)[0].text
    filled = text.replace("INSTANCES", str(before["desired"])).replace("VERSION", json.dumps(before["version"]))
    assert run(filled)["target"] == "checkout"
    end = time.monotonic() + 30
    while run(look)["side"] != away:
        assert time.monotonic() < end
        time.sleep(0.05)
