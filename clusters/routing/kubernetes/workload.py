"""A deployment or stateful set of one side, and its pods, the ending ones included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clusters.errors import Rejected
from clusters.form import Form
from clusters.routing.kubernetes.api import KubernetesApi, named, selector_of

OVER = {"Succeeded", "Failed"}


class WorkloadKind(StrEnum):
    DEPLOYMENT = "deployment"
    STATEFULSET = "statefulset"

    @property
    def path(self) -> str:
        return f"/apis/apps/v1/{self.value}s"

    @property
    def named(self) -> str:
        return "Deployment" if self is WorkloadKind.DEPLOYMENT else "StatefulSet"


@dataclass(frozen=True)
class Workload:
    """`replicas` is what is started on a side while nothing tells how many ran before."""

    target: str
    kind: WorkloadKind
    name: str
    replicas: int | None


def read_workloads(form: Form) -> tuple[Workload, ...]:
    return tuple(_workload(each) for each in form.forms("workloads", f"{form.what}, workload"))


def _workload(form: Form) -> Workload:
    target, count = form.word("target"), form.optional("replicas")
    kind = (form.choice("kind", WorkloadKind) if "kind" in form else None) or WorkloadKind.DEPLOYMENT
    if count is not None and not (count.isascii() and count.isdigit() and int(count) > 0):
        form.complain(f"{form.what}: replicas {count!r} is not a number above 0", "replicas")
        count = None
    found = Workload(target, kind, form.text("name", target), int(count) if count else None)
    form.done()
    return found


@dataclass(frozen=True)
class Seen:
    """`running` are pods that are not ending, `ending` those that have been told to go and still are there."""

    side: str
    body: Mapping[str, Any]
    replicas: int
    generation: int
    version: str
    running: tuple[Mapping[str, Any], ...]
    ending: int

    @property
    def ready(self) -> int:
        return sum(is_ready(pod) for pod in self.running)

    @property
    def annotations(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.body["metadata"].get("annotations") or {}
        return found


def see(api: KubernetesApi, workload: Workload, deadline: float) -> Seen:
    """The workload first, its pods after it: a pod that is started in between is counted, never missed."""
    path = named(workload.kind.path, api.namespace, workload.name)
    body = api.get(path, deadline)
    if body is None:
        raise Rejected(workload.target, f"{api.side} has no {workload.kind} {api.namespace}/{workload.name}")
    try:
        meta, spec = body["metadata"], body["spec"]
        replicas, generation, version = (
            _count(spec.get("replicas", 1)),
            _count(meta["generation"]),
            meta["resourceVersion"],
        )
        selector = selector_of(spec["selector"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise api.malformed(f"{workload.kind} {workload.name}", error) from error
    pods = api.items(named("/api/v1/pods", api.namespace), deadline, selector) or []
    try:
        alive = [pod for pod in pods if pod.get("status", {}).get("phase") not in OVER]
        ending = [pod for pod in alive if pod["metadata"].get("deletionTimestamp")]
        running = tuple(pod for pod in alive if not pod["metadata"].get("deletionTimestamp"))
        return Seen(api.side, body, replicas, generation, str(version), running, len(ending))
    except (KeyError, TypeError, AttributeError) as error:
        raise api.malformed(f"the pods of {workload.name}", error) from error


def scale(api: KubernetesApi, workload: Workload, replicas: int, version: str, deadline: float) -> None:
    """Refused where the workload has changed since `version` was read."""
    path = f"{named(workload.kind.path, api.namespace, workload.name)}/scale"
    api.patch(path, {"metadata": {"resourceVersion": version}, "spec": {"replicas": replicas}}, deadline)


def is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{value!r} is not a count")
    return value
