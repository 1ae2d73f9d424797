"""Clients moved by the config map they read: the map, the new pods, and no old one left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clusters.declared import DriverEntry
from clusters.document import read_document
from clusters.errors import Configuration, NoAnswer, Rejected
from clusters.form import Form
from clusters.routing.kubernetes.configured import KubernetesConfig
from tests.clusters.kubernetes_server import TOKEN, ApiServer
from tests.clusters.servers import closed_port
from tests.clusters.wire import soon

RUN = {"run": "run-7", "key": "attempt-1"}
MAP = "/api/v1/namespaces/shop/configmaps/kafka-checkout"
WORKLOAD = "/apis/apps/v1/namespaces/shop/deployments/checkout"
VALUES = '{bootstrap: {us-east: "east:9092", eu-west: "west:9092"}}'


@pytest.fixture
def server() -> Iterator[ApiServer]:
    found = ApiServer()
    found.put(MAP, {"data": {"bootstrap": "east:9092", "other": "stays"}})
    found.workload("checkout", 2)
    yield found
    found.stop()


def driver(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch, more: str = "", workloads: str = "[]"
) -> KubernetesConfig:
    monkeypatch.setenv("K8S", TOKEN)
    complaints: list[tuple[int, str]] = []
    places = f'[{{side: us-east, url: "{server.url}", namespace: shop, token: "env:K8S"}}{more}]'
    text = f'{{places: {places}, configmap: "kafka-{{target}}", values: {VALUES}, workloads: {workloads}}}'
    form = Form(read_document(text), complaints, "driver config")
    found = KubernetesConfig.read_settings(form)
    form.done()
    assert not complaints, complaints
    return KubernetesConfig(DriverEntry("config", "kubernetes-config", "third region", found))


@pytest.fixture
def moving(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubernetesConfig]:
    found = driver(server, monkeypatch)
    yield found
    found.close()


def move(moving: KubernetesConfig, to: str | None) -> None:
    moving.apply(moving.plan("checkout", to=to, deadline=soon()), **RUN, deadline=soon())


def test_pods_that_read_the_old_settings_must_be_gone(moving: KubernetesConfig, server: ApiServer) -> None:
    server.is_stuck = True
    move(moving, "eu-west")
    assert server.objects[MAP]["data"] == {"bootstrap": "west:9092", "other": "stays"}
    state = moving.verify("checkout", deadline=soon())
    assert (state.side, state.ready, state.terminating, state.is_at("eu-west")) == ("eu-west", 0, 2, False)
    server.is_stuck = False
    server.follow()
    assert moving.verify("checkout", deadline=soon()).is_at("eu-west")


def test_settings_changed_without_a_restart_are_no_known_side(moving: KubernetesConfig, server: ApiServer) -> None:
    """The running pods go by what the config map said when they were started."""
    assert moving.verify("checkout", deadline=soon()).side is None
    move(moving, "us-east")
    assert moving.verify("checkout", deadline=soon()).side == "us-east"
    server.patch(MAP, {"data": {"bootstrap": "west:9092"}})
    state = moving.verify("checkout", deadline=soon())
    assert (state.side, state.is_away_from("us-east")) == (None, False)


def test_a_group_is_scaled_to_nothing_and_started_with_the_new_settings(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = driver(server, monkeypatch, workloads="[{target: checkout, replicas: 3}]")
    move(told, None)
    assert told.verify("checkout", deadline=soon()).is_stopped
    plan = told.plan("checkout", to="eu-west", deadline=soon())
    assert plan.request["desired"] == 3
    told.apply(replace(plan, request={**plan.request, "desired": 2}), **RUN, deadline=soon())
    state = told.verify("checkout", deadline=soon())
    assert (state.is_at("eu-west"), state.desired) == (True, 2)


def test_how_many_to_start_is_not_guessed(moving: KubernetesConfig) -> None:
    move(moving, None)
    with pytest.raises(Configuration, match="Give the workload `replicas`"):
        moving.plan("checkout", to="eu-west", deadline=soon())


@pytest.mark.parametrize(("path", "patches"), [(MAP, 1), (WORKLOAD, 2)])
def test_what_somebody_changed_since_is_not_overwritten(
    moving: KubernetesConfig, server: ApiServer, path: str, patches: int
) -> None:
    """Nothing was done where the config map was changed; where the workload was, the map is patched already."""
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    server.patch(path, {"metadata": {"labels": {"touched": "yes"}}})
    error, says = (
        (Rejected, "somebody changed it") if path == MAP else (NoAnswer, "kafka-checkout in us-east patched, then")
    )
    with pytest.raises(error, match=says):
        moving.apply(plan, **RUN, deadline=soon())
    assert len(server.patches) == patches
    assert "breakwater/side" not in server.objects[WORKLOAD]["spec"]["template"]["metadata"]["annotations"]


def test_it_is_sent_back_where_it_came_from(moving: KubernetesConfig) -> None:
    move(moving, "us-east")
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    moving.apply(plan, **RUN, deadline=soon())
    moving.apply(moving.plan("checkout", to="us-east", deadline=soon()), run="run-7", key="back", deadline=soon())
    assert moving.verify("checkout", deadline=soon()).is_at("us-east")


def test_a_place_that_is_lost_with_the_side_that_is_left_is_left_out(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = f', {{side: eu-west, url: "http://127.0.0.1:{closed_port()}", namespace: shop, token: "env:K8S"}}'
    half = driver(server, monkeypatch, gone)
    plan = half.plan("checkout", to="us-east", deadline=soon())
    assert (list(plan.request["places"]), list(plan.request["left_out"])) == (["us-east"], ["eu-west"])
    with pytest.raises(NoAnswer, match="eu-west does not answer, and its workloads would stay as they are"):
        half.plan("checkout", to="eu-west", deadline=soon())


def test_a_config_map_nobody_knows_is_said(moving: KubernetesConfig) -> None:
    with pytest.raises(Rejected, match="has no config map shop/kafka-nobody"):
        moving.verify("nobody", deadline=soon())
