"""Clients moved by scaling their workloads on the API server of each side, and what else keeps those workloads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clusters.declared import DriverEntry
from clusters.document import read_document
from clusters.errors import Configuration, Malformed, NoAnswer, NotSent, Rejected, Unauthorised
from clusters.form import Form
from clusters.routing.kubernetes.scaled import KubernetesScale
from tests.clusters.kubernetes_server import TOKEN, ApiServer
from tests.clusters.servers import answering, closed_port, misbehaving
from tests.clusters.wire import soon

RUN = {"run": "run-7", "key": "attempt-1"}
HPA, KEDA = (
    "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/h",
    "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects/s",
)
ARGO = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop-checkout"
KUSTOMIZATION = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux/kustomizations/shop"
HELM = "/apis/helm.toolkit.fluxcd.io/v2/namespaces/flux/helmreleases/shop"
META = '"metadata": {"generation": 1, "resourceVersion": "5"}'
AIM = {"kind": "Deployment", "name": "checkout", "apiVersion": "apps/v1"}


def driver(monkeypatch: pytest.MonkeyPatch, east: str, west: str, workloads: str = "[]") -> KubernetesScale:
    monkeypatch.setenv("K8S", TOKEN)
    complaints: list[tuple[int, str]] = []
    places = ", ".join(
        f'{{side: {side}, url: "{url}", namespace: shop, token: "env:K8S"}}'
        for side, url in (("us-east", east), ("eu-west", west))
    )
    form = Form(read_document(f"{{places: [{places}], workloads: {workloads}}}"), complaints, "driver k8s")
    found = KubernetesScale.read_settings(form)
    form.done()
    assert not complaints, complaints
    return KubernetesScale(DriverEntry("k8s", "kubernetes-scale", "third region", found))


@pytest.fixture
def east() -> Iterator[ApiServer]:
    found = ApiServer()
    found.workload("checkout", 3)
    yield found
    found.stop()


@pytest.fixture
def west() -> Iterator[ApiServer]:
    found = ApiServer()
    found.workload("checkout", 0)
    yield found
    found.stop()


@pytest.fixture
def moving(east: ApiServer, west: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubernetesScale]:
    found = driver(monkeypatch, east.url, west.url)
    yield found
    found.close()


def replicas(server: ApiServer, name: str = "checkout") -> int:
    return int(server.objects[f"/apis/apps/v1/namespaces/shop/deployments/{name}"]["spec"]["replicas"])


def test_as_many_as_ran_are_started_there_after_those_here_are_told_to_end(
    moving: KubernetesScale, east: ApiServer, west: ApiServer
) -> None:
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    assert (plan.before.side, plan.before.desired, plan.request["desired"]) == ("us-east", 3, 3)  # type: ignore[union-attr]
    assert moving.apply(plan, **RUN, deadline=soon()).said == "us-east set to 0, eu-west set to 3"
    assert (replicas(east), replicas(west)) == (0, 3)
    state = moving.verify("checkout", deadline=soon())
    assert state.is_at("eu-west")
    assert (state.desired, state.ready, state.terminating) == (3, 3, 0)
    moving.apply(moving.plan("checkout", to="us-east", deadline=soon()), run="run-7", key="back", deadline=soon())
    assert (replicas(east), replicas(west)) == (3, 0)


def test_a_pod_that_is_ending_or_not_yet_told_to_end_is_not_gone(moving: KubernetesScale, east: ApiServer) -> None:
    east.is_stuck = True
    moving.apply(moving.plan("checkout", to=None, deadline=soon()), **RUN, deadline=soon())
    state = moving.verify("checkout", deadline=soon())
    assert (state.desired, state.terminating, state.is_stopped) == (0, 3, False)
    for pod in east.pods("checkout"):
        del pod["metadata"]["deletionTimestamp"]
    assert moving.verify("checkout", deadline=soon()).terminating == 3
    east.is_stuck = False
    east.follow()
    assert moving.verify("checkout", deadline=soon()).is_stopped


def test_pods_that_do_not_become_ready_have_not_arrived(moving: KubernetesScale, west: ApiServer) -> None:
    west.is_stuck = True
    moving.apply(moving.plan("checkout", to="eu-west", deadline=soon()), **RUN, deadline=soon())
    assert not moving.verify("checkout", deadline=soon()).is_at("eu-west")


def test_somebody_elses_change_is_not_overwritten(moving: KubernetesScale, east: ApiServer) -> None:
    plan = moving.plan("checkout", to=None, deadline=soon())
    east.patch("/apis/apps/v1/namespaces/shop/deployments/checkout", {"spec": {"replicas": 5}})
    with pytest.raises(Rejected, match="somebody changed it since it was read"):
        moving.apply(plan, **RUN, deadline=soon())
    assert replicas(east) == 5


def test_an_order_sent_twice_is_refused_the_second_time(moving: KubernetesScale) -> None:
    plan = moving.plan("checkout", to=None, deadline=soon())
    moving.apply(plan, **RUN, deadline=soon())
    with pytest.raises(Rejected):
        moving.apply(plan, **RUN, deadline=soon())


def test_after_the_first_write_a_refusal_proves_nothing(
    moving: KubernetesScale, east: ApiServer, west: ApiServer
) -> None:
    plan = moving.plan("checkout", to="eu-west", deadline=soon())
    west.patch("/apis/apps/v1/namespaces/shop/deployments/checkout", {"metadata": {"labels": {"touched": "yes"}}})
    with pytest.raises(NoAnswer, match="us-east set to 0, then"):
        moving.apply(plan, **RUN, deadline=soon())
    assert (replicas(east), replicas(west)) == (0, 0)


def test_a_lost_answer_is_unknown_and_never_sent_again(moving: KubernetesScale, east: ApiServer) -> None:
    plan = moving.plan("checkout", to=None, deadline=soon())
    east.drops_answers = True
    with pytest.raises(NoAnswer):
        moving.apply(plan, **RUN, deadline=soon())
    assert len(east.patches) == 1
    assert moving.verify("checkout", deadline=soon()).is_stopped


def test_a_lost_side_is_left_out_and_nothing_is_claimed_of_it(west: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = f"http://127.0.0.1:{closed_port()}"
    blind = driver(monkeypatch, lost, west.url)
    with pytest.raises(Configuration, match="how many replicas of checkout to start on eu-west is not known"):
        blind.plan("checkout", to="eu-west", deadline=soon())
    told = driver(monkeypatch, lost, west.url, "[{target: checkout, replicas: 4}]")
    plan = told.plan("checkout", to="eu-west", deadline=soon())
    assert (list(plan.request["places"]), list(plan.request["left_out"])) == (["eu-west"], ["us-east"])
    told.apply(plan, **RUN, deadline=soon())
    state = told.verify("checkout", deadline=soon())
    assert (state.is_at("eu-west"), state.unseen) == (True, "us-east")
    assert not state.is_away_from("us-east")
    assert "us-east does not answer: what runs there is not known" in state.said
    assert not told.verify("checkout", deadline=soon()).is_stopped
    with pytest.raises(NoAnswer, match="the API server of us-east does not answer"):
        told.plan("checkout", to="us-east", deadline=soon())


def test_a_workload_on_both_sides_is_on_neither(moving: KubernetesScale, west: ApiServer) -> None:
    west.patch("/apis/apps/v1/namespaces/shop/deployments/checkout", {"spec": {"replicas": 1}})
    assert moving.verify("checkout", deadline=soon()).side is None


def test_a_stateful_set_by_another_name(east: ApiServer, west: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for server, count in ((east, 2), (west, 0)):
        server.workload("settler", count, kind="statefulsets")
    named = driver(monkeypatch, east.url, west.url, "[{target: settlement, kind: statefulset, name: settler}]")
    named.apply(named.plan("settlement", to="eu-west", deadline=soon()), **RUN, deadline=soon())
    assert west.objects["/apis/apps/v1/namespaces/shop/statefulsets/settler"]["spec"]["replicas"] == 2


def test_a_workload_nobody_knows_and_a_right_that_is_missing_are_said(moving: KubernetesScale, east: ApiServer) -> None:
    with pytest.raises(Rejected, match="has no deployment shop/nobody"):
        moving.verify("nobody", deadline=soon())
    east.forbidden = "pods"
    with pytest.raises(Unauthorised, match="us-east"):
        moving.verify("checkout", deadline=soon())


def kept(moving: KubernetesScale) -> list[tuple[str, bool]]:
    found = moving.keepers("checkout", deadline=soon())
    assert (found.unread, found.silent) == ({}, {})
    return [(keeper.controller, keeper.is_paused) for keeper in found.found]


@pytest.mark.parametrize(
    ("path", "body", "pause", "named"),
    [
        (HPA, {"spec": {"scaleTargetRef": AIM, "minReplicas": 2}},
         {"spec": {"behavior": {"scaleUp": {"selectPolicy": "Disabled"}, "scaleDown": {"selectPolicy": "Disabled"}}}},
         "HorizontalPodAutoscaler shop/h"),
        (KEDA, {"spec": {"scaleTargetRef": {"name": "checkout"}}},
         {"metadata": {"annotations": {"autoscaling.keda.sh/paused": "true"}}}, "KEDA ScaledObject shop/s"),
        (KEDA, {"spec": {"scaleTargetRef": {"name": "checkout"}}},
         {"metadata": {"annotations": {"autoscaling.keda.sh/paused-replicas": "0"}}}, "KEDA ScaledObject shop/s"),
        (ARGO, {"spec": {"syncPolicy": {"automated": {"selfHeal": True}}}},
         {"spec": {"syncPolicy": {"automated": {"selfHeal": False}}}}, "Argo CD application argocd/shop-checkout"),
        (ARGO, {"spec": {"syncPolicy": {"automated": {"selfHeal": True}}}},
         {"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}},
         "Argo CD application argocd/shop-checkout"),
        (KUSTOMIZATION, {"spec": {}}, {"spec": {"suspend": True}}, "Flux Kustomization flux/shop"),
        (HELM, {"spec": {}}, {"spec": {"suspend": True}}, "Flux HelmRelease flux/shop"),
    ],
)  # fmt: skip
def test_what_keeps_a_workload_is_named_until_it_is_paused(
    path: str, body: dict[str, Any], pause: dict[str, Any], named: str, moving: KubernetesScale, east: ApiServer
) -> None:
    labels = {}
    if "fluxcd" in path:
        group = path.split("/")[2]
        labels = {f"{group}/name": "shop", f"{group}/namespace": "flux"}
    notes = {"argocd.argoproj.io/tracking-id": "shop-checkout:apps/Deployment:shop/checkout"} if path == ARGO else {}
    east.workload("checkout", 3, labels=labels, annotations=notes)
    if "fluxcd" not in path and path != ARGO:
        assert kept(moving) == []
    east.put(path, body)
    assert kept(moving) == [(named, False)]
    east.patch(path, pause)
    assert kept(moving) == [(named, True)]


def test_the_autoscaler_that_keda_makes_is_kedas(moving: KubernetesScale, east: ApiServer) -> None:
    east.put(KEDA, {"spec": {"scaleTargetRef": {"name": "checkout"}}})
    east.put(
        HPA, {"metadata": {"ownerReferences": [{"kind": "ScaledObject", "name": "s"}]}, "spec": {"scaleTargetRef": AIM}}
    )
    assert kept(moving) == [("KEDA ScaledObject shop/s", False)]


def test_what_aims_at_another_workload_keeps_not_this_one(moving: KubernetesScale, east: ApiServer) -> None:
    east.put(HPA, {"spec": {"scaleTargetRef": {**AIM, "name": "other"}}})
    east.put(KEDA, {"spec": {"scaleTargetRef": {"name": "checkout", "kind": "StatefulSet"}}})
    assert kept(moving) == []


def test_an_application_nobody_finds_is_not_taken_to_be_paused(moving: KubernetesScale, east: ApiServer) -> None:
    """Argo CD may live in another cluster: the workload says that it is kept, and nothing says that it is paused."""
    east.workload(
        "checkout", 3, annotations={"argocd.argoproj.io/tracking-id": "hub_shop:apps/Deployment:shop/checkout"}
    )
    assert kept(moving) == [("Argo CD application shop (not to be found on us-east)", False)]


def test_what_cannot_be_asked_is_not_taken_to_be_absent(
    moving: KubernetesScale, east: ApiServer, west: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    east.forbidden = "horizontalpodautoscalers"
    found = moving.keepers("checkout", deadline=soon())
    assert list(found.unread) == ["us-east"]
    blind = driver(monkeypatch, f"http://127.0.0.1:{closed_port()}", west.url)
    assert list(blind.keepers("checkout", deadline=soon()).silent) == ["us-east"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("[]", Malformed),
        ("{}", Malformed),
        (
            '{"metadata": {"generation": 1, "resourceVersion": "5"}, "spec": {"replicas": -1, "selector": {}}}',
            Malformed,
        ),
        ('{"metadata": {"generation": 1, "resourceVersion": "5"}, "spec": {"replicas": 1, "selector": {}}}', Malformed),
    ],
)
def test_an_answer_that_cannot_be_read_is_no_lost_side(
    body: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty selector would select every pod of the namespace."""
    with misbehaving(answering(body)) as wrong, pytest.raises(error):
        driver(monkeypatch, wrong.url, wrong.url).verify("checkout", deadline=soon(3))


def test_the_token_shows_nowhere(moving: KubernetesScale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8S", "wr0ng-t0ken")
    with pytest.raises(Unauthorised) as raised:
        moving.verify("checkout", deadline=soon())
    assert "wr0ng" not in str(raised.value)


def test_a_closed_port_everywhere_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises((NoAnswer, NotSent), match="us-east"):
        driver(monkeypatch, closed, closed).verify("checkout", deadline=soon(3))
