"""Moves clients by scaling their workloads: to nothing on the side they leave, up on the side they go to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clusters.declared import DriverEntry
from clusters.errors import ClusterError, Configuration, NoAnswer
from clusters.form import Form
from clusters.gateway import ClientState, RouteAnswer, RoutePlan
from clusters.routing import drivers
from clusters.routing.kubernetes.api import Place, read_places
from clusters.routing.kubernetes.driver import OnKubernetes
from clusters.routing.kubernetes.workload import Seen, Workload, read_workloads, scale, see


@dataclass(frozen=True)
class ScaleSettings:
    places: tuple[Place, ...]
    workloads: tuple[Workload, ...]


@drivers.add("kubernetes-scale")
class KubernetesScale(OnKubernetes):
    """Counts pods by the workload's own selector, the ending ones included. The API server of a lost side is gone with
    it: that side is left out and said, and nothing is claimed of it.
    """

    kind = "kubernetes-scale"

    def __init__(self, entry: DriverEntry) -> None:
        settings: ScaleSettings = entry.settings
        super().__init__(entry, settings.places, settings.workloads)

    @staticmethod
    def read_settings(form: Form) -> ScaleSettings:
        return ScaleSettings(read_places(form), read_workloads(form))

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        workload = self._workload(target)
        found, lost = self._seen(target, deadline)
        before = _state(target, found, lost)
        if to is not None and to not in found:
            raise NoAnswer(self.name, f"the API server of {to} does not answer: {lost.get(to, 'no place is declared')}")
        places = {
            side: {"replicas": seen.replicas, "version": seen.version}
            for side, seen in found.items()
            if side == to or seen.replicas
        }
        desired = 0 if to is None else self._desired(workload, to, found)
        request = {"side": to, "desired": desired, "places": places, "left_out": dict(lost)}
        place = f"run on {to} with {desired} replicas" if to else "be scaled to 0 everywhere"
        return RoutePlan(target, before, request, f"{target} will {place}; now: {before.said}")

    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        """What is left is scaled down before the other is scaled up. After the first write no error proves nothing."""
        to, places = plan.request["side"], plan.request["places"]
        wanted = {side: 0 for side in places if side != to}
        wanted |= {to: plan.request["desired"]} if to else {}
        return self._scale(plan.target, wanted, places, deadline)

    def verify(self, target: str, *, deadline: float) -> ClientState:
        return _state(target, *self._seen(target, deadline))

    def _seen(self, target: str, deadline: float) -> tuple[dict[str, Seen], dict[str, str]]:
        workload = self._workload(target)
        return self._look(lambda api, until: see(api, workload, until), deadline)

    def _desired(self, workload: Workload, to: str, found: Mapping[str, Seen]) -> int:
        """As many as run now, else as the inventory says; a number nobody knows is not guessed."""
        running = sum(seen.replicas for side, seen in found.items() if side != to)
        wanted = running or found[to].replicas or workload.replicas
        if not wanted:
            says = f"how many replicas of {workload.name} to start on {to} is not known: none runs where it can be seen"
            raise Configuration(self.name, f"{says}. Give the workload `replicas` in the inventory")
        return wanted

    def _scale(
        self, target: str, wanted: Mapping[str, int], places: Mapping[str, Mapping[str, Any]], deadline: float
    ) -> RouteAnswer:
        done: list[str] = []
        for side, replicas in wanted.items():
            try:
                scale(self._places[side], self._workload(target), replicas, places[side]["version"], deadline)
            except ClusterError as error:
                if not done:
                    raise
                raise NoAnswer(self.name, f"{', '.join(done)}, then {error}") from error
            done.append(f"{side} set to {replicas}")
        return RouteAnswer(target, accepted=True, said=", ".join(done) or "nothing runs; nothing was sent")


def _state(target: str, found: Mapping[str, Seen], lost: Mapping[str, str]) -> ClientState:
    """Runs on the one side that wants pods. Pods of a side that wants none are ending, told so yet or not."""
    sides = [side for side, seen in found.items() if seen.replicas]
    ready = sum(seen.ready for seen in found.values() if seen.replicas)
    ending = sum(seen.ending + (0 if seen.replicas else len(seen.running)) for seen in found.values())
    words = [f"{side}: {seen.ready} of {seen.replicas} ready, {_ending(seen)} ending" for side, seen in found.items()]
    words += [f"{side} does not answer: what runs there is not known" for side in lost]
    version = ";".join(f"{side}={seen.generation}" for side, seen in sorted(found.items()))
    return ClientState(
        target,
        sides[0] if len(sides) == 1 else None,
        sum(seen.replicas for seen in found.values()),
        ready,
        ending,
        version,
        "; ".join(words),
        unseen=", ".join(lost),
    )


def _ending(seen: Seen) -> int:
    return seen.ending + (0 if seen.replicas else len(seen.running))
