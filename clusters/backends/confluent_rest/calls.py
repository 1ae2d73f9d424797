"""Single calls: paths encoded whole, lists read to their end on one origin, answers classified by what they prove."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from clusters import clock
from clusters.backends.confluent_rest import wire
from clusters.backends.confluent_rest.settings import RestSettings
from clusters.errors import Malformed, NoAnswer, NotServed, Rejected, Unauthorised
from clusters.facts import ClockSkew
from clusters.outbound import ONE_MIB, SMALL, Answer, Outbound
from clusters.skew import narrowed, seen

T = TypeVar("T")
MAX_PAGES = 100
NOT_SERVED = {404, 405}
UNKNOWN_TOPIC = {40401, 40402, 40403}
NOT_SUPPORTED = 40035
REFUSED_LATE = {408, 425, 429}


class UnknownTopic(Rejected):
    """The cluster does not know the topic: a refusal, and for a read an answer."""


def part(name: str) -> str:
    """Every character encoded; `.` and `..` would be folded into the path by others, so dots are encoded there too."""
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")


class Calls:
    """One side's REST, below its base path and cluster id."""

    def __init__(
        self, side: str, cluster_id: str, settings: RestSettings, transport: httpx.BaseTransport | None
    ) -> None:
        self.side = side
        self.home = f"{settings.base.value}/clusters/{part(cluster_id)}"
        self._http = Outbound(side, settings.url, credential=settings.credential, ca=settings.ca, transport=transport)
        self._lock = threading.Lock()
        self.skew: ClockSkew | None = None  # as the answers so far tell it

    def one(
        self, decode: Callable[[bytes], T], path: str, *, deadline: float, params: Mapping[str, str] | None = None
    ) -> T:
        return self._decoded(decode, self._read(self.home + path, deadline=deadline, params=params))

    def every(self, decode: Callable[[bytes], Any], path: str, *, deadline: float, cap: int = 8 * ONE_MIB) -> list[Any]:
        """Every page. `next` is followed on this origin only, and not for ever."""
        rows: list[Any] = []
        path = self.home + path
        for _ in range(MAX_PAGES):
            page = self._decoded(decode, self._read(path, deadline=deadline, cap=cap))
            rows += page.data
            if not (page.metadata and page.metadata.next):
                return rows
            path = self.same_origin(page.metadata.next)
        raise Malformed(self.side, f"the list {path} does not end after {MAX_PAGES} pages")

    def send(
        self, decode: Callable[[bytes], T], path: str, *, deadline: float, params: Mapping[str, str], content: bytes
    ) -> T:
        """Exactly one POST."""
        answer = self._http.write("POST", path, deadline=deadline, params=params, content=content)
        self._refuse(answer)
        return self._decoded(decode, answer)

    def order(
        self, method: str, path: str, *, deadline: float, params: Mapping[str, str] | None = None, content: bytes = b""
    ) -> str:
        """Exactly one request whose answer is its status: any 2xx is taken, and an empty body too."""
        answer = self._http.write(method, path, deadline=deadline, params=params, content=content)
        self._refuse(answer)
        return answer.said

    def same_origin(self, address: str) -> str:
        given, ours = urlsplit(address), urlsplit(self._http.origin)
        if (given.scheme, given.netloc) != (ours.scheme, ours.netloc) or not given.path.startswith(ours.path):
            raise Malformed(self.side, "the list goes on at another address, which is not followed")
        path = given.path.removeprefix(ours.path)
        return f"{path}?{given.query}" if given.query else path

    def close(self) -> None:
        self._http.close()

    def _read(self, path: str, *, deadline: float, params: Mapping[str, str] | None = None, cap: int = SMALL) -> Answer:
        sent = clock.now()
        answer = self._http.read(path, deadline=deadline, params=params, cap=cap)
        self._note_clock(answer, sent)
        self._refuse(answer)
        return answer

    def _note_clock(self, answer: Answer, sent: datetime) -> None:
        """Reads alone: several are under way at once, and all may narrow it."""
        told = seen(answer.headers.get("date", ""), sent, clock.now())
        if told is not None:
            with self._lock:
                self.skew = narrowed(self.skew, told)

    def _refuse(self, answer: Answer) -> None:
        """Raises what the status proves: a refusal only where the API documents that nothing was applied."""
        status, code = answer.status, _code(answer)
        if 200 <= status < 300:
            return
        if status in {401, 403}:
            raise Unauthorised(self.side, answer.said)
        if code in UNKNOWN_TOPIC:
            raise UnknownTopic(self.side, answer.said)
        if status in NOT_SERVED or code == NOT_SUPPORTED:
            raise NotServed(self.side, answer.said)
        if 400 <= status < 500 and status not in REFUSED_LATE:
            raise Rejected(self.side, answer.said)
        raise NoAnswer(self.side, f"{answer.said}{_retry_after(answer)}")

    def _decoded(self, decode: Callable[[bytes], T], answer: Answer) -> T:
        try:
            return decode(answer.body)
        except wire.Unreadable as error:
            raise Malformed(self.side, f"unreadable answer ({error}): {answer.said}") from error


def _code(answer: Answer) -> int | None:
    try:
        return wire.decode(wire.Error, answer.body).error_code if answer.status >= 400 else None
    except wire.Unreadable:
        return None


def _retry_after(answer: Answer) -> str:
    wait = answer.headers.get("retry-after", "")
    return f" (asks to wait {wait} s)" if wait.isascii() and wait.isdigit() else ""
