"""Sheets of the shipped runbooks, for the sandbox's pairs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.clock import database_now
from runbooks.paper.every import Wanted, every_sheet
from runbooks.paper.sheet import Sheet


@pytest.fixture
def wanted(in_force, shipped) -> Callable[[str, str, str], Wanted]:
    def find(pair: str, slug: str, side: str) -> Wanted:
        (found,) = [
            each for each in every_sheet() if (each.entry.name, each.runbook.slug, each.side) == (pair, slug, side)
        ]
        return found

    return find


@pytest.fixture
def sheet_of(wanted) -> Callable[[str, str, str], Sheet]:
    return lambda pair, slug, side: wanted(pair, slug, side).sheet(database_now())
