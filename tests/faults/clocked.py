"""`python -m tests.faults.clocked COMMAND…`: one of the product's commands whose wall clock steps where it is told to.

A signal of STEPS sets the clock of this process, and of those it forks, an hour ahead, an hour behind, or right again.
Monotonic clocks go on as they are.
"""

from __future__ import annotations

import runpy
import signal
import sys
from datetime import UTC, datetime, timedelta

import time_machine

STEPS = {
    signal.SIGRTMIN: timedelta(hours=1),
    signal.SIGRTMIN + 1: timedelta(hours=-1),
    signal.SIGRTMIN + 2: timedelta(0),
}
_away: list[time_machine.travel] = []


def listen() -> None:
    for number in STEPS:
        signal.signal(number, _step)


def _step(number: int, _frame: object) -> None:
    while _away:
        _away.pop().stop()
    if STEPS[number]:
        _away.append(time_machine.travel(datetime.now(UTC) + STEPS[number], tick=True))
        _away[0].start()


def main(command: list[str]) -> None:
    listen()
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
