"""One mount of Vault's KV secrets engine, version 2: what a secret holds, that one is there, and check-and-set writes.

Nothing that a secret holds is put into an error: what Vault says of a refusal is, the body of an answer never.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from clusters import clock
from clusters.errors import ClusterError, Malformed, NoAnswer, NotServed, Rejected, Unauthorised
from clusters.outbound import Answer, Outbound

STALE = "check-and-set parameter did not match"
STANDBY = {301, 302, 307, 308}


@dataclass(frozen=True)
class Kept:
    """The newest version of a secret, which is the one a write must name to replace it."""

    data: Mapping[str, Any]
    version: int


class VaultKV:
    def __init__(self, where: str, mount: str, http: Outbound) -> None:
        self._where = where
        self._mount = mount.strip("/")
        self._http = http

    def kept(self, path: str, deadline: float) -> Kept:
        answer = self._http.read(self._path("data", path), deadline=deadline)
        if answer.status == 404:
            raise Rejected(self._where, f"{self._mount} holds no secret {path}: write it once as its clients are now")
        found = self._data(answer, path)
        try:
            data, version = found["data"], _count(found["metadata"]["version"])
            if not isinstance(data, dict):
                raise TypeError("no data")
        except (KeyError, TypeError) as error:
            raise self._unreadable(path) from error
        return Kept(data, version)

    def version_of(self, path: str, deadline: float) -> int:
        """The newest version of a secret that is there, by its metadata alone: what it holds is never asked for."""
        answer = self._http.read(self._path("metadata", path), deadline=deadline)
        if answer.status == 404:
            raise Rejected(self._where, f"{self._mount} holds no secret {path}")
        found = self._data(answer, path)
        try:
            version = _count(found["current_version"])
            newest = found["versions"].get(str(version), {})
            is_gone = not newest or newest["destroyed"] or _is_over(newest["deletion_time"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._unreadable(path) from error
        if is_gone:
            raise Rejected(self._where, f"version {version} of {path}, the newest, is deleted or never was written")
        return version

    def write(self, path: str, data: Mapping[str, str], cas: int, deadline: float) -> int:
        """The version it became. Refused where the newest one is not `cas`: then both are named."""
        content = json.dumps({"options": {"cas": cas}, "data": data}, sort_keys=True).encode()
        answer = self._http.write("POST", self._path("data", path), deadline=deadline, content=content)
        if answer.status == 400 and STALE in answer.said:
            raise Rejected(self._where, f"{path}: {self._stale(path, cas, deadline)}; look again, nothing was written")
        found = self._data(answer, path)
        try:
            version = _count(found["version"])
        except (KeyError, TypeError) as error:
            raise self._unreadable(path) from error
        if version != cas + 1:
            raise Malformed(self._where, f"{path} was written over version {cas} and became version {version}")
        return version

    def close(self) -> None:
        self._http.close()

    def _stale(self, path: str, cas: int, deadline: float) -> str:
        try:
            now = f"version {self.kept(path, deadline).version} is"
        except ClusterError as error:
            now = f"another one is, which could not be read ({error.said}),"
        return f"version {cas} was read, and {now} there now, which somebody else wrote"

    def _path(self, kind: str, path: str) -> str:
        return f"/v1/{quote(self._mount, safe='/')}/{kind}/{quote(path, safe='/')}"

    def _data(self, answer: Answer, path: str) -> Mapping[str, Any]:
        if answer.status == 200:
            try:
                found = json.loads(answer.body)["data"]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise self._unreadable(path) from error
            if isinstance(found, dict):
                return found
            raise self._unreadable(path)
        if answer.status in STANDBY:
            said = f"{answer.status}: this Vault is a standby and sends on; name the address of the cluster instead"
            raise Rejected(self._where, f"{path}: {said}")
        if answer.status in {401, 403}:
            raise Unauthorised(self._where, answer.said)
        if answer.status in {404, 405}:
            raise NotServed(self._where, answer.said)
        if answer.status == 400:
            raise Rejected(self._where, answer.said)
        raise NoAnswer(self._where, answer.said)

    def _unreadable(self, path: str) -> Malformed:
        return Malformed(self._where, f"the answer about {path} cannot be read; what it says is not shown")


def _is_over(deletion_time: str) -> bool:
    """Versions may be written to be deleted at a time to come."""
    return bool(deletion_time) and datetime.fromisoformat(deletion_time) <= clock.now()


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError("not a version")
    return value
