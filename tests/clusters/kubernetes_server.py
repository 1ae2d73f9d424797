"""A Kubernetes API server to hold the drivers against, over real sockets.

No package brings a real one, so this is written after the published OpenAPI description of `apps/v1`, `v1` and
`autoscaling/v2`: merge patches on objects and on the `scale` subresource, a resourceVersion that every change raises
and that a patch may name (409 where it is not the current one), `metadata.generation` raised by changes of the spec
alone, label selectors, deletion in two steps, `Status` bodies on errors, and 404 for kinds that are not installed.
Pods follow their workload as its controllers would make them, unless `is_stuck`.
"""

from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "k8s-t0ken"
INSTALLED = re.compile(r"/(api/v1|apis/(apps/v1|autoscaling/v2))/")
Body = dict[str, Any]


class ApiServer:
    """`objects` by path; `before_write` lets a test step in right before a patch is carried out."""

    def __init__(self) -> None:
        self.objects: dict[str, Body] = {}
        self.patches: list[tuple[str, Body]] = []
        self.kinds: set[str] = set()
        self.forbidden = ""
        self.is_stuck = False
        self.drops_answers = False
        self.before_write: Callable[[], None] = lambda: None
        self._version = 100
        self._pods = 0
        self.lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, path: str, body: Body) -> Body:
        """What somebody else creates or replaces."""
        with self.lock:
            self.kinds.add(path.rpartition("/")[0].rpartition("/")[2])
            known = self.objects.get(path, {})
            meta = {"generation": 0, **known.get("metadata", {}), **body.get("metadata", {})}
            meta |= {"name": path.rpartition("/")[2], "namespace": path.split("/namespaces/")[1].split("/")[0]}
            made = {**copy.deepcopy(body), "metadata": meta}
            self._keep(path, made, known.get("spec"))
            return made

    def workload(self, name: str, replicas: int, kind: str = "deployments", **meta: Any) -> str:
        path = f"/apis/apps/v1/namespaces/shop/{kind}/{name}"
        template = {"metadata": {"labels": {"app": name}, "annotations": {}}}
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
        self.put(path, {"metadata": meta, "spec": spec, "status": {}})
        self.follow()
        return path

    def patch(self, path: str, change: Body) -> Body:
        with self.lock:
            known = self.objects[path]
            found = merge(known, {key: value for key, value in change.items() if key != "status"})
            self._keep(path, found, known.get("spec"))
            self.follow()
            return self.objects[path]

    def _keep(self, path: str, made: Body, spec_before: object) -> None:
        self._version += 1
        made["metadata"]["resourceVersion"] = str(self._version)
        if made.get("spec") != spec_before:
            made["metadata"]["generation"] += 1
        self.objects[path] = made

    def pods(self, name: str) -> list[Body]:
        return [body for path, body in self.objects.items() if "/pods/" in path and _has(body, {"app": name})]

    def follow(self) -> None:
        """What the controllers and kubelets do, all at once; while stuck no pod goes and none becomes ready."""
        with self.lock:
            for path, body in list(self.objects.items()):
                if "/apis/apps/v1/" in path and not body["metadata"].get("held"):
                    self._follow(path.rpartition("/")[2], body)

    def _follow(self, name: str, body: Body) -> None:
        notes = body["spec"]["template"]["metadata"].get("annotations", {})
        mine = self.pods(name)
        old = [pod for pod in mine if pod["metadata"].get("annotations", {}) != notes]
        new = [pod for pod in mine if pod not in old and not pod["metadata"].get("deletionTimestamp")]
        for pod in [*old, *new[body["spec"]["replicas"] :]]:
            pod["metadata"]["deletionTimestamp"] = "2026-11-20T02:14:08Z"
        for pod in self.pods(name) if not self.is_stuck else ():
            if pod["metadata"].get("deletionTimestamp"):
                del self.objects[pod["metadata"]["path"]]
        for _ in range(body["spec"]["replicas"] - len(new)):
            self._start(name, notes)
        for pod in self.pods(name) if not self.is_stuck else ():
            pod["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
        body["status"]["observedGeneration"] = body["metadata"]["generation"]

    def _start(self, name: str, notes: Mapping[str, str]) -> None:
        self._pods += 1
        path = f"/api/v1/namespaces/shop/pods/{name}-{self._pods}"
        meta = {"name": path.rpartition("/")[2], "labels": {"app": name}, "annotations": dict(notes), "path": path}
        self.objects[path] = {"metadata": meta, "status": {"phase": "Running", "conditions": []}}


def merge(known: Any, change: Any) -> Any:
    """RFC 7386."""
    if not isinstance(change, dict):
        return copy.deepcopy(change)
    found = dict(known) if isinstance(known, dict) else {}
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merge(found.get(key), value)
    return found


def _has(body: Body, labels: Mapping[str, str]) -> bool:
    found = body["metadata"].get("labels") or {}
    return all(found.get(key) == value for key, value in labels.items())


def _selects(selector: str, body: Body) -> bool:
    return not selector or _has(body, dict(part.split("=", 1) for part in selector.split(",")))


def _handler(api: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            with api.lock:
                if self.refuses(parts.path):
                    return
                if parts.path in api.objects:
                    return self.answer(200, api.objects[parts.path])
                plural = parts.path.rpartition("/")[2]
                if not INSTALLED.match(parts.path) and plural not in api.kinds:
                    return self.status(404, "the server could not find the requested resource")
                if "/namespaces/" in parts.path and len(parts.path.split("/namespaces/")[1].split("/")) == 3:
                    return self.status(404, f"{plural} not found")
                selector = parse_qs(parts.query).get("labelSelector", [""])[0]
                group, _, rest = parts.path.partition("/namespaces/")
                inside = f"{group}/namespaces/{rest}/" if rest else group.rpartition("/")[0] + "/namespaces/"
                found = [
                    body for path, body in api.objects.items()
                    if path.startswith(inside) and f"/{plural}/" in path and _selects(selector, body)
                ]  # fmt: skip
                self.answer(200, {"kind": "List", "items": found})

        def do_PATCH(self) -> None:
            path = urlsplit(self.path).path
            change = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            api.before_write()
            with api.lock:
                if self.refuses(path):
                    return
                api.patches.append((path, change))
                if self.headers["Content-Type"] != "application/merge-patch+json":
                    return self.status(415, "the body of the request was in an unknown format")
                of = path.removesuffix("/scale")
                if of not in api.objects:
                    return self.status(404, f"{of.rpartition('/')[2]} not found")
                wanted = change.get("metadata", {}).pop("resourceVersion", None)
                if wanted not in {None, api.objects[of]["metadata"]["resourceVersion"]}:
                    return self.status(409, "the object has been modified; apply your changes to the latest")
                if path != of and set(change.get("spec", {})) != {"replicas"}:
                    return self.status(422, "Scale takes spec.replicas alone")
                found = api.patch(of, change)
                if api.drops_answers:
                    self.close_connection = True
                    return None
                return self.answer(200, found)

        def refuses(self, path: str) -> bool:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.status(401, "Unauthorized")
                return True
            if api.forbidden and api.forbidden in path:
                self.status(403, f"cannot {self.command.lower()} {path.rpartition('/')[2]}: RBAC")
                return True
            return False

        def status(self, code: int, message: str) -> None:
            self.answer(
                code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
            )

        def answer(self, code: int, body: Body) -> None:
            content = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
