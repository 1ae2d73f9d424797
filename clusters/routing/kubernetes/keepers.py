"""What else sets a workload to a state of its own, and would undo a change: HPA, KEDA, Argo CD, Flux."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clusters.facts import Keeper
from clusters.routing.kubernetes.api import KubernetesApi, named, owners
from clusters.routing.kubernetes.workload import Seen, Workload

HPA = "/apis/autoscaling/v2/horizontalpodautoscalers"
KEDA = "/apis/keda.sh/v1alpha1/scaledobjects"
ARGO = "/apis/argoproj.io/v1alpha1/applications"
FLUX = {
    "kustomize.toolkit.fluxcd.io": ("Kustomization", "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"),
    "helm.toolkit.fluxcd.io": ("HelmRelease", "/apis/helm.toolkit.fluxcd.io/v2/helmreleases"),
}
TRACKING, INSTANCE = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"
DISABLED = "Disabled"


def keepers(api: KubernetesApi, workload: Workload, seen: Seen, deadline: float) -> tuple[Keeper, ...]:
    """Raises where one cannot be read: what may keep a workload and cannot be asked is not taken to be absent."""
    target = f"{workload.kind} {api.namespace}/{workload.name} on {api.side}"
    try:
        found = [*_scalers(api, workload, deadline), *_argo(api, seen, deadline), *_flux(api, seen, deadline)]
    except (KeyError, TypeError, AttributeError) as error:
        raise api.malformed(f"what keeps {workload.name}", error) from error
    return tuple(Keeper(api.side, target, keeper, is_paused, how) for keeper, is_paused, how in found)


Found = Iterator[tuple[str, bool, str]]


def _scalers(api: KubernetesApi, workload: Workload, deadline: float) -> Found:
    for scaled in api.items(named(KEDA, api.namespace), deadline) or ():
        if _aims_at(scaled.get("spec", {}).get("scaleTargetRef", {}), workload):
            name, notes = _name(scaled), scaled["metadata"].get("annotations") or {}
            is_paused = notes.get("autoscaling.keda.sh/paused") == "true" or (
                "autoscaling.keda.sh/paused-replicas" in notes
            )
            yield f"KEDA ScaledObject {name}", is_paused, f'annotate {name} with autoscaling.keda.sh/paused: "true"'
    for scaler in api.items(named(HPA, api.namespace), deadline) or ():
        aims = _aims_at(scaler.get("spec", {}).get("scaleTargetRef", {}), workload)
        if aims and not any(owner.get("kind") == "ScaledObject" for owner in owners(scaler)):
            yield (
                f"HorizontalPodAutoscaler {_name(scaler)}",
                _is_disabled(scaler),
                ("set behavior.scaleUp.selectPolicy and behavior.scaleDown.selectPolicy to Disabled, or delete it"),
            )


def _is_disabled(scaler: Mapping[str, Any]) -> bool:
    behavior = scaler.get("spec", {}).get("behavior") or {}
    return all((behavior.get(way) or {}).get("selectPolicy") == DISABLED for way in ("scaleUp", "scaleDown"))


def _argo(api: KubernetesApi, seen: Seen, deadline: float) -> Found:
    """Self-heal puts back what differs from git; an application without it leaves a change until the next commit."""
    name = _argo_name(seen)
    if not name:
        return
    applications = [app for app in api.items(ARGO, deadline) or () if app["metadata"].get("name") == name]
    if not applications:
        yield f"Argo CD application {name} (not to be found on {api.side})", False, "pause its automated sync"
    for app in applications:
        automated = (app.get("spec", {}).get("syncPolicy") or {}).get("automated") or {}
        notes = app["metadata"].get("annotations") or {}
        is_healing = automated.get("selfHeal") is True and automated.get("enabled") is not False
        is_paused = not is_healing or notes.get("argocd.argoproj.io/skip-reconcile") == "true"
        yield f"Argo CD application {_name(app)}", is_paused, f"argocd app set {name} --self-heal=false"


def _argo_name(seen: Seen) -> str:
    labels = seen.body["metadata"].get("labels") or {}
    return str(seen.annotations.get(TRACKING, "").partition(":")[0].rpartition("_")[2] or labels.get(INSTANCE, ""))


def _flux(api: KubernetesApi, seen: Seen, deadline: float) -> Found:
    labels = seen.body["metadata"].get("labels") or {}
    if seen.annotations.get("kustomize.toolkit.fluxcd.io/reconcile") == "disabled":
        return
    for prefix, (kind, path) in FLUX.items():
        name, namespace = labels.get(f"{prefix}/name"), labels.get(f"{prefix}/namespace")
        if not name or not namespace:
            continue
        owner = api.get(named(path, namespace, name), deadline)
        is_paused = owner is not None and owner.get("spec", {}).get("suspend") is True
        yield f"Flux {kind} {namespace}/{name}", is_paused, f"flux suspend {kind.lower()} {name} -n {namespace}"


def _aims_at(reference: Mapping[str, Any], workload: Workload) -> bool:
    return reference.get("name") == workload.name and reference.get("kind", "Deployment") == workload.kind.named


def _name(found: Mapping[str, Any]) -> str:
    meta = found["metadata"]
    return f"{meta.get('namespace', '')}/{meta.get('name', '')}"
