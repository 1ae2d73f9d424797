"""The KV store of one Consul datacenter: consistent reads with their index, and writes by compare-and-set."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clusters.errors import Malformed, NoAnswer, NotServed, Rejected, Unauthorised
from clusters.outbound import Answer, Outbound


@dataclass(frozen=True)
class Held:
    """What a key holds, and the index a write must name to replace it."""

    value: str
    index: int


class ConsulKV:
    """`side` is the side whose loss takes this datacenter along; empty for one that stands apart from both."""

    def __init__(self, where: str, name: str, side: str, http: Outbound) -> None:
        self.name = name
        self.side = side
        self._where = where
        self._http = http

    def held(self, key: str, deadline: float) -> Held:
        params = {"dc": self.name, "consistent": ""}
        answer = self._http.read(_path(key), deadline=deadline, params=params)
        if answer.status == 404:
            raise Rejected(self._where, f"{self.name} holds no key {key}: write it once with where its clients are now")
        self._checked(answer)
        try:
            (row,) = json.loads(answer.body)
            value, index = base64.b64decode(row["Value"] or "", validate=True).decode(), row["ModifyIndex"]
            if row["Key"] != key or isinstance(index, bool) or not isinstance(index, int):
                raise TypeError("another key, or no index")
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
            raise Malformed(self._where, f"unreadable answer of {self.name}: {answer.said}") from error
        return Held(value, index)

    def write(self, ops: Sequence[Mapping[str, Any]], deadline: float) -> None:
        """All of them or none: one key by `?cas=`, several as one transaction."""
        params, body = {"dc": self.name}, b""
        if len(ops) == 1:
            path, body = _path(ops[0]["key"]), ops[0]["value"].encode()
            params["cas"] = str(ops[0]["cas"])
        else:
            path, body = "/v1/txn", json.dumps([{"KV": _operation(op)} for op in ops]).encode()
        answer = self._checked(self._http.write("PUT", path, deadline=deadline, params=params, content=body))
        said = answer.body.strip()
        if said == b"false":
            raise Rejected(self._where, f"somebody wrote {ops[0]['key']} in {self.name} since it was read; look again")
        if said != b"true" and (len(ops) == 1 or not _has_results(said, len(ops))):
            raise Malformed(self._where, f"unreadable answer of {self.name}: {answer.said}")

    def close(self) -> None:
        self._http.close()

    def _checked(self, answer: Answer) -> Answer:
        if answer.status == 200:
            return answer
        if answer.status in {401, 403}:
            raise Unauthorised(self._where, answer.said)
        if answer.status in {404, 405}:
            raise NotServed(self._where, answer.said)
        if answer.status == 409:
            raise Rejected(
                self._where, f"somebody wrote a key in {self.name} since it was read; look again: {answer.said}"
            )
        if answer.status in {400, 413}:
            raise Rejected(self._where, answer.said)
        raise NoAnswer(self._where, answer.said)


def _path(key: str) -> str:
    return f"/v1/kv/{quote(key, safe='/')}"


def _operation(op: Mapping[str, Any]) -> dict[str, Any]:
    value = base64.b64encode(op["value"].encode()).decode()
    return {"Verb": "cas", "Key": op["key"], "Value": value, "Index": op["cas"]}


def _has_results(said: bytes, count: int) -> bool:
    try:
        found = json.loads(said)
        return len(found["Results"]) == count and not found.get("Errors")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
