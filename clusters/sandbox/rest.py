"""Kafka REST v3 of one simulated cluster: who may ask, what the faults do to it, what the journal keeps."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING

from . import journal as kept
from .damage import KINDS
from .http import BadRequest, Dropped, Request, Response, answer, find
from .rest_commands import Told, command_routes, describe
from .rest_errors import Problem, problem
from .rest_reads import read_routes
from .rest_serving import not_served
from .wires import Mode, Wire

if TYPE_CHECKING:
    from .cluster import Cluster
    from .faults import Injected
    from .journal import Journal
    from .model import Pair

WRITES = {"POST", "PUT", "PATCH", "DELETE"}


class ClusterRest:
    """The handler for one cluster; usable in-process (`http.wsgi`) and behind a socket."""

    via = "rest"

    def __init__(self, pair: Pair, side: str, journal: Journal) -> None:
        self.pair = pair
        self.side = side
        self.journal = journal
        self.cache: dict[tuple[str, str], tuple[int, str, str]] = {}  # mirror → (revision, origin, its JSON)
        self._routes = [*read_routes(self), *command_routes(self)]

    @property
    def cluster(self) -> Cluster:
        return self.pair.sides[self.side]

    def handle(self, request: Request) -> Response:
        with self.pair.lock:
            self._reachable()
            wait = self.pair.faults.delay(self.side)
        if wait:
            time.sleep(wait)
        if not self._allowed(request):
            return Response(401, b"<html><body><h1>401 Unauthorized</h1></body></html>", "text/html")
        with self.pair.lock:
            self.pair.catch_up()
            return self._dated(self._command(request) if request.method in WRITES else self._answer(request))

    def _dated(self, response: Response) -> Response:
        """By this side's own clock."""
        now = time.time() + self.pair.faults.clock_ahead(self.side)
        return replace(response, headers=(*response.headers, ("Date", formatdate(now, usegmt=True))))

    def _reachable(self) -> None:
        mode = self.pair.faults.mode(self.side, Wire.REST)
        if mode is Mode.REFUSE:
            raise ConnectionRefusedError(f"{self.side} is down")
        if mode is Mode.HANG:
            raise TimeoutError(f"{self.side} does not answer")

    def _allowed(self, request: Request) -> bool:
        wanted = self.cluster.settings.auth
        found = request.headers.get("authorization", "")
        if "basic" in wanted:
            return found == "Basic " + base64.b64encode(wanted["basic"].encode()).decode()
        return found == f"Bearer {wanted['bearer']}" if "bearer" in wanted else True

    def _answer(self, request: Request) -> Response:
        if fault := self.pair.faults.server_error(self.side, request.path):
            return _failed(fault)
        return self._damaged(self._dispatch(request))

    def _damaged(self, response: Response) -> Response:
        kind = self.pair.faults.damage(self.side)
        return KINDS[kind](response) if kind and response.status < 400 else response

    def _command(self, request: Request) -> Response:
        """Everything that would change something is journalled, whatever comes of it."""
        told = self._told(request)
        drop = None if told.validate_only else self.pair.faults.drop(self.side, told.action)
        fault = self.pair.faults.server_error(self.side, request.path)
        if all(found.options["applied"] for found in (drop, fault) if found):
            response = self._dispatch(request, told)
        if fault:
            response = _failed(fault)
        if drop:
            self._record(request, told, kept.DROPPED_APPLIED if told.taken else kept.DROPPED_NOT_APPLIED, 0)
            raise Dropped(f"{self.side} closed the connection")
        self._record(request, told, kept.ACCEPTED if told.taken else kept.REFUSED, response.status)
        return self._damaged(response)

    def _told(self, request: Request) -> Told:
        return describe(request, self.cluster.settings.base)

    def _record(self, request: Request, told: Told, outcome: str, status: int) -> None:
        command = kept.Command(
            at=kept.iso(self.pair.clock.now()),
            pair=self.pair.name,
            side=self.side,
            via=self.via,
            action=told.action,
            outcome=outcome,
            link=told.link,
            topics=told.topics,
            settings=told.settings,
            validate_only=told.validate_only,
            include_partition_level_truncation_data=told.partition_data,
            refused=told.refused,
            method=request.method,
            path=request.path,
            status=status,
        )
        self.journal.add(command)

    def _dispatch(self, request: Request, told: Told | None = None) -> Response:
        base = self.cluster.settings.base
        if not request.path.startswith(f"{base}/"):
            return problem(404, "HTTP 404 Not Found")
        path = request.path[len(base) :]
        if refusal := not_served(self.cluster, request.method, path):
            return refusal
        view, values, _ = find(self._routes, request.method, path)
        if view is None:
            return unmodelled(request)
        if values.pop("cluster_id", self.cluster.id) != self.cluster.id:
            return problem(404, "HTTP 404 Not Found")
        try:
            response = view(request, **values) if told is None else view(request, told, **values)
        except Problem as error:
            return error.response
        except BadRequest as error:
            return problem(400, str(error))
        if told is not None:
            told.taken = not told.topics or set(told.topics) != set(told.refused)
        return response


def _failed(fault: Injected) -> Response:
    status = int(fault.options["status"])
    if status == 429:  # a filter in front of the application answers this one
        return Response(429, b"<html><body><h1>429</h1></body></html>", "text/html", (("Retry-After", "1"),))
    return problem(status, "The server failed")


def unmodelled(request: Request) -> Response:
    return answer({"error_code": 501, "message": f"{request.method} {request.path} is not modelled here"}, 501)
