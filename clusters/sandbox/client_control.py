"""The client control: a signed HTTP API that places producers and groups on a side or stops them."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

from .http import BadRequest, Dropped, Request, Response, answer

if TYPE_CHECKING:
    from .model import Pair
    from .workloads import Target

SKEW = 300.0


class ClientControl:
    """Views under a pair's lock. An idempotency key is answered once; the second time with the first answer."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def targets(self, request: Request, pair: Pair) -> Response:
        return answer({"targets": [_state(pair, target) for target in pair.targets.values()]})

    def target(self, request: Request, pair: Pair, name: str) -> Response:
        target = pair.targets.get(name)
        return answer(_state(pair, target)) if target else _missing(name)

    def place(self, request: Request, pair: Pair, name: str) -> Response:
        target = pair.targets.get(name)
        if target is None:
            return _missing(name)
        if complaint := self._unsigned(request):
            return answer({"error": complaint}, 401)
        body = _order(pair, request)
        dropped = pair.faults.drop_order()
        was_carried_out = dropped is None or bool(dropped.options["applied"])
        said = self._carry_out(pair, target, body) if was_carried_out else None
        order = {"target": name, "side": body["side"], "desired": body["desired"], "key": body.get("key")}
        pair.orders.append({**order, "status": said.status if said else None, "dropped": dropped is not None})
        if said is None or dropped is not None:
            raise Dropped
        return said

    def orders(self, request: Request, pair: Pair) -> Response:
        return answer({"orders": pair.orders})

    def _carry_out(self, pair: Pair, target: Target, body: dict[str, Any]) -> Response:
        key = (target.name, str(body.get("key", "")))
        if key[1] and key in pair.answered_keys:
            return answer(pair.answered_keys[key])
        if body.get("if_version") is not None and body["if_version"] != target.version:
            error = f"{target.name} is at version {target.version}, not {body['if_version']}"
            return answer({"error": error, "version": target.version}, 409)
        target.place(body["side"], int(body["desired"]), pair)
        state = _state(pair, target)
        pair.answered_keys[key] = state
        return answer(state)

    def _unsigned(self, request: Request) -> str | None:
        """Why the signature does not count. The time is the host's own: signatures are never scaled or simulated."""
        stamp = request.headers.get("x-breakwater-time", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > SKEW:
            return f"X-Breakwater-Time is {stamp or 'missing'}; it must be within {SKEW:.0f} s of now"
        wanted = hmac.new(self._secret, stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        found = request.headers.get("x-breakwater-signature", "")
        return None if hmac.compare_digest(found, f"sha256={wanted}") else "X-Breakwater-Signature does not match"


def _order(pair: Pair, request: Request) -> dict[str, Any]:
    body = request.json()
    if not isinstance(body, dict) or "side" not in body or not isinstance(body.get("desired"), int):
        raise BadRequest("side (a side or null) and desired (a whole number) are needed")
    if body["side"] is not None and body["side"] not in pair.sides:
        raise BadRequest(f"there is no side {body['side']}; there are: {', '.join(pair.sides)}")
    if (body["side"] is None) != (body["desired"] == 0):
        raise BadRequest("stopped is side null and desired 0; running is a side and a number above 0")
    return body


def _state(pair: Pair, target: Target) -> dict[str, Any]:
    return {
        "target": target.name,
        "kind": target.kind,
        "side": target.side,
        "desired": target.desired,
        "ready": target.ready(pair.clock.now()),
        "terminating": target.terminating(),
        "version": target.version,
        "topics": list(target.topics),
        "group": target.group,
    }


def _missing(name: str) -> Response:
    return answer({"error": f"there is no target {name}"}, 404)
