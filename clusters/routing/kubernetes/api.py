"""The API server of one side, as plain reads and merge patches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clusters.errors import Malformed, NoAnswer, NotServed, Rejected, Unauthorised
from clusters.form import Form
from clusters.outbound import Answer, Outbound
from clusters.secrets import Secret, SecretReference

CAP = 16 * 1024 * 1024
MERGE = {"Content-Type": "application/merge-patch+json"}
REFUSED = {400, 405, 409, 413, 415, 422}


@dataclass(frozen=True)
class Place:
    """Where a side's workloads run."""

    side: str
    url: str
    namespace: str
    token: SecretReference
    ca: str | None


def read_places(form: Form) -> tuple[Place, ...]:
    places = tuple(_place(each) for each in form.forms("places", f"{form.what}, place"))
    if form.is_readable and not places:
        form.complain(f"{form.what}: places must name the API server of at least one side", "places")
    if len({place.side for place in places}) < len(places):
        form.complain(f"{form.what}: places holds one side twice", "places")
    return places


def _place(form: Form) -> Place:
    place = Place(
        side=form.text("side"),
        url=form.url("url"),
        namespace=form.word("namespace"),
        token=form.secret("token"),
        ca=form.optional("ca"),
    )
    form.done()
    return place


class KubernetesApi:
    """Errors are ours; `where` names the driver in them."""

    def __init__(self, where: str, place: Place) -> None:
        self.side = place.side
        self.namespace = place.namespace
        self._where = where
        self._token = place.token
        self._http = Outbound(where, place.url, credential=self._credential, ca=place.ca)

    def get(self, path: str, deadline: float) -> dict[str, Any] | None:
        """None where there is no such object, or no such kind of object at all."""
        answer = self._http.read(path, deadline=deadline, cap=CAP)
        return None if answer.status == 404 else self._body(self._checked(answer))

    def items(self, path: str, deadline: float, selector: str = "") -> list[dict[str, Any]] | None:
        """Every object of a list; None where the server does not know their kind."""
        params = {"labelSelector": selector} if selector else None
        answer = self._http.read(path, deadline=deadline, params=params, cap=CAP)
        if answer.status == 404:
            return None
        found = self._body(self._checked(answer)).get("items")
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise Malformed(self._where, f"not a list: {answer.said}")
        return found

    def patch(self, path: str, body: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """A merge patch; one that names a resourceVersion is refused where somebody else has changed the object."""
        content = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        params = {"fieldManager": "breakwater"}
        answer = self._http.write("PATCH", path, deadline=deadline, params=params, content=content, headers=MERGE)
        return self._body(self._checked(answer))

    def malformed(self, what: str, error: Exception) -> Malformed:
        return Malformed(self._where, f"{what} of {self.side} cannot be read: {type(error).__name__} {error}")

    def close(self) -> None:
        self._http.close()

    def _credential(self) -> tuple[str, tuple[Secret, ...]]:
        secret = self._token.resolve()
        return f"Bearer {secret.reveal()}", (secret,)

    def _checked(self, answer: Answer) -> Answer:
        if answer.status in {200, 201}:
            return answer
        if answer.status in {401, 403}:
            raise Unauthorised(self._where, f"{self.side}: {answer.said}")
        if answer.status == 404:
            raise NotServed(self._where, f"{self.side}: {answer.said}")
        if answer.status in REFUSED:
            more = "somebody changed it since it was read; look again: " if answer.status == 409 else ""
            raise Rejected(self._where, f"{self.side}: {more}{answer.said}")
        raise NoAnswer(self._where, f"{self.side}: {answer.said}")

    def _body(self, answer: Answer) -> dict[str, Any]:
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise Malformed(self._where, f"unreadable answer: {answer.said}") from error
        if not isinstance(found, dict):
            raise Malformed(self._where, f"unreadable answer: {answer.said}")
        return found


def named(kind_path: str, namespace: str, name: str = "") -> str:
    """`/apis/apps/v1` + deployments → the path of one object, or of all in a namespace."""
    group, _, plural = kind_path.rpartition("/")
    path = f"{group}/namespaces/{quote(namespace, safe='')}/{plural}"
    return f"{path}/{quote(name, safe='')}" if name else path


def selector_of(selector: Mapping[str, Any]) -> str:
    """A workload's label selector as the query of a list. An operator nobody knows is an error, not everything."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    parts += [_expression(each) for each in selector.get("matchExpressions") or ()]
    if not parts:
        raise ValueError("a selector that selects nothing by itself")
    return ",".join(parts)


def _expression(found: Mapping[str, Any]) -> str:
    key, values = found["key"], ",".join(found.get("values") or ())
    forms: Mapping[str, str] = {
        "In": f"{key} in ({values})",
        "NotIn": f"{key} notin ({values})",
        "Exists": key,
        "DoesNotExist": f"!{key}",
    }
    return forms[found["operator"]]


def owners(found: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return found.get("metadata", {}).get("ownerReferences") or ()
