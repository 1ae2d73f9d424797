"""The Schema Registry's REST of one side: modes, subjects and schemas, and the exporters of Schema Linking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .http import BadRequest, Request, Response, answer, find, route
from .rest import ClusterRest, unmodelled
from .rest_commands import Told
from .rest_errors import Problem, problem
from .schema_registry import MODES, NotPermitted

if TYPE_CHECKING:
    from .journal import Journal
    from .model import Pair
    from .schema_registry import Exporter, Schema, SchemaRegistry

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
STATES = {"pause": "PAUSED", "resume": "RUNNING"}
LIMIT = 1000
ACTIONS = {
    ("PUT", "mode"): "registry-mode",
    ("DELETE", "mode"): "registry-mode-delete",
    ("PUT", "exporters"): "exporter",
    ("POST", "subjects"): "register-schema",
}


class SchemaRegistryRest(ClusterRest):
    """Faults meet it as they meet the REST of its cluster, and its commands stand in the same journal."""

    via = "schema-registry"

    def __init__(self, pair: Pair, side: str, journal: Journal) -> None:
        super().__init__(pair, side, journal)
        self._routes = [
            route("GET", "/mode", self.mode),
            route("PUT", "/mode", self.set_mode),
            route("GET", "/mode/{subject}", self.mode_of),
            route("PUT", "/mode/{subject}", self.set_mode),
            route("DELETE", "/mode/{subject}", self.delete_mode),
            route("GET", "/subjects", self.subjects),
            route("GET", "/subjects/{subject}/versions", self.versions),
            route("GET", "/subjects/{subject}/versions/{version}", self.version),
            route("POST", "/subjects/{subject}/versions", self.register),
            route("GET", "/schemas", self.schemas),
            route("GET", "/schemas/ids/{number}", self.schema),
            route("GET", "/exporters", self.exporters),
            route("GET", "/exporters/{name}", self.exporter),
            route("GET", "/exporters/{name}/status", self.status),
            route("PUT", "/exporters/{name}/{verb}", self.switch),
        ]

    @property
    def registry(self) -> SchemaRegistry:
        return self.cluster.registry

    def mode(self, request: Request) -> Response:
        return answer({"mode": self.registry.mode})

    def mode_of(self, request: Request, subject: str) -> Response:
        found = self.registry.modes.get(subject)
        if found is None and request.flag("defaultToGlobal"):
            found = self.registry.mode
        if found is None:
            message = f"Subject '{subject}' does not have subject-level mode configured"
            return problem(404, message, code=40409)
        return answer({"mode": found})

    def set_mode(self, request: Request, told: Told, subject: str = "") -> Response:
        mode = str(_object(request).get("mode", "")).upper()
        if mode not in MODES:
            return problem(422, f"Invalid mode. Valid values are {', '.join(MODES)}", code=42204)
        self.registry.set_mode(subject, mode, force=request.flag("force"))
        return answer({"mode": mode})

    def delete_mode(self, request: Request, told: Told, subject: str) -> Response:
        if subject not in self.registry.modes:
            return _no_subject(subject)
        return answer({"mode": self.registry.modes.pop(subject)})

    def subjects(self, request: Request) -> Response:
        return answer(sorted(self.registry.subjects))

    def versions(self, request: Request, subject: str) -> Response:
        return answer([schema.version for schema in self._of(subject)])

    def version(self, request: Request, subject: str, version: str) -> Response:
        schemas = self._of(subject)
        found = [schema for schema in schemas if str(schema.version) == version]
        if version == "latest":
            found = schemas[-1:]
        return answer(_row(subject, found[0])) if found else problem(404, f"Version {version} not found.", code=40402)

    def register(self, request: Request, told: Told, subject: str) -> Response:
        body = _object(request)
        text = body.get("schema")
        if not isinstance(text, str):
            return problem(422, "Empty schema", code=42201)
        return answer({"id": self.registry.register(subject, text, body.get("id"), body.get("version"))})

    def schemas(self, request: Request) -> Response:
        """Pages by offset and limit; a page is never longer than the server likes."""
        rows = [_row(name, schema) for name, every in sorted(self.registry.subjects.items()) for schema in every]
        start, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", -1))
        return answer(rows[start : start + (min(limit, LIMIT) if limit >= 0 else LIMIT)])

    def schema(self, request: Request, number: str) -> Response:
        every = [schema for schemas in self.registry.subjects.values() for schema in schemas]
        found = next((schema for schema in every if str(schema.id) == number), None)
        return answer({"schema": found.text}) if found else problem(404, f"Schema {number} not found", code=40403)

    def exporters(self, request: Request) -> Response:
        return answer(sorted(self.registry.exporters))

    def exporter(self, request: Request, name: str) -> Response:
        found = self._exporter(name)
        return answer({"name": found.name, "subjects": ["*"], "contextType": "NONE", "context": ".", "config": {}})

    def status(self, request: Request, name: str) -> Response:
        found = self._exporter(name)
        now = int(self.pair.clock.now() * 1000)
        trace = {"trace": found.trace} if found.trace else {}
        return answer({"name": found.name, "state": found.state, "offset": found.copied, "ts": now, **trace})

    def switch(self, request: Request, told: Told, name: str, verb: str) -> Response:
        if verb not in STATES:
            return problem(404, "HTTP 404 Not Found")
        self._exporter(name).state = STATES[verb]
        return answer({"name": name})

    def _of(self, subject: str) -> list[Schema]:
        found = self.registry.subjects.get(subject)
        if not found:
            raise Problem(404, f"Subject '{subject}' not found.", code=40401)
        return found

    def _exporter(self, name: str) -> Exporter:
        found = self.registry.exporters.get(name)
        if found is None:
            raise Problem(404, f"Exporter {name} not found", code=40450)
        return found

    def _told(self, request: Request) -> Told:
        _, kind, *rest = request.path.split("/")
        action = ACTIONS.get((request.method, kind), f"{request.method} {kind}")
        try:
            mode = _object(request).get("mode")
        except BadRequest:
            mode = None
        settings = {"mode": str(mode)} if mode is not None else {}
        names = [unquote(rest[0])] if rest else []
        return Told(action=action, topics=names, settings=settings)  # type: ignore[arg-type]

    def _dispatch(self, request: Request, told: Told | None = None) -> Response:
        return replace(self._answered(request, told), content_type=CONTENT_TYPE)

    def _answered(self, request: Request, told: Told | None) -> Response:
        view, values, known = find(self._routes, request.method, request.path)
        if view is None:
            return problem(405, "HTTP 405 Method Not Allowed") if known else unmodelled(request)
        try:
            response = view(request, **values) if told is None else view(request, told, **values)
        except Problem as error:
            return error.response
        except NotPermitted as error:
            return problem(422, str(error), code=42205)
        except (BadRequest, ValueError) as error:
            return problem(400, str(error))
        if told is not None:
            told.taken = response.status < 400
        return response


def _object(request: Request) -> dict[str, Any]:
    body = request.json()
    if not isinstance(body, dict):
        raise BadRequest("the body must be an object")
    return body


def _row(subject: str, schema: Schema) -> dict[str, Any]:
    return {"subject": subject, "version": schema.version, "id": schema.id, "schema": schema.text}


def _no_subject(subject: str) -> Response:
    return problem(404, f"Subject '{subject}' not found.", code=40401)
