"""Child processes that never outlive whoever started them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with(parent: int, by: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to send `by` to this process when `parent` ends (Linux; elsewhere the guardian does it)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(by))
    if os.getppid() != parent:  # it ended before the request was in force
        os._exit(1)


@dataclass(frozen=True)
class Child:
    """A running process, leader of a process group of its own, with its output in a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ended(self) -> str:
        """How it ended, in words; empty while it runs."""
        code = self.process.poll()
        if code is None:
            return ""
        return f"ended with exit code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def spawn(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    out: Path | None = None,
    pass_fds: Sequence[int] = (),
    user: int | None = None,
    by: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start `command` in the checkout. Call it from the main thread: the kernel takes the end of the *thread* that
    started a child for the end of its parent.

    `out` separates standard output from the log; `user` is a numeric id to become (root only); `by` is the signal that
    makes this program stop quickly.
    """
    parent = os.getpid()
    with log.open("ab") as errors, (out or log).open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            pass_fds=pass_fds,
            # A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which then stops things in order.
            process_group=0,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            # After a change of user the kernel forgets the request; Popen calls this last, so it stands.
            preexec_fn=lambda: die_with(parent, by),
        )
    return Child(name, process, log)


def end(children: Iterable[Child], *, patience: float, by: signal.Signals = signal.SIGTERM) -> None:
    """Ask the leaders to stop, and kill what is left of their groups after `patience` seconds."""
    children = list(children)
    for child in children:
        if child.process.poll() is None:
            child.process.send_signal(by)
    wait_for(lambda: all(child.process.poll() is not None for child in children), patience)
    for child in children:
        kill_group(child.process.pid)
        child.process.wait()


def kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # nobody is left in it (macOS answers EPERM for a group of zombies)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
