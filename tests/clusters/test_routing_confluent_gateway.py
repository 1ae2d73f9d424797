"""A route of Confluent Gateway, against a server written after Kubernetes' published API and examples of the resource.

The tests play the operator: they set `observedGeneration` and replace pods. No real operator has been seen by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clusters.declared import DriverEntry
from clusters.document import read_document
from clusters.errors import Configuration, NoAnswer, Rejected
from clusters.form import Form
from clusters.gateway import RoutePlan
from clusters.routing.kubernetes.gateway import ConfluentGateway, GatewaySettings
from tests.clusters.kubernetes_server import TOKEN, ApiServer
from tests.clusters.servers import closed_port
from tests.clusters.wire import soon

HOME, AWAY = "us-east", "eu-west"
RUN = {"run": "run-7", "key": "attempt-1"}
PATH = "/apis/platform.confluent.io/v1beta1/namespaces/shop/gateways/edge"
DOMAINS = (
    "{us-east: {name: east-domain, bootstrapServerId: sasl}, eu-west: {name: west-domain, bootstrapServerId: plain}}"
)
OTHER = {"name": "billing", "endpoint": "b:9092", "streamingDomain": {"name": "x", "bootstrapServerId": "y"}}


def route(domain: str, server: str, **more: Any) -> dict[str, Any]:
    led = {"name": domain, "bootstrapServerId": server}
    return {"name": "checkout", "endpoint": "kafka.example:9092", "streamingDomain": led, **more}


class Cluster(ApiServer):
    """With an operator that a test lets work, when it does."""

    def operate(self) -> None:
        """Takes the specification and replaces every pod."""
        self.observe()
        self.start(*(f"pod-{self.objects[PATH]['metadata']['generation']}-{number}" for number in range(2)))

    def observe(self) -> None:
        body = self.objects[PATH]
        body["status"] = {"phase": "RUNNING", "observedGeneration": body["metadata"]["generation"]}

    def start(self, *names: str) -> None:
        for path in [path for path in self.objects if "/pods/" in path]:
            del self.objects[path]
        for name in names:
            self.pod(name)

    def pod(self, name: str, revision: str = "r") -> None:
        meta = {"uid": f"uid-{name}", "labels": {"app": "edge", "pod-template-hash": revision}}
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        self.put(f"/api/v1/namespaces/shop/pods/{name}", {"metadata": meta, "status": ready})


def read(text: str) -> tuple[GatewaySettings, list[str]]:
    complaints: list[tuple[int, str]] = []
    form = Form(read_document(text), complaints, "driver route")
    found = ConfluentGateway.read_settings(form)
    form.done()
    return found, [said for _, said in complaints]


def driver(*urls: str) -> ConfluentGateway:
    places = ", ".join(
        f'{{side: {side}, url: "{url}", namespace: shop, token: "env:K8S"}}'
        for side, url in zip((HOME, AWAY), urls, strict=False)
    )
    settings, complaints = read(f"{{places: [{places}], gateway: edge, domains: {DOMAINS}}}")
    assert not complaints
    return ConfluentGateway(DriverEntry("route", "confluent-gateway", "third region", settings))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("K8S", TOKEN)
    found = Cluster()
    found.put(PATH, {"spec": {"replicas": 2, "routes": [OTHER, route("east-domain", "sasl")]}, "status": {}})
    found.operate()
    yield found
    found.stop()


@pytest.fixture
def gateway(server: Cluster) -> Iterator[ConfluentGateway]:
    found = driver(server.url)
    yield found
    found.close()


def move(gateway: ConfluentGateway, to: str | None) -> RoutePlan:
    plan = gateway.plan("checkout", to=to, deadline=soon())
    assert gateway.apply(plan, **RUN, deadline=soon()).accepted
    return plan


def test_a_route_counts_when_the_operator_took_it_and_old_pods_are_gone(
    gateway: ConfluentGateway, server: Cluster
) -> None:
    assert gateway.verify("checkout", deadline=soon()).is_at(HOME)
    move(gateway, AWAY)
    assert server.objects[PATH]["spec"] == {"replicas": 2, "routes": [OTHER, route("west-domain", "plain")]}

    state = gateway.verify("checkout", deadline=soon())
    assert state.side is None
    assert "generation 2 leads to eu-west, not taken by the operator (it is at 1), 0 ready, 2 old pods" in state.said

    server.observe()  # Ready, and observed: the pods that serve the old route are still there
    state = gateway.verify("checkout", deadline=soon())
    assert (state.side, "2 old pods" in state.said) == (None, True)

    server.operate()
    assert gateway.verify("checkout", deadline=soon()).is_at(AWAY)


def test_new_pods_beside_one_old_one_are_not_enough(gateway: ConfluentGateway, server: Cluster) -> None:
    move(gateway, AWAY)
    server.observe()
    server.pod("pod-9")
    assert gateway.verify("checkout", deadline=soon()).side is None
    server.start("pod-9")
    server.pod("pod-10", "another")  # started of the old template, after the pods were noted
    state = gateway.verify("checkout", deadline=soon())
    assert (state.side, "pods of 2 revisions" in state.said) == (None, True)


def test_a_specification_that_the_operator_refuses_never_counts(gateway: ConfluentGateway, server: Cluster) -> None:
    move(gateway, AWAY)
    server.start("pod-5", "pod-6")  # somebody restarts the pods: they come with the old specification
    server.objects[PATH]["status"]["phase"] = "RUNNING"
    assert gateway.verify("checkout", deadline=soon()).side is None


def test_a_fence_stops_and_a_side_opens_again(gateway: ConfluentGateway, server: Cluster) -> None:
    move(gateway, None)
    server.operate()
    fenced = server.objects[PATH]["spec"]["routes"][1]
    assert fenced["fence"] == {"scope": "ALL", "errorCode": "BROKER_NOT_AVAILABLE"}
    state = gateway.verify("checkout", deadline=soon())
    assert state.is_sent_nowhere
    assert not state.is_stopped
    move(gateway, AWAY)
    server.operate()
    assert server.objects[PATH]["spec"]["routes"][1] == route("west-domain", "plain")
    assert gateway.verify("checkout", deadline=soon()).is_at(AWAY)


def test_what_somebody_changed_since_is_not_overwritten(gateway: ConfluentGateway, server: Cluster) -> None:
    plan = gateway.plan("checkout", to=AWAY, deadline=soon())
    changed = {"spec": {"replicas": 3, "routes": [OTHER, route("east-domain", "sasl")]}, "status": {}}
    server.put(PATH, changed)
    with pytest.raises(Rejected, match="was changed since it was read; look again"):
        gateway.apply(plan, **RUN, deadline=soon())
    again = gateway.plan("checkout", to=AWAY, deadline=soon())
    server.before_write = lambda: server.put(PATH, {**changed, "spec": {**changed["spec"], "replicas": 4}}) and None
    with pytest.raises(Rejected, match="somebody changed it since it was read"):
        gateway.apply(again, **RUN, deadline=soon())
    assert server.objects[PATH]["spec"]["routes"][1] == route("east-domain", "sasl")


@pytest.mark.parametrize(
    "strange",
    [route("third", "sasl"), route("east-domain", "plain"), route("east-domain", "sasl", rules={"routing": {}})],
)
def test_a_route_that_leads_elsewhere_is_no_known_side(
    gateway: ConfluentGateway, server: Cluster, strange: dict[str, Any]
) -> None:
    server.put(PATH, {"spec": {"routes": [strange]}, "status": {}})
    server.operate()
    assert gateway.verify("checkout", deadline=soon()).side is None


def test_a_lost_answer_is_unknown_and_the_look_tells(gateway: ConfluentGateway, server: Cluster) -> None:
    plan = gateway.plan("checkout", to=AWAY, deadline=soon())
    server.drops_answers = True
    with pytest.raises(NoAnswer):
        gateway.apply(plan, **RUN, deadline=soon())
    server.operate()
    assert gateway.verify("checkout", deadline=soon()).is_at(AWAY)


def test_the_gateway_of_the_side_that_is_left_may_be_silent(server: Cluster) -> None:
    gateway = driver(f"http://127.0.0.1:{closed_port()}", server.url)
    answer = gateway.apply(gateway.plan("checkout", to=AWAY, deadline=soon()), **RUN, deadline=soon())
    assert answer.said == "patched in eu-west; not in us-east, which does not answer"
    server.operate()
    state = gateway.verify("checkout", deadline=soon())
    assert (state.is_at(AWAY), state.unseen, state.is_away_from(HOME)) == (True, HOME, False)
    with pytest.raises(NoAnswer, match="us-east does not answer, and its gateway would go on as it is"):
        gateway.plan("checkout", to=HOME, deadline=soon())
    gateway.close()


def test_what_is_not_there_is_named(gateway: ConfluentGateway, server: Cluster) -> None:
    with pytest.raises(Rejected, match="has no route storefront; it has billing, checkout"):
        gateway.plan("storefront", to=AWAY, deadline=soon())
    with pytest.raises(Configuration, match="where the route leads for mars"):
        gateway.plan("checkout", to="mars", deadline=soon())
    del server.objects[PATH]
    with pytest.raises(Rejected, match="us-east has no Gateway shop/edge of "):
        gateway.verify("checkout", deadline=soon())


def test_domains_of_the_sides_must_differ() -> None:
    text = f"{{places: [], gateway: edge, domains: {DOMAINS.replace('west-domain', 'east-domain')}}}"
    _, complaints = read(text.replace("plain", "sasl"))
    assert any("must say where the route leads for each side, and differ" in said for said in complaints)
