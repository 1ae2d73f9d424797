"""`python -m tests.faults.sitting DATABASE CARRIER RUNS SEED [LANES]`: one sitting; its tally is one line of JSON."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict
from types import SimpleNamespace

from tests.faults.world import World, world
from tests.fixtures.sandbox import Control

REST_S = 0.4  # between two rounds through the lanes


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.faults.sitting", description=__doc__)
    parser.add_argument("database", choices=("sqlite", "postgres"))
    parser.add_argument("carrier", choices=("celery", "executor", "naive"))
    parser.add_argument("runs", type=int)
    parser.add_argument("seed")
    parser.add_argument("lanes", type=int, nargs="?", default=8)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    with world(asked.database, asked.carrier, asked.lanes) as (made, control):
        tally = sit(made, control, asked)
    sys.stdout.write(json.dumps(tally) + "\n")
    return 0


def sit(made: World, control: Control, asked: argparse.Namespace) -> dict[str, object]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from dashboard import inventory
    from runbooks.services.definitions import import_released
    from tests.faults import record
    from tests.faults.lanes import Lane, Tally, tried
    from tests.faults.naive_lane import NaiveLane
    from tests.fixtures.people import make_account

    inventory.load_file("faults")
    import_released()
    people = SimpleNamespace(**{name: make_account(name, "commander") for name in ("commander", "commander2")})
    made.start_all()
    tally = Tally()
    seed = f"{asked.seed}-{asked.database}-{asked.carrier}"
    kind = NaiveLane if asked.carrier == "naive" else Lane
    lanes = [kind(number, seed, made, control, people) for number in range(asked.lanes)]
    while sum(lane.go_on(tally, lambda: tally.begun < asked.runs) for lane in lanes):  # each of them, every time
        time.sleep(REST_S)
    made.rest()
    found: list[str] = []
    while not tried(lambda: found.append(record.finding()) or True):
        time.sleep(REST_S)
    if said := found[0]:
        tally.mismatches += 1
        tally.failures.append(f"seed {seed}: the record: {said}")
    return {**asdict(tally), "kills": made.kills + made.deaths, "hindered": made.hindered}


if __name__ == "__main__":
    sys.exit(main())
