"""`python -m tests.bench [--quick]`: prints each figure beside its floor, which is run in the same sitting."""

from __future__ import annotations

import argparse
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


WHOLE = Size(confirms=200, mirrors=10_000, polls=5, pages=50, appends=500, events=100_000)
QUICK = Size(confirms=5, mirrors=60, polls=2, pages=3, appends=5, events=3_000)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few of each, to see that it runs")
    size = QUICK if parser.parse_args().quick else WHOLE
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    board, began = Board(_write), time.monotonic()
    with stacks.running() as stack:
        measure(board, stack, size)
    board.say(f"took {time.monotonic() - began:.0f} s")
    return 0


def measure(board: Board, stack: stacks.Stack, size: Size) -> None:
    import django

    django.setup()
    from dashboard import inventory, poll
    from tests.bench import confirming, looking, recording

    stacks.migrate(stack)
    text = stack.clusters(size.mirrors)
    confirming.prepare(text)
    address = stack.console()
    for queue in ("act", "observe"):
        stack.worker(queue)
    confirming.measure(board, stack, address, size.confirms)
    looking.poll(board, size.mirrors, size.polls)
    looking.page(board, stack, address, size.pages)
    recording.append(board, size.appends)
    recording.verify(board, size.events)
    poll.close_ways()
    inventory.close_connections()


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
