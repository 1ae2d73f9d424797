"""Moves clients by scaling their workloads: to nothing on the side they leave, up on the side they go to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from clusters.declared import DriverEntry
from clusters.errors import ClusterError, Configuration, Malformed, NoAnswer, NotSent, Rejected
from clusters.facts import KeeperFacts
from clusters.form import Form
from clusters.gateway import ClientState, RouteAnswer, RoutePlan
from clusters.routing import drivers
from clusters.routing.kubernetes.api import KubernetesApi, Place, read_places
from clusters.routing.kubernetes.keepers import keepers
from clusters.routing.kubernetes.workload import Seen, Workload, WorkloadKind, read_workloads, scale, see
from clusters.together import together

LOOK_S = 2.0  # an API server that hangs must leave time to write to the other


@dataclass(frozen=True)
class ScaleSettings:
    places: tuple[Place, ...]
    workloads: tuple[Workload, ...]


@drivers.add("kubernetes-scale")
class KubernetesScale:
    """Counts pods by the workload's own selector, the ending ones included. The API server of a lost side is gone with
    it: that side is left out and said, and nothing is claimed of it.
    """

    kind = "kubernetes-scale"
    is_manual = False

    def __init__(self, entry: DriverEntry) -> None:
        settings: ScaleSettings = entry.settings
        self.name = entry.name
        self.vantage = entry.vantage
        self._workloads = {workload.target: workload for workload in settings.workloads}
        self._places = {place.side: KubernetesApi(entry.name, place) for place in settings.places}

    @staticmethod
    def read_settings(form: Form) -> ScaleSettings:
        return ScaleSettings(read_places(form), read_workloads(form))

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        workload = self._workload(target)
        found, lost = self._look(workload, deadline)
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
        return _state(target, *self._look(self._workload(target), deadline))

    def undo(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        """Back to the saved counts, if every workload still has the count it was given; else nothing."""
        found, _ = self._look(self._workload(plan.target), deadline)
        to, places = plan.request["side"], plan.request["places"]
        for side in places:
            given = plan.request["desired"] if side == to else 0
            if side not in found or found[side].replicas != given:
                now = f"{found[side].replicas} replicas" if side in found else "no answer"
                raise Rejected(self.name, f"{plan.target} on {side} is not as it was left ({now}); nothing was sent")
        wanted = {side: place["replicas"] for side, place in sorted(places.items(), key=lambda each: each[0] != to)}
        as_it_is = {side: {"version": found[side].version} for side in places}
        return self._scale(plan.target, wanted, as_it_is, deadline)

    def keepers(self, target: str, *, deadline: float) -> KeeperFacts:
        workload = self._workload(target)
        until = min(deadline, time.monotonic() + LOOK_S)
        looks = together({side: partial(_keepers, api, workload, until) for side, api in self._places.items()})
        found = [keeper for seen in looks.values() if isinstance(seen, tuple) for keeper in seen]
        errors = {side: seen for side, seen in looks.items() if isinstance(seen, ClusterError)}
        silent = {side: error.said for side, error in errors.items() if _is_silent(error)}
        unread = {side: error.said for side, error in errors.items() if side not in silent}
        return KeeperFacts(tuple(found), unread, silent)

    def close(self) -> None:
        for api in self._places.values():
            api.close()

    def _workload(self, target: str) -> Workload:
        return self._workloads.get(target) or Workload(target, WorkloadKind.DEPLOYMENT, target, None)

    def _look(self, workload: Workload, deadline: float) -> tuple[dict[str, Seen], dict[str, str]]:
        until = min(deadline, time.monotonic() + LOOK_S)
        looks = together({side: partial(see, api, workload, until) for side, api in self._places.items()})
        found = {side: seen for side, seen in looks.items() if isinstance(seen, Seen)}
        lost = {side: _silence(seen) for side, seen in looks.items() if isinstance(seen, ClusterError)}
        if not found:
            raise NoAnswer(self.name, "; ".join(f"{side}: {said}" for side, said in lost.items()))
        return found, lost

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


def _keepers(api: KubernetesApi, workload: Workload, deadline: float) -> object:
    return keepers(api, workload, see(api, workload, deadline), deadline)


def _silence(error: ClusterError) -> str:
    """Why an API server does not answer; an answer that says something else is an error of its own."""
    if not _is_silent(error):
        raise error
    return error.said


def _is_silent(error: ClusterError) -> bool:
    return isinstance(error, NoAnswer | NotSent) and not isinstance(error, Malformed)


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
