"""Plain HTTP for the simulated services: requests, answers, a route table, and an adapter for in-process tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote

Json = Any  # a decoded JSON value: its shape is checked where it is used


class Dropped(ConnectionResetError):
    """The connection ends without an answer."""


class BadRequest(ValueError):
    """The request cannot be understood; the text says why."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # still percent-encoded: names are decoded one by one
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    origin: str = ""  # http://host:port as the client addressed it

    def json(self) -> Json:
        try:
            return json.loads(self.body or b"{}")
        except ValueError as error:
            raise BadRequest(f"the body is not JSON: {error}") from error

    def flag(self, name: str) -> bool:
        return self.query.get(name, "false").lower() == "true"


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    seconds_per_byte: float = 0.0  # over a socket the body trickles at this pace


Handler = Callable[[Request], Response]
View = Callable[..., Response]


def answer(value: Json, status: int = 200) -> Response:
    return Response(status, json.dumps(value, separators=(",", ":")).encode())


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    view: View


def route(method: str, template: str, view: View) -> Route:
    """`{name}` matches one path segment, decoded; everything else literally."""
    parts = re.split(r"\{(\w+)\}", template)
    pattern = "".join(re.escape(part) if index % 2 == 0 else f"(?P<{part}>[^/]+)" for index, part in enumerate(parts))
    return Route(method, re.compile(pattern), view)


def find(routes: Iterable[Route], method: str, path: str) -> tuple[View | None, dict[str, str], bool]:
    """(view, path values, whether the path exists at all with another verb)."""
    known = False
    for entry in routes:
        match = entry.pattern.fullmatch(path)
        if match and entry.method == method:
            return entry.view, {name: unquote(value) for name, value in match.groupdict().items()}, True
        known = known or match is not None
    return None, {}, known


def parse_query(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


Application = Callable[[Environ, StartResponse], Iterator[bytes]]


def wsgi(handler: Handler) -> Application:
    """The handler as a WSGI callable. A dropped connection surfaces as the exception itself."""

    def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        response = handler(_from_environ(environ))
        lines = [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", [*lines, *response.headers])
        return iter([response.body])

    return application


def _from_environ(environ: Environ) -> Request:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    path = environ.get("RAW_URI") or environ["PATH_INFO"].encode("latin-1").decode()
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path.partition("?")[0],
        query=parse_query(environ.get("QUERY_STRING", "")),
        headers=headers,
        body=environ["wsgi.input"].read(length) if length else b"",
        origin=f"{environ['wsgi.url_scheme']}://{headers.get('host', environ['SERVER_NAME'])}",
    )
