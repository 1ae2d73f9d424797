"""The one way out over HTTP: fixed origin, total deadline, byte cap, no redirect, no proxy, verified TLS, one try."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import httpx

from clusters.bounded import BoundedTransport, left, request_deadline
from clusters.errors import Configuration, Malformed, NoAnswer, NotSent
from clusters.secrets import Secret

ONE_MIB = 1024 * 1024
SMALL = ONE_MIB
LARGE = 96 * ONE_MIB
SAID = 500
BROKEN = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)

# Makes the header that signs in at the moment of sending, and names the secrets that must never show in a text.
Credential = Callable[[], tuple[str, tuple[Secret, ...]]]


@dataclass(frozen=True)
class Answer:
    """`said` is short, printable and free of our credentials."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    said: str

    @property
    def is_json(self) -> bool:
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind == "application/json" or kind.endswith("+json")


class Outbound:
    """One origin. Reads reuse connections; each write opens its own, so that a write is never lost on a stale one."""

    def __init__(
        self,
        where: str,
        origin: str,
        *,
        credential: Credential | None = None,
        header: str = "Authorization",
        ca: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.where = where
        self.origin = origin.rstrip("/")
        self._credential = credential
        self._header = header
        self._ca = ca
        self._given = transport
        self._clients: dict[bool, httpx.Client] = {}
        self._lock = threading.Lock()

    def read(self, path: str, *, deadline: float, params: Mapping[str, str] | None = None, cap: int = SMALL) -> Answer:
        """Asked once more where the connection broke: one that was kept may have been closed by the other end."""
        try:
            return self._send("GET", path, deadline=deadline, params=params, cap=cap, is_write=False)
        except NoAnswer as error:
            if not isinstance(error.__cause__, BROKEN):
                raise
        return self._send("GET", path, deadline=deadline, params=params, cap=cap, is_write=False)

    def write(
        self,
        method: str,
        path: str,
        *,
        deadline: float,
        params: Mapping[str, str] | None = None,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        cap: int = 8 * ONE_MIB,
    ) -> Answer:
        """Exactly one request. Raises NotSent only where no byte of it was written."""
        given = {"Content-Type": "application/json", **(headers or {})}
        return self._send(
            method, path, deadline=deadline, params=params, content=content, headers=given, cap=cap, is_write=True
        )

    def close(self) -> None:
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _send(
        self,
        method: str,
        path: str,
        *,
        deadline: float,
        params: Mapping[str, str] | None,
        cap: int,
        is_write: bool,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        if left(deadline) <= 0:
            raise NotSent(self.where, f"{method} {path}: no time was left before sending")
        sent, secrets = dict(headers or {}), tuple[Secret, ...]()
        if self._credential:
            sent[self._header], secrets = self._credential()
        client = self._client(is_write=is_write)
        request = client.build_request(method, self.origin + path, params=params, content=content, headers=sent)
        token = request_deadline.set(deadline)
        try:
            return self._exchange(client, request, f"{method} {path or '/'}", deadline, cap, secrets)
        finally:
            request_deadline.reset(token)

    def _exchange(
        self,
        client: httpx.Client,
        request: httpx.Request,
        what: str,
        deadline: float,
        cap: int,
        secrets: Iterable[Secret],
    ) -> Answer:
        try:
            response = client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise NotSent(self.where, f"{what}: {_reason(error)}; nothing was sent") from error
        except httpx.HTTPError as error:
            raise NoAnswer(self.where, f"{what}: {_reason(error)}") from error
        try:
            body = self._body(response, what, deadline, cap)
        finally:
            response.close()
        return Answer(response.status_code, response.headers, body, f"{what}: {_said(response, body, secrets)}")

    def _body(self, response: httpx.Response, what: str, deadline: float, cap: int) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Malformed(self.where, f"{what}: the answer is packed, which was not asked for")
        chunks: list[bytes] = []
        size = 0
        try:
            for chunk in response.iter_raw():
                size += len(chunk)
                chunks.append(chunk)
                if size > cap:
                    raise Malformed(self.where, f"{what}: the answer is longer than {cap} bytes")
                if left(deadline) <= 0:
                    raise NoAnswer(self.where, f"{what}: the answer did not end in time ({size} bytes came)")
        except httpx.HTTPError as error:
            raise NoAnswer(self.where, f"{what}: {_reason(error)} after {size} bytes of the answer") from error
        return b"".join(chunks)

    def _client(self, *, is_write: bool) -> httpx.Client:
        with self._lock:
            if is_write not in self._clients:
                transport = self._given or BoundedTransport(self._trust(), keep=0 if is_write else 8)
                self._clients[is_write] = httpx.Client(
                    transport=transport,
                    trust_env=False,
                    follow_redirects=False,
                    timeout=None,  # noqa: S113 - every socket operation is bounded by the deadline instead
                    headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "breakwater"},
                )
            return self._clients[is_write]

    def _trust(self) -> ssl.SSLContext:
        if not self.origin.lower().startswith("https:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody: nothing to read for a way that has no TLS
        try:
            return ssl.create_default_context(cafile=self._ca)
        except (OSError, ssl.SSLError) as error:
            raise Configuration(self.where, f"the certificates of {self._ca} cannot be read: {error}") from error


def _reason(error: Exception) -> str:
    names: dict[type[Exception], str] = {
        httpx.ConnectTimeout: "no connection in time",
        httpx.ReadTimeout: "no answer in time",
        httpx.WriteTimeout: "the request could not be written in time",
        httpx.PoolTimeout: "no free connection in time",
    }
    text = re.sub(r"\[Errno -?\d+\] ", "", printable(str(error)))
    known = names.get(type(error), "")
    return f"{known} ({text})" if known and text else known or text or type(error).__name__


def printable(text: str) -> str:
    """Control characters out, blanks folded, cut to what a page can show."""
    clean = re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+", " ", text).strip()
    return clean if len(clean) <= SAID else clean[: SAID - 1] + "…"


def _said(response: httpx.Response, body: bytes, secrets: Iterable[Secret]) -> str:
    text = body[: 4 * SAID].decode("utf-8", "replace")
    if "html" in response.headers.get("content-type", ""):
        text = re.sub(r"<[^>]*>", " ", text)
    for secret in secrets:
        text = text.replace(secret.reveal(), "•••")
    return printable(f"{response.status_code} {text}")
