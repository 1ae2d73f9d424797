"""Conduktor Gateway, instance by instance, against servers written after its documentation and published examples.

`Gateway` answers the one call that is published for it, `POST …/pcluster/main/switch?to=`, behind basic authentication,
with `{"message": "Cluster switched"}`, and the list of interceptors of its version 2 API. What it says to a wrong name
is not published; 400 is assumed. No real gateway has been seen by these tests.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from clusters.declared import DriverEntry
from clusters.document import read_document
from clusters.errors import ClusterError, Configuration, NoAnswer, NotSent, Rejected, Unauthorised
from clusters.form import Form
from clusters.gateway import ShowsAccess
from clusters.routing.conduktor import Conduktor, ConduktorSettings
from tests.clusters.json_server import Asked, JsonServer
from tests.clusters.servers import closed_port
from tests.clusters.wire import soon

HOME, AWAY = "us-east", "eu-west"
RUN = {"run": "run-7", "key": "attempt-1"}
PATH = "/admin/pclusters/v1/pcluster/main/switch"


class Gateway(JsonServer):
    def __init__(self) -> None:
        self.cluster = "main"
        self.status = 200
        self.has_lists = True
        super().__init__()

    def answer(self, asked: Asked) -> tuple[int, Any]:
        signed = base64.b64encode(b"operator:pw-1").decode()
        if asked.headers.get("authorization") != f"Basic {signed}":
            return 401, {"message": "Unauthorized"}
        if (asked.method, asked.path) == ("GET", "/gateway/v2/interceptor") and self.has_lists:
            return 200, []
        if (asked.method, asked.path) != ("POST", PATH):
            return 404, {"message": "Not found"}
        if self.status != 200 or asked.query.get("to") not in {"main", "failover"}:
            return (self.status if self.status != 200 else 400), {"message": "no such cluster"}
        self.cluster = asked.query["to"]
        return 200, {"message": "Cluster switched"}


def read(text: str) -> tuple[ConduktorSettings, list[str]]:
    complaints: list[tuple[int, str]] = []
    form = Form(read_document(text), complaints, "driver gateways")
    found = Conduktor.read_settings(form)
    form.done()
    return found, [said for _, said in complaints]


def driver(one: str, two: str) -> Conduktor:
    instances = f'[{{name: gw-1, side: us-east, url: "{one}"}}, {{name: gw-2, side: eu-west, url: "{two}"}}]'
    settings, complaints = read(
        f'{{user: "env:GW_USER", password: "env:GW_PW", instances: {instances}, '
        "clusters: {us-east: main, eu-west: failover}}"
    )
    assert not complaints
    return Conduktor(DriverEntry("gateways", "conduktor", "third region", settings))


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Gateway, Gateway]]:
    monkeypatch.setenv("GW_USER", "operator")
    monkeypatch.setenv("GW_PW", "pw-1")
    found = Gateway(), Gateway()
    yield found
    for each in found:
        each.stop()


@pytest.fixture
def gateways(two: tuple[Gateway, Gateway]) -> Iterator[Conduktor]:
    found = driver(*(each.url for each in two))
    yield found
    found.close()


def apply(gateways: Conduktor, to: str = AWAY) -> Any:
    plan = gateways.plan("checkout", to=to, deadline=soon())
    return gateways.apply(plan, **RUN, deadline=soon())


def test_every_instance_is_switched_once_and_answers_for_itself(gateways: Conduktor, two: Any) -> None:
    answer = apply(gateways)
    assert (answer.said, answer.follow) == ("gw-1: switched; gw-2: switched", "failover on gw-1, gw-2")
    assert [(each.cluster, len(each.asked)) for each in two] == [("failover", 1), ("failover", 1)]
    apply(gateways, HOME)
    assert [each.cluster for each in two] == ["main", "main"]


def test_looking_proves_nothing_and_asks_nothing(gateways: Conduktor, two: Any) -> None:
    apply(gateways)
    state = gateways.verify("checkout", deadline=soon())
    assert (state.side, state.is_blind, state.is_at(AWAY), state.is_away_from(HOME)) == (None, True, False, False)
    assert [len(each.asked) for each in two] == [1, 1]


def test_a_dry_run_asks_every_instance_and_switches_none(gateways: Conduktor, two: Any) -> None:
    assert isinstance(gateways, ShowsAccess)
    assert gateways.access(deadline=soon()) == ""
    two[1].has_lists = False
    assert gateways.access(deadline=soon()).startswith("gw-2: no list to ask for")
    assert [[asked.method for asked in each.asked] for each in two] == [["GET", "GET"], ["GET", "GET"]]


def test_a_dry_run_with_a_wrong_credential_or_without_an_answer_is_a_problem(
    gateways: Conduktor, two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GW_PW", "another")
    with pytest.raises(Unauthorised, match="gw-1"):
        gateways.access(deadline=soon())
    monkeypatch.setenv("GW_PW", "pw-1")
    gone = driver(two[0].url, f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(NotSent, match="gw-2"):
        gone.access(deadline=soon())
    gone.close()


@pytest.mark.parametrize("status", [400, 500, 503])
def test_a_switch_in_part_is_unknown_and_names_each(gateways: Conduktor, two: Any, status: int) -> None:
    two[0].status = status
    with pytest.raises(NoAnswer, match="switched in part, 1 of 2 instances: gw-1: not seen to switch") as raised:
        apply(gateways)
    assert "gw-2: switched" in str(raised.value)


def test_an_instance_that_fell_with_the_side_that_is_left_is_named(two: Any) -> None:
    gateways = driver(f"http://127.0.0.1:{closed_port()}", two[1].url)
    answer = apply(gateways)
    assert answer.said.startswith("gw-1: not told, ")
    assert answer.follow == "failover on gw-2"
    with pytest.raises(NoAnswer, match="switched in part"):  # on the way back it is the one that must answer
        apply(gateways, HOME)
    gateways.close()


def test_an_answer_that_is_lost_is_never_taken_for_a_lost_instance(gateways: Conduktor, two: Any) -> None:
    two[0].drops = True
    with pytest.raises(NoAnswer, match="switched in part, 1 of 2"):
        apply(gateways)
    assert two[0].cluster == "failover"


@pytest.mark.parametrize(("status", "kind"), [(400, Rejected), (503, NoAnswer)])
def test_none_proves_as_much_as_the_least_certain_answer(
    gateways: Conduktor, two: Any, status: int, kind: type[ClusterError]
) -> None:
    for each in two:
        each.status = 400
    two[1].status = status
    with pytest.raises(kind):
        apply(gateways)


def test_nobody_there_is_not_sent() -> None:
    gateways = driver(*(f"http://127.0.0.1:{closed_port()}" for _ in range(2)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GW_USER", "operator")
        patch.setenv("GW_PW", "pw-1")
        with pytest.raises(NotSent):
            apply(gateways)
    gateways.close()


def test_a_wrong_password_is_said_and_not_shown(gateways: Conduktor, two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GW_PW", "wr0ng")
    two[1].stop()
    with pytest.raises((Rejected, Unauthorised, NoAnswer, NotSent), match="401") as raised:
        apply(gateways)
    assert "wr0ng" not in str(raised.value)


def test_a_gateway_stops_nobody(gateways: Conduktor) -> None:
    with pytest.raises(Configuration, match="it cannot stop them"):
        gateways.plan("checkout", to=None, deadline=soon())
    with pytest.raises(Configuration, match="call the cluster of mars"):
        gateways.plan("checkout", to="mars", deadline=soon())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("us-east: main", "us-east: first"), "must say which side is main"),
        (("gw-2", "gw-1"), "holds one name twice"),
    ],
)
def test_what_is_wrong_with_the_inventory_is_said(change: tuple[str, str], says: str) -> None:
    text = (
        '{user: "env:U", password: "env:P", instances: [{name: gw-1, url: "http://a"}, {name: gw-2, url: "http://b"}],'
        " clusters: {us-east: main, eu-west: failover}}"
    )
    _, complaints = read(text.replace(*change))
    assert any(says in said for said in complaints), complaints


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_the_same_by_hand(two: Any) -> None:
    instances = ", ".join(f'{{name: gw-{n}, url: "{each.url}"}}' for n, each in enumerate(two, 1))
    settings, _ = read(
        f'{{user: "env:GW_USER", password: "env:GW_PW", instances: [{instances}], '
        "clusters: {us-east: main, eu-west: failover}}"
    )
    spelt = Conduktor.moves_by_hand(settings, "checkout", AWAY)
    assert [command.what for command in spelt] == ["Switch gw-1 to eu-west, once", "Switch gw-2 to eu-west, once"]
    for command in spelt:
        assert "pw-1" not in command.text
        done = subprocess.run(["sh", "-c", command.text], capture_output=True, text=True, timeout=20)
        assert json.loads(done.stdout) == {"message": "Cluster switched"}
    assert [each.cluster for each in two] == ["failover", "failover"]
    assert Conduktor.moves_by_hand(settings, "checkout", None) == ()
