"""R31: what would undo a move is found, named, and holds the step until it is paused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clusters.connections import close_all
from clusters.declared import DriverEntry, Inventory
from clusters.routing.kubernetes.api import Place
from clusters.routing.kubernetes.scaled import ScaleSettings
from clusters.secrets import SecretReference
from runbooks.engine.outcome import Refused
from runbooks.engine.steps.clients_route import RouteClients
from runbooks.engine.steps.groups_stop import StopGroups
from tests.clusters.kubernetes_server import TOKEN, ApiServer
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.guards.judged import said, verdict
from tests.runbooks.engine.stage import Stage

HOME, AWAY = "us-east", "eu-west"
ROUTE = RouteClients(clients=("checkout",), away_from=HOME)
STOP = StopGroups(side=HOME, groups=("settlement",))
SCALED = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects/checkout"
AIM = {"spec": {"scaleTargetRef": {"name": "checkout"}}}
PAUSE = {"metadata": {"annotations": {"autoscaling.keda.sh/paused": "true"}}}
SAYS = (
    "R31: deployment shop/checkout on us-east is managed by KEDA ScaledObject shop/checkout; "
    'it would undo this change. Pause it first: annotate shop/checkout with autoscaling.keda.sh/paused: "true".'
)


@pytest.fixture
def servers() -> Iterator[dict[str, ApiServer]]:
    found = {HOME: ApiServer(), AWAY: ApiServer()}
    for name in ("checkout", "settlement"):
        found[HOME].workload(name, 2)
        found[AWAY].workload(name, 0)
    yield found
    for server in found.values():
        server.stop()


@pytest.fixture
def stage(inventory: Inventory, servers: dict[str, ApiServer], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The orders pair, whose clients are workloads of Kubernetes."""
    monkeypatch.setenv("K8S", TOKEN)
    places = tuple(
        Place(side, server.url, "shop", SecretReference("env:K8S"), None) for side, server in servers.items()
    )
    driver = DriverEntry("k8s", "kubernetes-scale", "third region", ScaleSettings(places, ()))
    entry = inventory.pairs["orders"]
    moved = tuple(replace(client, driver="k8s", has_keepers=True) for client in entry.clients)
    found = Stage(replace(entry, drivers=(*entry.drivers, driver), clients=moved))
    yield found
    found.close()
    close_all()


@pytest.mark.claims("R31", case=("refuses", "passes"))
def test_a_step_is_held_until_what_keeps_its_workload_is_paused(stage: Stage, servers: dict[str, ApiServer]) -> None:
    assert said(ROUTE, stage.case(), "not_kept") == "met"
    servers[HOME].put(SCALED, AIM)
    assert said(ROUTE, stage.case(), "not_kept") == SAYS
    assert "not_kept" not in stage.refusals(STOP)  # another workload
    servers[HOME].patch(SCALED, PAUSE)
    assert verdict(ROUTE, stage.case(), "not_kept").saw == "paused: KEDA ScaledObject shop/checkout"


def test_what_begins_to_keep_it_between_the_judgement_and_sending_is_refused(
    stage: Stage, servers: dict[str, ApiServer]
) -> None:
    doing = stage.begin(ROUTE)
    judged = doing.context()
    servers[HOME].put(SCALED, AIM)
    with pytest.raises(Refused, match="is managed by KEDA ScaledObject shop/checkout"):
        ROUTE.pre_state(judged, doing.items)
    assert servers[HOME].patches == []


def test_what_was_judged_and_passed_by_name_is_not_refused_again(stage: Stage, servers: dict[str, ApiServer]) -> None:
    servers[HOME].put(SCALED, AIM)
    doing = stage.begin(ROUTE)
    assert doing.send()[0].said == "us-east set to 0, eu-west set to 2"


@pytest.mark.claims("R31", case="unknown")
def test_a_keeper_that_cannot_be_asked_is_unknown(stage: Stage, servers: dict[str, ApiServer]) -> None:
    servers[HOME].forbidden = "horizontalpodautoscalers"
    assert said(ROUTE, stage.case(), "not_kept").startswith(
        "R19: A fact needed to judge safety is unknown: what else keeps checkout on us-east"
    )


@pytest.mark.claims("R31", case="passes")
def test_a_side_that_does_not_answer_is_left_out(stage: Stage, servers: dict[str, ApiServer]) -> None:
    servers[HOME].put(SCALED, AIM)
    servers[HOME].stop()
    assert said(ROUTE, stage.case(), "not_kept") == "met"


@pytest.mark.claims("R31", case="unknown")
def test_workloads_that_were_not_looked_at_are_unknown(stage: Stage) -> None:
    case = stage.case()
    blind = replace(case, facts=replace(case.facts, keepers={}))
    assert said(ROUTE, blind, "not_kept").startswith("R19: ")


def test_no_pod_left_is_proof_of_a_stopped_group(stage: Stage, servers: dict[str, ApiServer], control: Control) -> None:
    control.fault("orders", "region-down", HOME)
    servers[HOME].is_stuck = True
    doing = stage.begin(STOP)
    doing.send()
    assert "2 ending" in doing.look().items["settlement"].saw
    servers[HOME].is_stuck = False
    servers[HOME].follow()
    found = doing.look()
    assert found.is_done
    assert found.items["settlement"].saw.startswith("E2: us-east: 0 of 0 ready, 0 ending")
    assert stage.entry.clients[0].has_keepers
