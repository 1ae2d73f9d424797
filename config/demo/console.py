"""The demo's web server, on a socket bound before it starts: no port is lost between choosing and using it."""

from __future__ import annotations

import socket
import sys

import uvicorn


def main(descriptor: int) -> None:
    listening = socket.socket(fileno=descriptor)
    # Nobody stands in front of the demo, so no header is believed about who asks.
    server = uvicorn.Server(
        uvicorn.Config(
            "config.asgi:application",
            lifespan="off",
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    server.run(sockets=[listening])


if __name__ == "__main__":
    main(int(sys.argv[1]))
