"""Moves clients by the config map they read: it is patched, the pods are replaced, and the old ones must be gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clusters import clock
from clusters.declared import DriverEntry
from clusters.errors import ClusterError, Configuration, NoAnswer, Rejected
from clusters.form import Form
from clusters.gateway import ClientState, RouteAnswer, RoutePlan
from clusters.routing import drivers
from clusters.routing.kubernetes.api import KubernetesApi, Place, named, read_places
from clusters.routing.kubernetes.driver import OnKubernetes
from clusters.routing.kubernetes.workload import Seen, Workload, is_ready, read_workloads, see

RESTARTED, SIDE = "kubectl.kubernetes.io/restartedAt", "breakwater/side"
Values = Mapping[str, Mapping[str, str]]  # key of the config map → side → what it holds


@dataclass(frozen=True)
class ConfigSettings:
    """A place's `side` is the one whose loss takes it along: its workloads may be sent to either."""

    places: tuple[Place, ...]
    workloads: tuple[Workload, ...]
    configmap: str
    values: Values


@dataclass(frozen=True)
class Configured:
    seen: Seen
    data: Mapping[str, str]
    version: str


@drivers.add("kubernetes-config")
class KubernetesConfig(OnKubernetes):
    """Pods carry the side they were started for, so that an old one is told from a new one. While the pods are being
    replaced both clusters are used: consumer groups are stopped first, and start with the new settings.
    """

    kind = "kubernetes-config"

    def __init__(self, entry: DriverEntry) -> None:
        settings: ConfigSettings = entry.settings
        super().__init__(entry, settings.places, settings.workloads)
        self._configmap, self._values = settings.configmap, settings.values

    @staticmethod
    def read_settings(form: Form) -> ConfigSettings:
        values = form.form("values", f"{form.what}, values")
        found = dict(_values(values)) if values else {}
        if form.is_readable and not found:
            form.complain(f"{form.what}: values must say what each key of the config map holds for each side", "values")
        return ConfigSettings(read_places(form), read_workloads(form), form.text("configmap", "{target}"), found)

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        workload = self._workload(target)
        found, lost = self._configured(target, deadline)
        if to in lost:
            raise NoAnswer(self.name, f"{to} does not answer, and its workloads would stay as they are: {lost[to]}")
        before = self._state(target, found, lost)
        data = self._data(to) if to else {}
        idle = to is not None and all(not place.seen.replicas for place in found.values())
        request = {
            "side": to,
            "data": data,
            "restarted_at": clock.now().isoformat(timespec="seconds"),
            "places": {side: _versions(place) for side, place in found.items()},
            "left_out": dict(lost),
            **({"desired": self._desired(workload)} if idle else {}),
        }
        place = f"be restarted with the settings of {to}" if to else "be scaled to 0"
        return RoutePlan(target, before, request, f"{target} will {place} in {', '.join(found)}; now: {before.said}")

    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        """Config map, then workload, place by place. After the first write no error proves that nothing was done."""
        workload, done = self._workload(plan.target), list[str]()
        for side, place in plan.request["places"].items():
            for path, patch in self._patches(workload, side, place, plan.request):
                try:
                    self._places[side].patch(path, patch, deadline)
                except ClusterError as error:
                    if not done:
                        raise
                    raise NoAnswer(self.name, f"{', '.join(done)} patched, then {error}") from error
                done.append(f"{path.rpartition('/')[2]} in {side}")
        return RouteAnswer(plan.target, accepted=True, said=f"patched: {', '.join(done)}")

    def verify(self, target: str, *, deadline: float) -> ClientState:
        return self._state(target, *self._configured(target, deadline))

    def _configured(self, target: str, deadline: float) -> tuple[dict[str, Configured], dict[str, str]]:
        workload = self._workload(target)
        return self._look(lambda api, until: self._see(api, workload, until), deadline)

    def _see(self, api: KubernetesApi, workload: Workload, deadline: float) -> Configured:
        """The config map first: pods started after it was read may be newer than it, never taken for older ones."""
        name = self._configmap.replace("{target}", workload.target)
        body = api.get(named("/api/v1/configmaps", api.namespace, name), deadline)
        if body is None:
            raise Rejected(self.name, f"{api.side} has no config map {api.namespace}/{name}")
        try:
            data, version = dict(body.get("data") or {}), str(body["metadata"]["resourceVersion"])
        except (KeyError, TypeError, ValueError) as error:
            raise api.malformed(f"the config map {name}", error) from error
        return Configured(see(api, workload, deadline), data, version)

    def _data(self, to: str) -> dict[str, str]:
        missing = [key for key, sides in self._values.items() if to not in sides]
        if missing:
            raise Configuration(self.name, f"the inventory does not say what {missing[0]} holds for {to}")
        return {key: sides[to] for key, sides in self._values.items()}

    def _desired(self, workload: Workload) -> int:
        if not workload.replicas:
            says = f"how many replicas of {workload.name} to start is not known: none runs"
            raise Configuration(self.name, f"{says}. Give the workload `replicas` in the inventory")
        return workload.replicas

    def _patches(
        self, workload: Workload, side: str, place: Mapping[str, Any], request: Mapping[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        namespace, to = self._places[side].namespace, request["side"]
        spec: dict[str, Any] = {"replicas": 0}
        if to is not None:
            name = self._configmap.replace("{target}", workload.target)
            unchanged = {"metadata": {"resourceVersion": place["configmap"]}}
            yield named("/api/v1/configmaps", namespace, name), {**unchanged, "data": request["data"]}
            notes = {RESTARTED: request["restarted_at"], SIDE: to}
            spec = {"template": {"metadata": {"annotations": notes}}}
            spec |= {"replicas": request["desired"]} if "desired" in request else {}
        path = named(workload.kind.path, namespace, workload.name)
        yield path, {"metadata": {"resourceVersion": place["workload"]}, "spec": spec}

    def _state(self, target: str, found: Mapping[str, Configured], lost: Mapping[str, str]) -> ClientState:
        sides = {self._side_of(place) for place in found.values() if place.seen.replicas}
        desired = sum(place.seen.replicas for place in found.values())
        new = {name: _new(place.seen) for name, place in found.items()}
        ready = sum(_ready(pods) for pods in new.values())
        ending = sum(len(place.seen.running) - len(new[name]) + place.seen.ending for name, place in found.items())
        words = [f"{name}: {self._words(place, new[name])}" for name, place in found.items()]
        words += [f"{name} does not answer: what runs there is not known" for name in lost]
        version = ";".join(f"{name}={place.version}:{place.seen.generation}" for name, place in sorted(found.items()))
        side = next(iter(sides)) if len(sides) == 1 else None
        said, unseen = "; ".join(words), ", ".join(lost)
        return ClientState(target, side, desired, ready, ending, version, said, unseen=unseen)

    def _side_of(self, place: Configured) -> str | None:
        """The side that both the config map and the pod template name; None where they differ, or were never set here:
        pods that were started before the config map was changed would go by what it said then.
        """
        sides = {side for values in self._values.values() for side in values}
        named_by_map = [
            side for side in sides if all(place.data.get(k) == v.get(side) for k, v in self._values.items())
        ]
        return _template_side(place.seen) if [_template_side(place.seen)] == named_by_map else None

    def _words(self, place: Configured, new: list[Mapping[str, Any]]) -> str:
        side = self._side_of(place) or "no side that is known"
        old = len(place.seen.running) - len(new)
        return f"set to {side}, {_ready(new)} of {place.seen.replicas} ready, {old} old, {place.seen.ending} ending"


def _values(form: Form) -> Iterator[tuple[str, dict[str, str]]]:
    for key in form:
        sides = form.form(key, f"{form.what}, {key}")
        if sides is not None:
            yield key, {side: sides.text(side) for side in sides}
    form.done()


def _versions(place: Configured) -> dict[str, str]:
    return {"configmap": place.version, "workload": place.seen.version}


def _template_side(seen: Seen) -> str | None:
    notes: Mapping[str, str] = (seen.body["spec"].get("template", {}).get("metadata") or {}).get("annotations") or {}
    return notes.get(SIDE)


def _new(seen: Seen) -> list[Mapping[str, Any]]:
    """Pods of the present template; none where nothing should run."""
    wanted: Mapping[str, str] = (seen.body["spec"].get("template", {}).get("metadata") or {}).get("annotations") or {}
    marks = {key: wanted.get(key) for key in (RESTARTED, SIDE)}

    def is_new(pod: Mapping[str, Any]) -> bool:
        notes = pod["metadata"].get("annotations") or {}
        return all(notes.get(key) == value for key, value in marks.items())

    return [pod for pod in seen.running if seen.replicas and is_new(pod)]


def _ready(pods: list[Mapping[str, Any]]) -> int:
    return sum(is_ready(pod) for pod in pods)
