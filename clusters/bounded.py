"""httpx over sockets whose every operation, name look-up included, ends at one deadline.

The time-outs of HTTP libraries bound each socket operation, not the whole: a peer that sends one byte a second would
hold a read for ever.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

CONNECT_S = 2.0

# The deadline of the request this thread is sending: connections are reused, so it cannot belong to one of them.
request_deadline: ContextVar[float] = ContextVar("request_deadline")


def left(deadline: float) -> float:
    return deadline - time.monotonic()


class BoundedTransport(httpx.HTTPTransport):
    """httpx's transport over a pool whose every socket operation ends at the deadline; never tries again."""

    def __init__(self, context: ssl.SSLContext, *, keep: int) -> None:
        super().__init__(verify=context, trust_env=False, retries=0)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=32,
            max_keepalive_connections=keep,
            keepalive_expiry=30.0,
            retries=0,
            network_backend=_DeadlineBackend(),
        )


class _DeadlineBackend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """The first address that answers; the name is looked up once and the connection keeps that address."""
        until = min(request_deadline.get(), time.monotonic() + CONNECT_S)
        found: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port, until):
            try:
                stream = self._sockets.connect_tcp(address, port, _rest(until, httpcore.ConnectTimeout))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                found = error
            else:
                return _DeadlineStream(stream)
        raise found


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _rest(request_deadline.get(), httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _rest(request_deadline.get(), httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        until = min(request_deadline.get(), time.monotonic() + CONNECT_S)
        rest = _rest(until, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, rest))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore declares it
        return self._stream.get_extra_info(info)


def _rest(until: float, late: type[Exception]) -> float:
    if (rest := left(until)) <= 0:
        raise late("no time is left")
    return rest


def _addresses(host: str, port: int, until: float) -> list[str]:
    """`getaddrinfo` knows no time-out, so a slow name server is waited for in a thread that may be left behind."""
    found: list[str] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            failed.append(error)
        else:
            found.extend(dict.fromkeys(str(row[4][0]) for row in rows))

    if re.fullmatch(r"[0-9.]+|[0-9a-fA-F:]+:[0-9a-fA-F:.]*", host):
        return [host]
    thread = threading.Thread(target=look_up, name=f"look up {host}", daemon=True)
    thread.start()
    thread.join(_rest(until, httpcore.ConnectTimeout))
    if failed:
        raise httpcore.ConnectError(f"the name {host} cannot be resolved: {failed[0].strerror}")
    if thread.is_alive():
        raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time")
    return found
