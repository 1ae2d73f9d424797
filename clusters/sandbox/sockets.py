"""Threaded HTTP listeners that can refuse, hang and drop, and come back on the same port."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from .http import Dropped, Handler, Request, parse_query
from .wires import Mode

if TYPE_CHECKING:
    from .http import Response

HOST = "127.0.0.1"


class Port:
    """A reserved port. A bound socket that never listens holds it while the service "is down".

    SO_REUSEPORT lets the real listener share it, so refusing a connection is the kernel's own refusal and the
    address survives every outage.
    """

    def __init__(self, number: int = 0) -> None:
        self._holder = _bound(number)
        self.number: int = self._holder.getsockname()[1]

    def listen(self) -> socket.socket:
        listener = _bound(self.number)
        listener.listen(128)
        return listener

    def close(self) -> None:
        self._holder.close()


def _bound(number: int) -> socket.socket:
    # Said to be TCP, or asyncio leaves Nagle's algorithm on: a second answer would wait 40 ms, which no broker does.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((HOST, number))
    return sock


class HttpServer:
    """One simulated HTTP service on a port of its own."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        self.handler = handler
        self._port = Port(port)
        self.url = f"http://{HOST}:{self._port.number}"
        self._mode = Mode.REFUSE
        self._change = threading.Condition()
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self.hanging = 0  # requests that were read and get no answer

    def obey(self, mode: Mode) -> None:
        """Take up a mode: open connections are cut by `refuse` and left without an answer by `hang`."""
        with self._change:
            before, self._mode = self._mode, mode
            if before is Mode.HANG and mode is not Mode.HANG:
                self._cut()  # what hung through the outage gets no late answer
            if mode is Mode.REFUSE:
                self._shut()
            elif self._listener is None:
                self._listener = self._port.listen()
                threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
            self._change.notify_all()

    def stop(self) -> None:
        self.obey(Mode.REFUSE)
        self._port.close()

    def hangs(self) -> bool:
        """Wait while the service hangs; True if it did, so that the connection is given up."""
        with self._change:
            hung = self._mode is Mode.HANG
            self.hanging += hung
            while self._mode is Mode.HANG:
                self._change.wait()
            self.hanging -= hung
            return hung or self._mode is Mode.REFUSE

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._change:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError):
                _Connection(connection, self)
        finally:
            with self._change:
                self._connections.discard(connection)
            _close(connection)

    def _shut(self) -> None:
        if self._listener is not None:
            _close(self._listener)
            self._listener = None
        self._cut()

    def _cut(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _close(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)  # wakes a thread that is blocked in accept or recv
    sock.close()


class _Connection(BaseHTTPRequestHandler):
    """One client connection; the standard library reads the request, the service answers it."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write per answer

    def __init__(self, connection: socket.socket, service: HttpServer) -> None:
        self._service = service
        super().__init__(connection, (HOST, 0), service)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        request = self._read()
        if self._service.hangs():
            raise Dropped
        response = self._service.handler(request)
        if self._service.hangs():
            raise Dropped
        self._write(response)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the journal keeps what matters."""

    def _read(self) -> Request:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        origin = f"http://{headers.get('host', HOST)}"
        return Request(self.command, path, parse_query(query), headers, body, origin)

    def _write(self, response: Response) -> None:
        if any(name == "Date" for name, _ in response.headers):
            self.send_response_only(response.status)
        else:
            self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        if response.seconds_per_byte:
            self._trickle(response)
        elif self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _trickle(self, response: Response) -> None:
        for byte in response.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(response.seconds_per_byte)
