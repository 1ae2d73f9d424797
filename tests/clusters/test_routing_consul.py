"""Clients moved by keys of Consul: written where nobody else wrote, in each datacenter that answers and must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clusters.declared import DriverEntry
from clusters.document import read_document
from clusters.errors import Configuration, Malformed, NoAnswer, NotSent, Rejected, Unauthorised
from clusters.form import Form
from clusters.routing.consul import Consul, ConsulSettings
from tests.clusters.consul_server import EAST, KINDS, WEST, Contract, Server, consul
from tests.clusters.servers import answering, closed_port, misbehaving
from tests.clusters.wire import soon

RUN = {"run": "run-7", "key": "attempt-1"}
ONE = '[{key: "kafka/{target}/cluster", values: {us-east: "east:9092", eu-west: "west:9092"}, stopped: "none"}]'
TWO = (
    '[{key: "kafka/{target}/cluster", values: {us-east: "east:9092", eu-west: "west:9092"}, stopped: "none"},'
    ' {key: "kafka/{target}/registry", values: {us-east: "east:8081", eu-west: "west:8081"}, stopped: "none"}]'
)
CLUSTER, REGISTRY = "kafka/checkout/cluster", "kafka/checkout/registry"
CENTERS = f"[{{name: {EAST}, side: us-east}}, {{name: {WEST}, side: eu-west}}]"


def settings(url: str, keys: str = ONE, more: str = "", centers: str = CENTERS) -> ConsulSettings:
    complaints: list[tuple[int, str]] = []
    text = f'{{url: "{url}", datacenters: {centers}, keys: {keys}{more}}}'
    form = Form(read_document(text), complaints, "driver consul")
    found = Consul.read_settings(form)
    form.done()
    assert not complaints, complaints
    return found


def driver(url: str, keys: str = ONE, more: str = "", centers: str = CENTERS) -> Consul:
    return Consul(DriverEntry("consul", "consul", "third region", settings(url, keys, more, centers)))


@pytest.fixture(params=KINDS, scope="module")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with consul(request.param, tmp_path_factory.mktemp("consul")) as found:
        yield found


@pytest.fixture
def server(shared: Server) -> Server:
    """Every client is told to be in the east."""
    for dc in (EAST, WEST):
        shared.put(dc, CLUSTER, "east:9092")
        shared.put(dc, REGISTRY, "east:8081")
    return shared


@pytest.fixture
def contract() -> Iterator[Contract]:
    found = Contract(EAST, WEST)
    for dc in (EAST, WEST):
        found.put(dc, CLUSTER, "east:9092")
        found.put(dc, REGISTRY, "east:8081")
    yield found
    found.stop()


@pytest.mark.parametrize("keys", [ONE, TWO], ids=["one key", "a transaction"])
def test_a_move_is_planned_applied_verified_and_sent_back_in_each_datacenter(server: Server, keys: str) -> None:
    moving = driver(server.url, keys)
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    assert plan.before is not None
    assert (plan.before.side, plan.before.is_stopped) == ("us-east", False)
    assert moving.apply(plan, **RUN, deadline=soon()).said == f"written in {EAST}, {WEST}"
    state = moving.verify("checkout", deadline=soon())
    assert state.is_at("eu-west")
    assert state.is_away_from("us-east")
    assert state.version != plan.before.version
    assert [server.get(dc, CLUSTER) for dc in (EAST, WEST)] == ["west:9092", "west:9092"]
    moving.apply(moving.plan("checkout", to="us-east", deadline=soon()), run="run-7", key="back", deadline=soon())
    assert moving.verify("checkout", deadline=soon()).side == "us-east"
    moving.close()


@pytest.mark.parametrize("keys", [ONE, TWO], ids=["one key", "a transaction"])
def test_somebody_elses_write_is_not_overwritten(server: Server, keys: str) -> None:
    moving = driver(server.url, keys)
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    server.put(EAST, CLUSTER, "elsewhere:9092")
    with pytest.raises(Rejected, match="somebody wrote"):
        moving.apply(plan, **RUN, deadline=soon())
    assert [server.get(dc, CLUSTER) for dc in (EAST, WEST)] == ["elsewhere:9092", "east:9092"]
    assert server.get(EAST, REGISTRY) == "east:8081"
    state = moving.verify("checkout", deadline=soon())
    assert (state.side, state.desired) == (None, None)
    assert f"{EAST} says something that is no side" in state.said


def test_a_transaction_that_one_key_fails_writes_none(server: Server) -> None:
    moving = driver(server.url, TWO)
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    server.put(EAST, REGISTRY, "elsewhere:8081")
    with pytest.raises(Rejected):
        moving.apply(plan, **RUN, deadline=soon())
    assert server.get(EAST, CLUSTER) == "east:9092"


def test_an_order_sent_twice_is_refused_the_second_time(server: Server) -> None:
    moving = driver(server.url)
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    moving.apply(plan, **RUN, deadline=soon())
    with pytest.raises(Rejected):
        moving.apply(plan, **RUN, deadline=soon())


def test_told_to_stop_is_not_seen_stopped(server: Server) -> None:
    """Consul shows no instances: that everybody was told is all it can prove."""
    moving = driver(server.url)
    moving.apply(moving.plan("checkout", to=None, deadline=soon()), **RUN, deadline=soon())
    state = moving.verify("checkout", deadline=soon())
    assert (state.is_sent_nowhere, state.is_stopped, state.side) == (True, False, None)


def test_a_key_that_is_not_there_is_said(server: Server) -> None:
    with pytest.raises(Rejected, match="holds no key kafka/nobody/cluster"):
        driver(server.url).plan("nobody", to="eu-west", deadline=soon())


def test_looking_changes_nothing(server: Server) -> None:
    moving = driver(server.url)
    before = moving.verify("checkout", deadline=soon()).version
    moving.plan("checkout", to="eu-west", deadline=soon())
    assert moving.verify("checkout", deadline=soon()).version == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_datacenter_that_fell_with_its_side_is_left_out_and_said(kind: str, tmp_path: Path) -> None:
    with consul(kind, tmp_path) as server:
        for dc in (EAST, WEST):
            server.put(dc, CLUSTER, "east:9092")
        server.lose(EAST)
        moving = driver(server.url)
        plan = moving.plan("checkout", to="eu-west", deadline=soon())
        assert list(plan.request["writes"]) == [WEST]
        assert list(plan.request["left_out"]) == [EAST]
        assert moving.apply(plan, **RUN, deadline=soon()).said.endswith(f"not in {EAST}, which does not answer")
        state = moving.verify("checkout", deadline=soon())
        assert state.is_at("eu-west")
        assert f"{EAST} does not answer, its clients keep what it last told them" in state.said
        # What it last told them was to be in the east: nothing proves that they are not.
        assert not state.is_away_from("us-east")
        with pytest.raises(NoAnswer, match=f"{EAST} stands on us-east"):
            moving.plan("checkout", to="us-east", deadline=soon())


def test_a_datacenter_that_stands_apart_must_answer(contract: Contract) -> None:
    centers = f"[{{name: {EAST}}}, {{name: {WEST}, side: eu-west}}]"
    contract.lose(EAST)
    with pytest.raises(NoAnswer, match="stands apart from both sides"):
        driver(contract.url, centers=centers).plan("checkout", to="eu-west", deadline=soon())


def test_a_datacenter_that_hangs_takes_no_time_from_the_others(contract: Contract) -> None:
    with misbehaving(lambda connection, request: connection.recv(1)) as hanging:
        centers = f'[{{name: {EAST}, side: us-east, url: "{hanging.url}"}}, {{name: {WEST}, side: eu-west}}]'
        moving = driver(contract.url, centers=centers)
        deadline = soon(5)
        plan = moving.plan("checkout", to="eu-west", deadline=deadline)
        assert moving.apply(plan, **RUN, deadline=deadline).accepted
        assert contract.get(WEST, CLUSTER) == "west:9092"


def test_after_the_first_datacenter_was_written_a_lost_race_is_unknown(contract: Contract) -> None:
    """A refusal proves that nothing was done; here something was."""
    moving = driver(contract.url)
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    contract.put(WEST, CLUSTER, "elsewhere:9092")
    with pytest.raises(NoAnswer, match=f"written in {EAST}, then .*somebody wrote"):
        moving.apply(plan, **RUN, deadline=soon())
    assert contract.get(EAST, CLUSTER) == "west:9092"


def test_a_lost_answer_is_unknown_and_never_sent_again(contract: Contract) -> None:
    moving = driver(contract.url, centers=f"[{{name: {WEST}}}]")
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    contract.drops_answers = True
    with pytest.raises(NoAnswer):
        moving.apply(plan, **RUN, deadline=soon())
    assert contract.writes == [(WEST, f"/v1/kv/{CLUSTER}")]
    assert moving.verify("checkout", deadline=soon()).is_at("eu-west")


def test_the_token_goes_in_its_own_header_and_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = Contract(EAST, WEST, token="t0ken")
    for dc in (EAST, WEST):
        guarded.put(dc, CLUSTER, "east:9092")
    monkeypatch.setenv("CONSUL_TOKEN", "t0ken")
    assert driver(guarded.url, more=', token: "env:CONSUL_TOKEN"').verify("checkout", deadline=soon()).side == "us-east"
    monkeypatch.setenv("CONSUL_TOKEN", "wr0ng")
    with pytest.raises(Unauthorised) as raised:
        driver(guarded.url, more=', token: "env:CONSUL_TOKEN"').plan("checkout", to="eu-west", deadline=soon())
    assert "wr0ng" not in str(raised.value)
    guarded.stop()


def test_what_the_inventory_does_not_say_is_not_written(contract: Contract) -> None:
    keys = '[{key: "kafka/{target}/cluster", values: {us-east: "east:9092"}}]'
    with pytest.raises(Configuration, match="a value for eu-west"):
        driver(contract.url, keys).plan("checkout", to="eu-west", deadline=soon())
    with pytest.raises(Configuration, match="while its clients are stopped"):
        driver(contract.url, keys).plan("checkout", to=None, deadline=soon())
    assert contract.writes == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("[]", Malformed),
        ('[{"Key": "other", "Value": null, "ModifyIndex": 3}]', Malformed),
        (f'[{{"Key": "{CLUSTER}", "Value": "%%%", "ModifyIndex": 3}}]', Malformed),
        (f'[{{"Key": "{CLUSTER}", "Value": "eA==", "ModifyIndex": true}}]', Malformed),
    ],
)
def test_an_answer_that_cannot_be_read_is_no_lost_datacenter(body: str, error: type[Exception]) -> None:
    with misbehaving(answering(body)) as wrong, pytest.raises(error):
        driver(wrong.url).verify("checkout", deadline=soon(3))


def test_a_closed_port_everywhere_is_said() -> None:
    with pytest.raises((NoAnswer, NotSent), match="refused"):
        driver(f"http://127.0.0.1:{closed_port()}").verify("checkout", deadline=soon(3))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{url: 'http://c', datacenters: [], keys: []}", "datacenters must name at least one"),
        (f"{{url: 'http://c', datacenters: {CENTERS}, keys: [{{key: k, values: {{}}}}]}}", "values must say"),
        (f"{{url: 'http://c', datacenters: {CENTERS}, keys: [{{key: k, values: {{a: x}}, stopped: x}}]}}", "differ"),
        (f"{{url: 'http://c', datacenters: {CENTERS}, keys: {ONE}, token: s3cret}}", "must name where the secret lies"),
    ],
)
def test_settings_that_cannot_work_are_complained_about(text: str, says: str) -> None:
    complaints: list[tuple[int, str]] = []
    Consul.read_settings(Form(read_document(text), complaints, "driver consul"))
    assert any(says in complaint for _, complaint in complaints), complaints
