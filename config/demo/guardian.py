"""The last one out: a process that sees the supervisor end, however it ended, and clears up after it.

It holds the reading end of a pipe. Only the supervisor holds the writing end, so the kernel closes it even on SIGKILL.
The kernel's own death signal (children.die_with) covers a child's leader; this covers whole process groups, such as
the pool of a Celery worker that is busy with a task.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from config.demo.children import kill_group

PATIENCE = 3.0  # seconds between asking and killing


class Guardian:
    """Fork it before any socket is open or thread started: it keeps what it inherits."""

    def __init__(self, folder: Path) -> None:
        reading, self._writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._writing)
            _watch(reading, folder)
        os.close(reading)

    def adopt(self, group: int) -> None:
        """From now on this process group ends with the supervisor."""
        os.write(self._writing, f"{group}\n".encode())

    def keep_folder(self) -> None:
        os.write(self._writing, b"keep\n")

    def dismiss(self) -> None:
        """Everything has ended; the guardian clears the folder and goes."""
        os.close(self._writing)
        os.waitpid(self._pid, 0)


def _watch(reading: int, folder: Path) -> NoReturn:
    os.setsid()  # out of the terminal's reach: Ctrl-C is for the supervisor
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        os.dup2(nothing, stream.fileno())
    with os.fdopen(reading, "rb") as pipe:
        words = pipe.read().split()  # returns when the supervisor is gone
    _end_groups([int(word) for word in words if word.isdigit()])
    if b"keep" not in words:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _end_groups(groups: list[int]) -> None:
    for leader in groups:
        with suppress(ProcessLookupError):
            os.kill(leader, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while any(map(_is_populated, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        kill_group(group)


def _is_populated(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
