"""`python -m clusters.sandbox [--directory DIR] [--scale 60] [--port 0]`: serve until SIGTERM or SIGINT.

The first line on standard output is one JSON object with the control address and the inventory file. The process
also ends when its parent dies (Linux: PR_SET_PDEATHSIG), so that no supervisor can leave it behind.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
ENDING = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    parent = os.getppid()
    # Blocked here, inherited by every thread and taken by sigwait alone: a handler could run at any bytecode, and one
    # that sets an Event just as the main thread begins to wait for it locks up for good.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    if not _ends_with(parent):
        return 1
    return _serve(_options())


def _serve(options: argparse.Namespace) -> int:
    from .scenario import PAIRS, big_pair  # only now: loading takes a moment in which a parent could die unseen
    from .server import Sandbox

    scenarios = (*PAIRS, big_pair(options.mirrors)) if options.mirrors else PAIRS
    with Sandbox(options.directory, scale=options.scale, port=options.port, scenarios=scenarios) as sandbox:
        first = {"control": sandbox.control_url, "inventory": str(sandbox.inventory_path)}
        sys.stdout.write(json.dumps(first) + "\n")
        sys.stdout.flush()
        signal.sigwait(ENDING)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="clusters.sandbox", description="Three simulated pairs of Kafka clusters.")
    parser.add_argument("--directory", help="where inventory.yaml and webhook-secret are written (default: temporary)")
    parser.add_argument("--scale", type=float, default=60.0, help="durations are divided by this (default: 60)")
    parser.add_argument("--port", type=int, default=0, help="port of the control server (default: a free one)")
    parser.add_argument("--mirrors", type=int, default=0, help="add a pair with this many mirror topics")
    return parser.parse_args()


def _ends_with(parent: int) -> bool:
    """Ask for SIGTERM at the parent's death; False when it died before the kernel was told."""
    if sys.platform != "linux":
        return True
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


if __name__ == "__main__":
    sys.exit(main())
