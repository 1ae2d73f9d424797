"""Moves clients by a route of Confluent Gateway: its custom resource is patched, and the operator replaces the pods.

The operator may say Ready of a specification that it has refused: a route counts where the generation it names has been
observed, and no pod is left that stood there before.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.declared import DriverEntry
from clusters.errors import ClusterError, Configuration, NoAnswer, Rejected
from clusters.form import Form
from clusters.gateway import ClientState, RouteAnswer, RoutePlan
from clusters.routing import drivers
from clusters.routing.kubernetes.api import KubernetesApi, Place, named, read_places
from clusters.routing.kubernetes.driver import OnPlaces
from clusters.routing.kubernetes.workload import OVER, is_ready

GATEWAYS = "/apis/platform.confluent.io/v1beta1/gateways"
BEFORE = "breakwater/pods-before"  # the pods that served what was there before a patch, by their uid
REVISIONS = ("pod-template-hash", "controller-revision-hash")
FENCE = {"scope": "ALL", "errorCode": "BROKER_NOT_AVAILABLE"}
NOWHERE = ""


@dataclass(frozen=True)
class Domain:
    """The streaming domain of a side, and which of its bootstrap servers the route uses."""

    name: str
    server: str


@dataclass(frozen=True)
class GatewaySettings:
    """A place's `side` is the one whose loss takes its gateway along: the route may lead to either."""

    places: tuple[Place, ...]
    gateway: str
    route: str
    pods: str
    domains: Mapping[str, Domain]


@dataclass(frozen=True)
class Routed:
    """`side` is where the route leads, NOWHERE where it is fenced; None: to something that is no side."""

    routes: Sequence[Mapping[str, Any]]
    side: str | None
    version: str
    generation: int
    observed: int
    pods: tuple[str, ...]
    old: int
    ready: int
    revisions: int

    @property
    def is_settled(self) -> bool:
        return self.observed == self.generation and not self.old and self.ready > 0 and self.revisions <= 1

    @property
    def said(self) -> str:
        where = "no side that is known" if self.side is None else self.side or "nowhere (fenced)"
        taken = "" if self.observed == self.generation else f", not taken by the operator (it is at {self.observed})"
        mixed = f", pods of {self.revisions} revisions" if self.revisions > 1 else ""
        return f"generation {self.generation} leads to {where}{taken}, {self.ready} ready, {self.old} old pods{mixed}"


@drivers.add("confluent-gateway")
class ConfluentGateway(OnPlaces):
    """One route in each place. A fence stops its clients; what clients do, the gateway does not tell."""

    kind = "confluent-gateway"

    def __init__(self, entry: DriverEntry) -> None:
        settings: GatewaySettings = entry.settings
        super().__init__(entry, settings.places)
        self._settings = settings

    @staticmethod
    def read_settings(form: Form) -> GatewaySettings:
        sides = form.form("domains", f"{form.what}, domains")
        domains = {side: found for side in sides if (found := _domain(sides, side))} if sides else {}
        if form.is_readable and len(set(domains.values())) < 2:
            form.complain(f"{form.what}: domains must say where the route leads for each side, and differ", "domains")
        gateway = form.word("gateway")
        pods = form.text("pods", f"app={gateway}")
        return GatewaySettings(read_places(form), gateway, form.text("route", "{target}"), pods, domains)

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        if to is not None and to not in self._settings.domains:
            raise Configuration(self.name, f"the inventory does not say where the route leads for {to}")
        found, lost = self._routed(target, deadline)
        self._refuse_lost(lost, to)
        before = self._state(target, found, lost)
        places = {side: {"version": seen.version, "before": seen.side} for side, seen in found.items()}
        route = self._settings.route.replace("{target}", target)
        request = {"side": to, "route": route, "set": self._set(to), "places": places, "left_out": dict(lost)}
        place = f"lead to {to}" if to else "be fenced"
        said = f"route {route} of {self._settings.gateway} will {place} in {', '.join(found)}; now: {before.said}"
        return RoutePlan(target, before, request, said)

    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        """Place by place; each only where nobody has changed it since `plan`."""
        to, done = plan.request["side"], list[str]()
        for side, place in plan.request["places"].items():
            try:
                self._patch(self._places[side], plan.target, to, place["version"], deadline)
            except ClusterError as error:
                if not done:
                    raise
                raise NoAnswer(self.name, f"patched in {', '.join(done)}, then {error}") from error
            done.append(side)
        left = plan.request["left_out"]
        more = f"; not in {', '.join(left)}, which does not answer" if left else ""
        return RouteAnswer(plan.target, accepted=True, said=f"patched in {', '.join(done)}{more}")

    def verify(self, target: str, *, deadline: float) -> ClientState:
        found, lost = self._routed(target, deadline)
        state = self._state(target, found, lost)
        self._refuse_lost(lost, state.side)
        return state

    def _routed(self, target: str, deadline: float) -> tuple[dict[str, Routed], dict[str, str]]:
        return self._look(lambda api, until: self._see(api, target, until), deadline)

    def _see(self, api: KubernetesApi, target: str, deadline: float) -> Routed:
        """The resource first: a pod that is started in between is counted, never missed."""
        name = self._settings.gateway
        body = api.get(named(GATEWAYS, api.namespace, name), deadline)
        if body is None:
            raise Rejected(self.name, f"{api.side} has no Gateway {api.namespace}/{name} of platform.confluent.io")
        pods = api.items(named("/api/v1/pods", api.namespace), deadline, self._settings.pods) or []
        try:
            meta, routes = body["metadata"], body["spec"]["routes"]
            alive = [pod for pod in pods if pod.get("status", {}).get("phase") not in OVER]
            known = set(str((meta.get("annotations") or {}).get(BEFORE, "")).split(","))
            old = [pod for pod in alive if pod["metadata"].get("deletionTimestamp") or pod["metadata"]["uid"] in known]
            return Routed(
                routes,
                self._side(self._route(api, routes, target)),
                str(meta["resourceVersion"]),
                int(meta["generation"]),
                int((body.get("status") or {}).get("observedGeneration", 0)),
                tuple(sorted(pod["metadata"]["uid"] for pod in alive)),
                len(old),
                sum(is_ready(pod) for pod in alive if pod not in old),
                len({_revision(pod) for pod in alive}),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise api.malformed(f"the Gateway {name}", error) from error

    def _route(self, api: KubernetesApi, routes: Sequence[Mapping[str, Any]], target: str) -> Mapping[str, Any]:
        name = self._settings.route.replace("{target}", target)
        for route in routes:
            if route["name"] == name:
                return route
        known = ", ".join(str(route["name"]) for route in routes)
        raise Rejected(
            self.name, f"the Gateway {self._settings.gateway} of {api.side} has no route {name}; it has {known}"
        )

    def _side(self, route: Mapping[str, Any]) -> str | None:
        """Rules beside the one domain may lead some topics elsewhere: such a route leads to no known side."""
        if route.get("fence"):
            return NOWHERE if route["fence"] == FENCE else None
        domain = route.get("streamingDomain") or {}
        led = Domain(domain.get("name", ""), domain.get("bootstrapServerId", ""))
        sides = [side for side, each in self._settings.domains.items() if each == led]
        return sides[0] if sides and not route.get("rules") else None

    def _set(self, to: str | None) -> dict[str, Any]:
        if to is None:
            return {"fence": FENCE}
        domain = self._settings.domains[to]
        return {"streamingDomain": {"name": domain.name, "bootstrapServerId": domain.server}}

    def _patch(self, api: KubernetesApi, target: str, to: str | None, version: str, deadline: float) -> None:
        """A merge patch replaces the list of routes whole; with the version of what was read nothing is lost by it."""
        seen = self._see(api, target, deadline)
        if seen.version != version:
            raise Rejected(self.name, f"{api.side}: the Gateway was changed since it was read; look again")
        routes = [copy.deepcopy(dict(route)) for route in seen.routes]
        route = next(each for each in routes if each["name"] == self._settings.route.replace("{target}", target))
        route.pop("fence", None)
        route.update(self._set(to))
        note = {BEFORE: ",".join(seen.pods)}
        patch = {"metadata": {"resourceVersion": version, "annotations": note}, "spec": {"routes": routes}}
        api.patch(named(GATEWAYS, api.namespace, self._settings.gateway), patch, deadline)

    def _state(self, target: str, found: Mapping[str, Routed], lost: Mapping[str, str]) -> ClientState:
        """The side that every place leads to, once each has settled; until then none."""
        led = {seen.side for seen in found.values()}
        settled = all(seen.is_settled for seen in found.values())
        place = next(iter(led)) if len(led) == 1 and settled else None
        words = [f"{side}: {seen.said}" for side, seen in found.items()]
        words += [f"{side} does not answer: its gateway goes on as it was" for side in lost]
        return ClientState(
            target,
            place or None,
            0 if place == NOWHERE else None,
            None,
            None,
            ";".join(f"{side}={seen.generation}" for side, seen in sorted(found.items())),
            "; ".join(words),
            sees_instances=False,
            unseen=", ".join(lost),
        )

    def _refuse_lost(self, lost: Mapping[str, str], place: str | None) -> None:
        if place is not None and place in lost:
            raise NoAnswer(self.name, f"{place} does not answer, and its gateway would go on as it is: {lost[place]}")


def _domain(sides: Form, side: str) -> Domain | None:
    form = sides.form(side, f"{sides.what}, {side}")
    if form is None:
        return None
    found = Domain(form.text("name"), form.text("bootstrapServerId"))
    form.done()
    return found


def _revision(pod: Mapping[str, Any]) -> str:
    labels = pod["metadata"].get("labels") or {}
    return next((str(labels[key]) for key in REVISIONS if key in labels), "")
