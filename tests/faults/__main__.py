"""`python -m tests.faults --runs 200 --seed 7`: whole runbooks under faults. Exits with 1 where anything was wrong.

Half of the runs on SQLite, half on PostgreSQL; half of each carried by Celery and Valkey, half by the executor alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from config.demo.children import ROOT

SITTINGS = (("sqlite", "executor"), ("postgres", "celery"), ("sqlite", "celery"), ("postgres", "executor"))
LANES = 8
NAIVE_LANES = 4  # as many as its two workers carry at once
SIDE_BY_SIDE = 2  # sittings: one fills the cores while lanes of the other wait
ENOUGH = 200
CONTROL = 100  # runs of the naive task at most: its share is known by then
BLIND = 0.3  # the share that a naive task has to double, or nothing is proven by the rest
WRONG = ("doubled", "lost", "stuck", "mismatches")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", default=str(random.SystemRandom().randint(1, 10**6)))
    asked = parser.parse_args()
    began = time.monotonic()
    say(f"seed {asked.seed}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    found: Counter[str] = Counter()
    failures: list[str] = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        naive = pool.submit(sitting, "sqlite", "naive", min(max(24, asked.runs // 5), CONTROL), asked.seed)
        tallies = [pool.submit(sitting, *which, asked.runs // len(SITTINGS), asked.seed) for which in SITTINGS]
        for (database, carrier), tally in zip(SITTINGS, (tally.result() for tally in tallies), strict=True):
            say(f"{database:8} {carrier:8} {told(tally)}")
            found.update({name: tally[name] for name in ("runs", "kills", "rearmed", *WRONG)})
            failures += tally["failures"]
    control = naive.result()
    share = control["doubled"] / control["runs"]
    by = f"{control['runs']} runs of a naive task, {control['kills']} kills"
    say(f"{'control':17} {by}: {share:.0%} doubled, {control['lost']} lost")
    took = time.monotonic() - began
    say(f"{'all':17} {told(found)}; {found['runs'] / took * 60:.0f} runs a minute, {took:.0f} s")
    for failure in failures:
        say(f"  {failure}")
    # Of a few runs the share says little: then it is enough that any was doubled.
    is_blind = share <= BLIND if asked.runs >= ENOUGH else not control["doubled"]
    return 1 if any(found[name] for name in WRONG) or found["runs"] < asked.runs or is_blind else 0


def sitting(database: str, carrier: str, runs: int, seed: str) -> dict[str, Any]:
    most = NAIVE_LANES if carrier == "naive" else LANES
    lanes = max(2, min(most, runs // 4))  # each makes four runs at a time
    command = [sys.executable, "-m", "tests.faults.sitting", database, carrier, str(runs), seed, str(lanes)]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def told(tally: Mapping[str, int]) -> str:
    done = f"{tally['runs']} runs, {tally['kills']} kills, {tally['rearmed']} re-armed by a person"
    wrong = f"{tally['doubled']} doubled, {tally['lost']} lost, {tally['stuck']} stuck"
    return f"{done}: {wrong}, {tally['mismatches']} audit mismatches"


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
