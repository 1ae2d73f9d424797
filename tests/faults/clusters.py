"""`python -m tests.faults.clusters DIRECTORY LANES PAIR…`: copies of these pairs in turn, one for each lane."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import replace

from clusters.sandbox.scenario import PAIRS
from clusters.sandbox.server import Sandbox

ENDING = {signal.SIGTERM, signal.SIGINT}
PARTITIONS = 2  # of each topic: what is sent names topics, and each partition costs a look its share
SCALE = 300.0  # five minutes in one second


def main(directory: str, lanes: int, *names: str) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    known = {pair.name: pair for pair in PAIRS}
    copies = (
        replace(known[names[lane % len(names)]], name=f"lane-{lane}", copy=f"{lane}", partitions=PARTITIONS)
        for lane in range(lanes)
    )
    with Sandbox(directory, scale=SCALE, scenarios=tuple(copies)) as sandbox:
        said = {"inventory": str(sandbox.inventory_path), "control": sandbox.control_url}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        signal.sigwait(ENDING)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
