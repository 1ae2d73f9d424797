"""`python -m tests.forced [R12 C04 …]`: every guard and check answers wrongly once in each way, and is found out."""

from __future__ import annotations

import sys
import time

import pytest

from config.claims import claims
from config.demo.children import ROOT
from tests.forced.running import Forcing, Tried, idle, unnoticed

# What drives browsers, processes or whole runbooks is named in the table, and would take hours here.
QUICK = "claims and not (browser or faults or domain)"


def main(codes: list[str]) -> int:
    began, forcing = time.monotonic(), Forcing(frozenset(codes))
    written = {(one.code, one.case, one.test) for one in claims(ROOT)}
    files = sorted({test.partition("::")[0] for _, case, test in written if case})
    ended = pytest.main(["-q", "-m", QUICK, "--no-header", "--no-summary", *files], plugins=[forcing])
    for one in forcing.tried:
        sys.stdout.write(row(one))
    wrong = [f"fails as it is: {test}" for test in forcing.broken]
    wrong += [f"collected, and not read from the source: {claim}" for claim in sorted(forcing.collected - written)]
    wrong += [*unnoticed(forcing.tried), *idle(forcing.tried)]
    sys.stdout.write("".join(f"  {line}\n" for line in wrong))
    sys.stdout.write(
        f"{len(forcing.tried)} wrong answers of {len({one.seam.name for one in forcing.tried})} guards and checks, "
        f"{len(wrong)} not found out, {time.monotonic() - began:.0f} s\n"
    )
    return 1 if wrong or int(ended) not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED} else 0


def row(one: Tried) -> str:
    return f"{one.seam.code:10} {one.seam.name:24} {one.seam.case:8} {len(one.noticed)} of {len(one.claimed)} tests\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
