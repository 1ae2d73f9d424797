"""A log server, RFC 5424: syslog+tls://logs.example:6514?ca=/etc/breakwater/ca.pem, syslog+tcp, syslog+unix.

Syslog acknowledges nothing. What counts here as taken: the whole message was handed to the server, and where there is a
connection, it closed in order. The leaves are left out: log servers cut long messages.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import SplitResult, parse_qs, unquote

from audit import canonical
from audit.anchors import PATIENCE, AddressUnusable, AnchorDown, shown
from audit.heads import SignedHead

SCHEMES = ("syslog+tls", "syslog+tcp", "syslog+unix")
PRIORITY = 13 * 8 + 5  # facility "log audit", severity "notice"
TLS_PORT, TCP_PORT = 6514, 601


@dataclass(frozen=True)
class Syslog:
    name: str
    kind: str
    host: str
    port: int
    path: str
    ca: str | None

    def send(self, head: SignedHead) -> None:
        message = _message(head)
        try:
            by = self._by_datagram if self.kind == "syslog+unix" else self._by_stream
            by(message)
        except (OSError, ValueError) as error:
            raise AnchorDown(f"{self.name}: {error}") from error

    def _by_datagram(self, message: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.settimeout(PATIENCE)
            out.connect(self.path)
            out.send(message)

    def _by_stream(self, message: bytes) -> None:
        with socket.create_connection((self.host, self.port), timeout=PATIENCE) as plain:
            if self.kind == "syslog+tcp":
                _handed_over(plain, message)
                return
            with ssl.create_default_context(cafile=self.ca).wrap_socket(plain, server_hostname=self.host) as out:
                _handed_over(out, message)


def _handed_over(out: socket.socket, message: bytes) -> None:
    """A message after its length (RFC 6587, 3.4.1); then the server is given the time to object."""
    out.sendall(b"%d %s" % (len(message), message))
    if not isinstance(out, ssl.SSLSocket):
        out.shutdown(socket.SHUT_WR)
        while out.recv(1024):
            pass
    else:
        with suppress(ssl.SSLEOFError):  # many servers close without the farewell that TLS asks for
            out.unwrap()


def _message(head: SignedHead) -> bytes:
    at = canonical.instant(datetime.now(UTC))
    text = replace(head, leaves=()).line().rstrip("\n")
    return f"<{PRIORITY}>1 {at} {socket.gethostname() or '-'} breakwater - head - {text}".encode()


def open_anchor(address: SplitResult) -> Syslog:
    path, is_unix = unquote(address.path), address.scheme == "syslog+unix"
    try:
        port = address.port or (TLS_PORT if address.scheme == "syslog+tls" else TCP_PORT)
    except ValueError as error:
        raise AddressUnusable(f"{shown(address)!r} names no port: {error}") from error
    if not (path if is_unix else address.hostname):
        raise AddressUnusable(f"{shown(address)!r} names no {'socket' if is_unix else 'host'}")
    ca = parse_qs(address.query).get("ca", [None])[0]
    return Syslog(shown(address), address.scheme, address.hostname or "", port, path, ca)
