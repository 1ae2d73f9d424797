"""The published description of Kafka REST v3, held against every exchange with a simulated cluster."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

PUBLISHED = Path(__file__).parents[4] / "shared" / "reference" / "kafka-rest-v3.openapi.yaml"
ABSENT = f"the published API description is not here: {PUBLISHED.name} beside the repository"
DESCRIPTION = "urn:kafka-rest-v3"


class Contract:
    """`check` fails for an answer that a generated client could not read."""

    def __init__(self, description: dict[str, Any]) -> None:
        _close_enums(description)
        self._description = description
        resource = Resource.from_contents(description, default_specification=DRAFT4)
        self._registry = Registry().with_resource(DESCRIPTION, resource)
        self._paths = [
            (_pattern(path), path) for path in sorted(description["paths"], key=lambda path: path.count("{"))
        ]
        self.checked = 0

    def check(self, response: httpx.Response) -> None:
        response.read()
        request = response.request
        if response.status_code == 501 or "json" not in response.headers.get("content-type", ""):
            return
        body = response.json() if response.content else None
        if response.status_code >= 400:
            return self._validate({"$ref": f"{DESCRIPTION}#/components/schemas/Error"}, body, request)
        pointer, operation = self._operation(request)
        unknown = set(request.url.params) - self._query_names(operation)
        assert not unknown, f"{request.method} {request.url.path} has no documented {unknown}"
        answer = self._answer(pointer, operation, response.status_code)
        if answer is None:
            assert not response.content, f"{request.url.path}: {response.status_code} has no body in the description"
        else:
            self._validate(answer, _known_deviations(body), request)
        return None

    def _validate(self, schema: dict[str, Any], body: object, request: httpx.Request) -> None:
        validator = OAS30Validator(schema, registry=self._registry)
        errors = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(body)]
        assert not errors, f"{request.method} {request.url.path}: {errors[:3]}"
        self.checked += 1

    def _operation(self, request: httpx.Request) -> tuple[str, dict[str, Any]]:
        raw = request.url.raw_path.decode().partition("?")[0]
        raw = f"/kafka{raw}" if raw.startswith("/v3/") else raw  # the base of the standalone proxy
        for pattern, path in self._paths:
            operation = self._description["paths"][path].get(request.method.lower())
            if operation and pattern.fullmatch(raw):
                return f"/paths/{_escape(path)}/{request.method.lower()}", operation
        raise AssertionError(f"{request.method} {raw} is not in the published description, yet it was served")

    def _query_names(self, operation: dict[str, Any]) -> set[str]:
        parameters = operation.get("parameters", [])
        resolved = [self._resolve(entry) for entry in parameters]
        return {entry["name"] for entry in resolved if entry["in"] == "query"}

    def _answer(self, pointer: str, operation: dict[str, Any], status: int) -> dict[str, Any] | None:
        answers = operation["responses"]
        assert str(status) in answers, f"{pointer} documents {list(answers)}, not {status}"
        entry = answers[str(status)]
        where = entry.get("$ref", f"#{pointer}/responses/{status}")
        content = self._resolve(entry).get("content")
        return {"$ref": f"{DESCRIPTION}{where}/content/application~1json/schema"} if content else None

    def _resolve(self, entry: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in entry:
            found: Any = self._description
            for part in entry["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            entry = found
        return entry


@cache
def published() -> Contract | None:
    """The contract, or None where the description is absent."""
    if not PUBLISHED.exists():
        return None
    return Contract(yaml.load(PUBLISHED.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def client(**settings: Any) -> httpx.Client:
    """An HTTP client whose every exchange is held against the contract."""
    contract = published()
    hooks = {"response": [contract.check]} if contract else {}
    return httpx.Client(trust_env=False, event_hooks=hooks, timeout=10, **settings)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", path)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _escape(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _close_enums(node: Any) -> None:
    """The description leaves its enums open for later values; the sandbox serves the known ones only."""
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _close_enums(value)
    if isinstance(node, dict) and isinstance(node.get("x-extensible-enum"), list):
        node["enum"] = [*node["x-extensible-enum"], *([None] if node.get("nullable") else [])]


def _known_deviations(body: Any) -> Any:
    """Link settings that are unset or sensitive read null on real clusters, where the description says string."""
    if isinstance(body, dict) and "KafkaLinkConfigData" in str(body.get("kind")):
        rows = body.get("data", [body])
        rows = [{**row, "value": row["value"] or ""} for row in rows]
        return {**body, "data": rows} if "data" in body else rows[0]
    return body
