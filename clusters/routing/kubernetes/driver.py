"""What drivers of Kubernetes do alike: an API server a side, asked at the same time, and what keeps a workload."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from clusters.declared import DriverEntry
from clusters.errors import ClusterError, Malformed, NoAnswer, NotSent
from clusters.facts import KeeperFacts
from clusters.routing.kubernetes.api import KubernetesApi, Place
from clusters.routing.kubernetes.keepers import keepers
from clusters.routing.kubernetes.workload import Workload, WorkloadKind, see
from clusters.together import together

LOOK_S = 2.0  # an API server that hangs must leave time to write to the other
T = TypeVar("T")


class OnPlaces:
    is_manual = False

    def __init__(self, entry: DriverEntry, places: Sequence[Place]) -> None:
        self.name = entry.name
        self.vantage = entry.vantage
        self._places = {place.side: KubernetesApi(entry.name, place) for place in places}

    def close(self) -> None:
        for api in self._places.values():
            api.close()

    def _look(
        self, see_one: Callable[[KubernetesApi, float], T], deadline: float
    ) -> tuple[dict[str, T], dict[str, str]]:
        """What each API server shows, and why those that do not answer do not. Raises where none answers."""
        until = min(deadline, time.monotonic() + LOOK_S)
        looks = together({side: partial(see_one, api, until) for side, api in self._places.items()})
        found = {side: seen for side, seen in looks.items() if not isinstance(seen, ClusterError)}
        lost = {side: _silence(seen) for side, seen in looks.items() if isinstance(seen, ClusterError)}
        if not found:
            raise NoAnswer(self.name, "; ".join(f"{side}: {said}" for side, said in lost.items()))
        return found, lost


class OnKubernetes(OnPlaces):
    def __init__(self, entry: DriverEntry, places: Sequence[Place], workloads: Sequence[Workload]) -> None:
        super().__init__(entry, places)
        self._workloads = {workload.target: workload for workload in workloads}

    def keepers(self, target: str, *, deadline: float) -> KeeperFacts:
        workload = self._workload(target)
        until = min(deadline, time.monotonic() + LOOK_S)
        looks = together({side: partial(_keepers, api, workload, until) for side, api in self._places.items()})
        found = [keeper for seen in looks.values() if isinstance(seen, tuple) for keeper in seen]
        errors = {side: seen for side, seen in looks.items() if isinstance(seen, ClusterError)}
        silent = {side: error.said for side, error in errors.items() if _is_silent(error)}
        unread = {side: error.said for side, error in errors.items() if side not in silent}
        return KeeperFacts(tuple(found), unread, silent)

    def _workload(self, target: str) -> Workload:
        return self._workloads.get(target) or Workload(target, WorkloadKind.DEPLOYMENT, target, None)


def _keepers(api: KubernetesApi, workload: Workload, deadline: float) -> object:
    return keepers(api, workload, see(api, workload, deadline), deadline)


def _silence(error: ClusterError) -> str:
    """Why an API server does not answer; an answer that says something else is an error of its own."""
    if not _is_silent(error):
        raise error
    return error.said


def _is_silent(error: ClusterError) -> bool:
    return isinstance(error, NoAnswer | NotSent) and not isinstance(error, Malformed)
