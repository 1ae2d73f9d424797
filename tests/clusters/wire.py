"""The real REST backend on a simulated cluster in-process, each exchange held against the published contract."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS30Validator

from clusters.backends.confluent_rest import ConfluentRest
from clusters.backends.confluent_rest.settings import Base, RestSettings
from clusters.declared import SideEntry
from clusters.sandbox.clock import ManualClock
from clusters.sandbox.http import wsgi
from clusters.sandbox.journal import Journal
from clusters.sandbox.rest import ClusterRest
from clusters.sandbox.scenario import Scenario, build
from tests.clusters.sandbox import contract


class Held(httpx.BaseTransport):
    """Checks path, query, body and answer of every exchange, then passes it on."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.requests: list[httpx.Request] = []
        self.published = contract.published()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answered = self.inner.handle_request(request)
        content = answered.read()
        response = httpx.Response(answered.status_code, headers=answered.headers, content=content, request=request)
        if self.published and request.url.path.startswith("/kafka"):
            self.check(request, response)
        return httpx.Response(answered.status_code, headers=answered.headers, stream=httpx.ByteStream(content))

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        assert self.published
        pointer, operation = self.published._operation(request)
        unknown = set(request.url.params) - self.published._query_names(operation)
        assert not unknown, f"{pointer} has no query {unknown}"
        described = self.published._resolve(operation["requestBody"]) if "requestBody" in operation else None
        if described:
            where = f"{contract.DESCRIPTION}#{pointer}/requestBody/content/application~1json/schema"
            if "$ref" in operation["requestBody"]:
                where = f"{contract.DESCRIPTION}{operation['requestBody']['$ref']}/content/application~1json/schema"
            validator = OAS30Validator({"$ref": where}, registry=self.published._registry)
            errors = [error.message for error in validator.iter_errors(json.loads(request.content))]
            assert not errors, errors
        else:
            assert not request.content
        self.published.check(response)


class Near:
    """One pair on a clock that only the test moves; `rest[side]` is the product's own backend."""

    def __init__(self, scenario: Scenario) -> None:
        self.clock = ManualClock(scale=60.0)
        self.pair = build(scenario, self.clock)
        self.journal = Journal()
        self.link = f"{scenario.name}-link"
        self.home, self.away = scenario.sides
        self.wires = {side: Held(self._application(side)) for side in scenario.sides}
        self.rest = {side: self.backend(side) for side in scenario.sides}

    def _application(self, side: str) -> httpx.BaseTransport:
        return httpx.WSGITransport(wsgi(ClusterRest(self.pair, side, self.journal).handle))

    def backend(
        self, side: str, auth: Any = None, base: Base = Base.IN_BROKER, cluster_id: str | None = None
    ) -> ConfluentRest:
        settings = RestSettings(f"http://{side}.example", base, auth)
        named = cluster_id or self.pair.sides[side].id
        entry = SideEntry(side, side, side == self.home, named, {"rest": settings})
        return ConfluentRest(entry, transport=self.wires[side])

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.pair.catch_up()

    def commands(self) -> list[dict[str, Any]]:
        return self.journal.commands(self.pair.name)


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def needs_contract() -> None:
    if contract.published() is None:
        pytest.skip(contract.ABSENT)
