"""Named endpoints of the inventory, read with GET only: the `check` steps of a team's own runbook."""

from __future__ import annotations

from collections.abc import Mapping

from clusters.errors import Configuration
from clusters.gateway import EndpointAnswer
from clusters.outbound import ONE_MIB, Outbound


class Endpoints:
    """`path` is appended to the endpoint's address; it can never lead to another host."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._out = {name: Outbound(name, address) for name, address in addresses.items()}

    def get(self, endpoint: str, path: str, *, deadline: float) -> EndpointAnswer:
        """Any status is an answer; a redirect is one too and is not followed."""
        if endpoint not in self._out:
            known = ", ".join(sorted(self._out)) or "none"
            raise Configuration(endpoint, f"the inventory names no such endpoint; known: {known}")
        if path and not path.startswith("/"):
            path = f"/{path}"
        if any(part in {".", ".."} for part in path.partition("?")[0].split("/")):
            raise Configuration(endpoint, f"the path {path!r} climbs out of the endpoint")
        answer = self._out[endpoint].read(path, deadline=deadline, cap=ONE_MIB)
        return EndpointAnswer(answer.status, answer.body.decode("utf-8", "replace"), dict(answer.headers))

    def close(self) -> None:
        for out in self._out.values():
            out.close()
