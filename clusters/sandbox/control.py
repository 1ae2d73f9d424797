"""The control server: truth, faults, journal, and the people who act past the console. It lives in neither region."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from . import tool
from .client_control import ClientControl
from .commands import ACTIONS
from .faults import FAULTS, UnknownFault
from .groups import Commit
from .http import BadRequest, Request, Response, View, answer, find, route
from .mirror import Status
from .truth import truth
from .workloads import BY_HAND, Crew

if TYPE_CHECKING:
    from .model import Pair
    from .server import Sandbox


class NotFound(LookupError):
    """The path names something that is not there."""


class Control:
    def __init__(self, sandbox: Sandbox, secret: str) -> None:
        self._sandbox = sandbox
        clients = ClientControl(secret)
        table: dict[tuple[str, str], View] = {
            ("GET", "/pairs"): self.pairs,
            ("GET", "/pairs/{pair}"): self.pair,
            ("GET", "/faults"): self.faults,
            ("POST", "/pairs/{pair}/faults"): self.inject,
            ("DELETE", "/pairs/{pair}/faults"): self.clear_all,
            ("DELETE", "/pairs/{pair}/faults/{name}"): self.clear,
            ("GET", "/journal"): self.journal,
            ("DELETE", "/journal"): self.clear_journal,
            ("POST", "/pairs/{pair}/reset"): self.reset,
            ("POST", "/pairs/{pair}/records"): self.records,
            ("POST", "/pairs/{pair}/topics"): self.topics,
            ("POST", "/pairs/{pair}/compactions"): self.compactions,
            ("POST", "/pairs/{pair}/members"): self.members,
            ("POST", "/pairs/{pair}/offsets"): self.offsets,
            ("PUT", "/pairs/{pair}/sides/{side}/settings"): self.settings,
            ("POST", "/pairs/{pair}/kafka-mirrors"): self.kafka_mirrors,
            ("GET", "/pairs/{pair}/targets"): clients.targets,
            ("GET", "/pairs/{pair}/targets/{name}"): clients.target,
            ("PUT", "/pairs/{pair}/targets/{name}"): clients.place,
            ("GET", "/pairs/{pair}/orders"): clients.orders,
        }
        # These tell the listeners, which wait for threads that may need the lock: they take it themselves.
        self._unlocked = (self.inject, self.clear, self.clear_all, self.reset)
        self._routes = [route(method, template, view) for (method, template), view in table.items()]

    def handle(self, request: Request) -> Response:
        view, values, known = find(self._routes, request.method, request.path)
        if view is None:
            return answer({"error": f"{request.method} {request.path} is not served here"}, 405 if known else 404)
        try:
            return self._inside(view, request, values)
        except (ValueError, TypeError, UnknownFault) as error:
            return answer({"error": str(error.args[0])}, 400)
        except NotFound as error:
            return answer({"error": str(error)}, 404)

    def _inside(self, view: View, request: Request, values: dict[str, str]) -> Response:
        """Views about a pair run under its lock, with the pair moved up to now."""
        name = values.pop("pair", None)
        if name is None:
            return view(request, **values)
        pair = self._sandbox.pairs.get(name)
        if pair is None:
            raise NotFound(f"there is no pair {name}")
        if view in self._unlocked:
            return view(request, pair, **values)
        with pair.lock:
            pair.catch_up()
            return view(request, pair, **values)

    def pairs(self, request: Request) -> Response:
        return answer({"pairs": list(self._sandbox.pairs)})

    def pair(self, request: Request, pair: Pair) -> Response:
        return answer(truth(pair))

    # --- faults

    def faults(self, request: Request) -> Response:
        rows = [
            {
                "name": fault.name,
                "title": fault.title,
                "help": fault.help,
                "both_sides": fault.both_sides,
                "options": {
                    name: {"default": option.default, "help": option.help, "choices": list(option.choices)}
                    for name, option in fault.options.items()
                },
            }
            for fault in FAULTS.values()
        ]
        return answer({"faults": rows})

    def inject(self, request: Request, pair: Pair) -> Response:
        body = _object(request)
        pair.inject(str(body.get("name")), body.get("side"), body.get("options") or {})
        return _active(pair, 201)

    def clear(self, request: Request, pair: Pair, name: str) -> Response:
        if name not in FAULTS:
            raise NotFound(f"there is no fault {name}")
        pair.clear_faults(name, request.query.get("side"))
        return _active(pair)

    def clear_all(self, request: Request, pair: Pair) -> Response:
        pair.clear_faults(None, request.query.get("side"))
        return _active(pair)

    # --- journal

    def journal(self, request: Request) -> Response:
        return answer({"commands": self._sandbox.journal.commands(request.query.get("pair"))})

    def clear_journal(self, request: Request) -> Response:
        self._sandbox.journal.clear(request.query.get("pair"))
        return answer({"commands": []})

    # --- what people do past the console

    def reset(self, request: Request, pair: Pair) -> Response:
        self._sandbox.reset(pair.name)
        with pair.lock:
            return answer(truth(pair))

    def records(self, request: Request, pair: Pair) -> Response:
        """Somebody writes; refused where the topic is read-only, as a cluster would."""
        body = _object(request)
        cluster = pair.sides[_side(pair, body)]
        count, partition = int(body.get("count", 1)), int(body.get("partition", 0))
        if not cluster.write(str(body.get("topic")), partition, count, pair.clock.now()):
            return answer({"error": f"{body.get('topic')}/{partition} on {cluster.name} does not take writes"}, 409)
        end = cluster.topics[str(body["topic"])].logs[partition].end
        return answer({"topic": body["topic"], "partition": partition, "end": end}, 201)

    def topics(self, request: Request, pair: Pair) -> Response:
        """Somebody creates a topic where the others are written, and its mirrors."""
        body = _object(request)
        name, partitions = str(body.get("topic")), int(body.get("partitions", 1))
        made = []
        for half in [half for half in pair.halves() if half.mirrors]:
            half.remote.topics.get(name) or half.remote.add_topic(name, partitions)
            topic = half.local.add_topic(half.prefix + name, partitions)
            half.add_mirror(topic, name, Status.ACTIVE, pair.clock.now())
            made.append({"side": half.local.name, "mirror": topic.name})
        return answer({"topic": name, "mirrors": made}, 201)

    def compactions(self, request: Request, pair: Pair) -> Response:
        """Compaction takes records away; their offsets stay empty."""
        body = _object(request)
        log = pair.sides[_side(pair, body)].topics[str(body.get("topic"))].logs[int(body.get("partition", 0))]
        log.holes |= {int(offset) for offset in body.get("offsets", [])}
        return answer({"holes": sorted(log.holes)}, 201)

    def members(self, request: Request, pair: Pair) -> Response:
        """Somebody starts (or with 0 stops) members of a group by hand; the client control knows nothing of it."""
        body = _object(request)
        side, group, count = _side(pair, body), str(body.get("group")), int(body.get("members", 1))
        topics = tuple(body.get("topics") or pair.topics_of_group(group))
        pair.by_hand[(side, group)] = Crew(BY_HAND, count, topics)
        return answer({"side": side, "group": group, "members": count, "topics": list(topics)}, 201)

    def offsets(self, request: Request, pair: Pair) -> Response:
        """Somebody sets a group's committed offsets; refused while the group is active, as a cluster does."""
        body = _object(request)
        group = pair.sides[_side(pair, body)].group(str(body.get("group")))
        if group.is_active:
            return answer({"error": f"group {group.name} has {group.members} members"}, 409)
        for row in body.get("offsets", []):
            key = (str(row["topic"]), int(row["partition"]))
            group.committed[key] = Commit(int(row["offset"]), pair.clock.now())
        return answer({"group": group.name, "set": len(body.get("offsets", []))})

    def settings(self, request: Request, pair: Pair, side: str) -> Response:
        body, settings = _object(request), pair.sides[_known_side(pair, side)].settings
        plain = ("edition", "metadata", "base", "auth", "tiering", "reverses_prefixed", "batches_link_configs")
        unknown = set(body) - {"serves", "versions", *plain}
        if unknown:
            raise BadRequest(f"unknown settings: {', '.join(sorted(unknown))}")
        if "serves" in body:
            settings.serves = None if body["serves"] is None else frozenset(body["serves"])
        for name in plain:
            if name in body:
                setattr(settings, name, body[name])
        for broker in pair.sides[side].brokers:
            broker.version = str(body.get("versions", {}).get(str(broker.id), broker.version))
        serves = sorted(ACTIONS if settings.serves is None else settings.serves)
        return answer({"serves": serves, "edition": settings.edition, "metadata": settings.metadata})

    def kafka_mirrors(self, request: Request, pair: Pair) -> Response:
        """A person runs the tool on a cluster."""
        body = _object(request)
        argv = body.get("argv") or shlex.split(str(body.get("command", "")))
        command = tool.run(pair, _side(pair, body), argv)
        self._sandbox.journal.add(command)
        accepted = [topic for topic in command.topics if topic not in command.refused]
        return answer({"accepted": accepted, "refused": command.refused})


def _active(pair: Pair, status: int = 200) -> Response:
    with pair.lock:
        return answer({"faults": [found.as_json() for found in pair.faults.active]}, status)


def _object(request: Request) -> dict[str, Any]:
    body = request.json()
    if not isinstance(body, dict):
        raise BadRequest("the body must be an object")
    return body


def _side(pair: Pair, body: dict[str, Any]) -> str:
    return _known_side(pair, str(body.get("side")))


def _known_side(pair: Pair, side: str) -> str:
    if side not in pair.sides:
        raise BadRequest(f"there is no side {side}; there are: {', '.join(pair.sides)}")
    return side
