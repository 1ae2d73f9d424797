"""Small servers that behave badly on purpose, over real sockets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Behaviour = Callable[[socket.socket, bytes], None]


class Misbehaving:
    """Reads one request per connection, keeps it, and lets `behaviour` answer on the raw socket."""

    def __init__(self, behaviour: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self._behaviour = behaviour
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        self._listener.close()

    def _serve(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            talking = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            request = _read_request(talking)
            self.requests.append(request)
            self._behaviour(talking, request)
            talking.close()


def _read_request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def misbehaving(behaviour: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[Misbehaving]:
    server = Misbehaving(behaviour, context)
    try:
        yield server
    finally:
        server.stop()


def answering(body: bytes | str, status: str = "200 OK", kind: str = "application/json", **headers: str) -> Behaviour:
    content = body.encode() if isinstance(body, str) else body
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{more}\r\n"

    def behave(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head.encode() + content)

    return behave


def keeping(behaviour: Behaviour) -> Behaviour:
    """The same for every further request of the connection."""

    def behave(connection: socket.socket, request: bytes) -> None:
        while request.strip():
            behaviour(connection, request)
            request = _read_request(connection)

    return behave


def drip(first: bytes, then: bytes, every: float, stop: Callable[[], bool]) -> Behaviour:
    """`first` at once, then one byte of `then` again and again."""

    def behave(connection: socket.socket, request: bytes) -> None:
        connection.sendall(first)
        pause = threading.Event()
        while not stop():
            connection.sendall(then)
            pause.wait(every)

    return behave


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Authority:
    """A certificate authority of the test's own, made by openssl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                  "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip

    def server(self, name: str, days: int = 2) -> ssl.SSLContext:
        """The certificate of a server called `name`; `days` below zero is one that has expired."""
        extra = self.folder / "san.txt"
        extra.write_text(f"subjectAltName={name}\n")
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=server",
                  "-keyout", "server.key", "-out", "server.csr")  # fmt: skip
        life = ["-days", str(days)]
        self._run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                  "-extfile", "san.txt", *life, "-out", "server.pem")  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        return context

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)
