"""The claimed tests, once as they are and then once for each seam, in one process and in one session of pytest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from _pytest.runner import runtestprotocol

from config.claims import said
from tests.forced.seams import Seam, seams


def claims_of(item: pytest.Item) -> set[tuple[str, str]]:
    """Codes with their cases, as pytest sees the markers of a test."""
    return {pair for mark in item.iter_markers("claims") for pair in said(mark.args, mark.kwargs.get("case", ""))}


def test_of(item: pytest.Item) -> str:
    """Its place and name, whatever its parameters."""
    return item.nodeid.partition("[")[0]


@dataclass(frozen=True)
class Tried:
    """A seam, and which of the tests that claim it failed for it."""

    seam: Seam
    claimed: tuple[str, ...]
    noticed: tuple[str, ...]


@dataclass
class Forcing:
    """A plugin of pytest that runs the session's tests its own way. `only` leaves some codes; empty means all."""

    only: frozenset[str] = frozenset()
    collected: set[tuple[str, str, str]] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        by_claim: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
        for item in session.items:
            for claim in claims_of(item):
                by_claim[claim].append(item)
                self.collected.add((*claim, test_of(item)))
        wanted = [seam for seam in seams() if not self.only or seam.code in self.only]
        plan = [(seam, by_claim[seam.code, seam.case]) for seam in wanted]
        shown = {item: None for _, items in plan for item in items}
        self.broken = [item.nodeid for item in shown if _fails(item, "setup", "call", "teardown")]
        for seam, items in plan:
            self.tried.append(_try(seam, items))
        session._setupstate.teardown_exact(None)
        return True


def _try(seam: Seam, items: Sequence[pytest.Item]) -> Tried:
    noticed: set[str] = set()
    with seam.forced():
        for item in items:
            if test_of(item) not in noticed and _fails(item, "call"):  # one of its parameters is enough
                noticed.add(test_of(item))
    return Tried(seam, tuple(sorted({test_of(item) for item in items})), tuple(sorted(noticed)))


def _fails(item: pytest.Item, *phases: str) -> bool:
    """Whether it fails there. A preparation that fails shows nothing of what the test asserts."""
    # The same test may run twice in a row. What its module and the session share stays up for it.
    item.session._setupstate.teardown_exact(item.parent)  # type: ignore[arg-type]
    item._initrequest()  # type: ignore[attr-defined]
    reports = runtestprotocol(item, log=False, nextitem=item.parent)  # type: ignore[arg-type]
    return any(report.failed for report in reports if report.when in phases)


def unnoticed(tried: Iterable[Tried]) -> Iterator[str]:
    """Each seam that no test notices."""
    for one in tried:
        if not one.noticed:
            among = f"none of {len(one.claimed)} claimed tests fails" if one.claimed else "no test claims it"
            yield f"{one.seam.code} {one.seam.name} {one.seam.case}: {among}"


def idle(tried: Iterable[Tried]) -> Iterator[str]:
    """Each claim that no guard of its code bears out."""
    claimed: dict[tuple[str, str], set[str]] = defaultdict(set)
    noticed: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in tried:
        key = (one.seam.code, one.seam.case)
        claimed[key].update(one.claimed)
        noticed[key].update(one.noticed)
    for (code, case), tests in sorted(claimed.items()):
        for test in sorted(tests - noticed[code, case]):
            yield f"{code} {case}: {test} passes all the same"
