"""`python -m tests.bench [--quick] [--only PART]`: prints each figure beside its floor, run in the same sitting."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass

from tests.bench import stack as stacks
from tests.bench.figures import Board


@dataclass(frozen=True)
class Size:
    confirms: int
    mirrors: int
    polls: int
    pages: int
    appends: int
    events: int


WHOLE = Size(confirms=108, mirrors=10_000, polls=2, pages=30, appends=300, events=1_000_000)
PARTS = {"confirm", "mirrors", "record"}
QUICK = Size(confirms=5, mirrors=60, polls=2, pages=3, appends=5, events=3_000)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few of each, to see that it runs")
    parser.add_argument("--only", choices=PARTS, help="a part alone")
    asked = parser.parse_args()
    size, parts = QUICK if asked.quick else WHOLE, {asked.only} if asked.only else PARTS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    board, began = Board(_write), time.monotonic()
    board.say(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start; beyond the cores, read the ratios"
    )
    with stacks.running() as stack:
        os.environ.update(stack.env)  # this process's settings are those of the stack from here on
        measure(board, stack, size, parts)
    board.say(f"took {time.monotonic() - began:.0f} s")
    return 0


def measure(board: Board, stack: stacks.Stack, size: Size, parts: set[str]) -> None:
    import django

    django.setup()
    from dashboard import inventory, poll
    from tests.bench import confirming, looking, recording

    stacks.migrate(stack)
    confirming.prepare(stack.clusters(size.mirrors if "mirrors" in parts else QUICK.mirrors))
    address = stack.console()
    if "confirm" in parts:
        for queue in ("act", "observe"):
            stack.worker(queue)
        confirming.measure(board, stack, address, size.confirms)
    if "mirrors" in parts:
        looking.poll(board, size.mirrors, size.polls)
        looking.page(board, stack, address, size.pages)
    if {"confirm", "mirrors"} <= parts:
        confirming.measure_without_broker(board, stack, address, size.confirms)
    if "record" in parts:
        recording.append(board, size.appends)
        recording.verify(board, size.events)
    poll.close_ways()
    inventory.close_connections()


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
