"""The calls that change something."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from . import link_settings
from . import rest_json as shape
from .commands import Order, alter
from .http import BadRequest, Json, Request, Response, Route, answer, route
from .rest_errors import Problem
from .rest_serving import ACTION, VERBS
from .rest_views import C, Views
from .topics import CannotCreate, create_mirror, delete_link, delete_topic

if TYPE_CHECKING:
    from .link import LinkHalf
    from .rest import ClusterRest

L = f"{C}/links/{{link}}"
TOPIC = re.compile(r"/clusters/[^/]+/topics/([^/]+)")
# Commands beside those of mirrors, and the names the journal keeps them under.
OTHERS = {
    ("DELETE", TOPIC): "delete-topic",
    ("POST", re.compile(r"/clusters/[^/]+/links/[^/]+/mirrors")): "create-mirror",
    ("DELETE", re.compile(r"/clusters/[^/]+/links/[^/]+")): "delete-link",
}


@dataclass
class Told:
    """What the journal will say about a command; the view adds what came of it."""

    action: str
    link: str = ""
    topics: list[str] = field(default_factory=list)
    settings: dict[str, str | None] = field(default_factory=dict)
    validate_only: bool = False
    partition_data: bool = False
    refused: dict[str, str] = field(default_factory=dict)
    taken: bool = False  # not refused as a whole


def describe(request: Request, base: str) -> Told:
    """Read a command without judging it: even one that is refused at the door is journalled in full."""
    path = request.path.removeprefix(base)
    link = re.match(r"/clusters/[^/]+/links/([^/]+)", path)
    return Told(
        action=_action(request.method, path),
        link=unquote(link[1]) if link else "",
        topics=_named_topics(request, path),
        settings=_named_settings(request, path),
        validate_only=request.flag("validate_only"),
        partition_data=request.flag("include_partition_level_truncation_data"),
    )


def _action(method: str, path: str) -> str:
    match = ACTION.fullmatch(path)
    if match:
        return VERBS.get(match[1], match[1])
    known = (verb for (wanted, pattern), verb in OTHERS.items() if method == wanted and pattern.fullmatch(path))
    return next(known, f"{method} {path.split('/', 3)[-1]}")


def _named_topics(request: Request, path: str) -> list[str]:
    if topic := TOPIC.fullmatch(path):
        return [unquote(topic[1])]
    try:
        body = request.json()
    except BadRequest:
        return []
    if not isinstance(body, dict):
        return []
    names = body.get("mirror_topic_names", [body["mirror_topic_name"]] if "mirror_topic_name" in body else None)
    return [str(name) for name in names] if isinstance(names, list) else []


def _named_settings(request: Request, path: str) -> dict[str, str | None]:
    match = re.fullmatch(r"/clusters/[^/]+/links/[^/]+/configs(?::alter|/([^/]+))", path)
    try:
        body = request.json() if match and request.method != "DELETE" else {}
    except BadRequest:
        return {}
    if not match or not isinstance(body, dict):
        return {}
    if match[1]:
        return {unquote(match[1]): body.get("value")}
    rows = body.get("data")
    return {str(row.get("name")): row.get("value") for row in rows if isinstance(row, dict)} if rows else {}


def command_routes(rest: ClusterRest) -> list[Route]:
    commands = Commands(rest)
    actions = [route("POST", f"{L}/mirrors:{segment}", commands.alter_mirrors) for segment in VERBS]
    return [
        *actions,
        route("PUT", f"{L}/configs:alter", commands.alter_configs),
        route("PUT", f"{L}/configs/{{name}}", commands.put_config),
        route("DELETE", f"{L}/configs/{{name}}", commands.reset_config),
        route("POST", f"{L}/mirrors", commands.create_mirror),
        route("DELETE", f"{C}/topics/{{topic}}", commands.delete_topic),
        route("DELETE", L, commands.delete_link),
    ]


class Commands(Views):
    def alter_mirrors(self, request: Request, told: Told, link: str) -> Response:
        half = self._half(link)
        told.topics = self._topics(request, half)
        order = Order(told.action, told.validate_only, told.partition_data)
        rows = alter(self._rest.pair, half, order, told.topics)
        told.refused = {row.topic: row.error_message or "" for row in rows if row.error_code}
        url = f"{request.origin}{request.path}"
        return answer(shape.collection("KafkaAlterMirrorsDataList", url, [shape.altered(row, url) for row in rows]))

    def create_mirror(self, request: Request, told: Told, link: str) -> Response:
        half, body = self._half(link), _dict(request.json())
        told.topics = [str(body.get("mirror_topic_name") or half.prefix + str(body.get("source_topic_name")))]
        if not self._rest.pair.reachable(half):
            raise Problem(500, "The remote cluster cannot be reached", code=50002)
        try:
            now = self._rest.pair.clock.now()
            create_mirror(half, str(body.get("source_topic_name")), body.get("mirror_topic_name"), now)
        except CannotCreate as error:
            raise Problem(404 if error.code == 40403 else 400, str(error), code=error.code) from error
        return Response(204)

    def delete_topic(self, request: Request, told: Told, topic: str) -> Response:
        told.topics = [topic]
        if topic not in self._cluster.topics:
            raise Problem(404, "This server does not host this topic-partition.", code=40403)
        delete_topic(self._cluster, topic)
        return Response(204)

    def delete_link(self, request: Request, told: Told, link: str) -> Response:
        """What force would do to mirrors that are not stopped is not known, so it is not modelled."""
        half = self._half(link)
        if request.flag("force"):
            raise Problem(501, "force is not modelled here")
        if living := sorted(mirror.name for mirror in half.mirrors.values() if not mirror.is_stopped):
            raise Problem(400, f"Cluster link {link} still has mirror topic {living[0]}", code=40002)
        if not told.validate_only:
            delete_link(half)
        return Response(200)

    def put_config(self, request: Request, told: Told, link: str, name: str) -> Response:
        return self._set(self._half(link), [(name, _value(request.json()))], validate_only=False)

    def reset_config(self, request: Request, told: Told, link: str, name: str) -> Response:
        return self._set(self._half(link), [(name, None)], validate_only=False)

    def alter_configs(self, request: Request, told: Told, link: str) -> Response:
        changes = []
        for row in _dict(request.json()).get("data", []):
            reset = row.get("operation", "SET") == "DELETE"
            changes.append((str(row["name"]), None if reset else _value(row)))
        return self._set(self._half(link), changes, validate_only=told.validate_only)

    def _set(self, half: LinkHalf, changes: list[tuple[str, str | None]], *, validate_only: bool) -> Response:
        """All or nothing, as the batch call is on real clusters."""
        for name, value in changes:
            if text := link_settings.refusal(name, value):
                raise Problem(400, text, code=40002)
        for name, value in () if validate_only else changes:
            link_settings.alter(half.configs, name, value)
        return Response(204)

    def _topics(self, request: Request, half: LinkHalf) -> list[str]:
        body = _dict(request.json())
        names, pattern = body.get("mirror_topic_names"), body.get("mirror_topic_name_pattern")
        if isinstance(names, list) and all(isinstance(name, str) for name in names) and names:
            return list(names)
        if isinstance(pattern, str):
            return [name for name in half.mirrors if re.fullmatch(pattern, name)]
        raise BadRequest("mirror_topic_names or mirror_topic_name_pattern is needed")


def _dict(value: Json) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest("the body must be an object")
    return value


def _value(row: Json) -> str:
    value = _dict(row).get("value")
    if not isinstance(value, str):
        raise BadRequest("value is needed")
    return value
