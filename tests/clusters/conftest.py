"""Pairs in the same process, on a clock that only the test moves."""

from __future__ import annotations

import pytest

from clusters.sandbox.scenario import ARCHIVE, LEDGER, ORDERS
from tests.clusters.sandbox import contract
from tests.clusters.wire import Near


@pytest.fixture
def orders() -> Near:
    return Near(ORDERS)


@pytest.fixture
def ledger() -> Near:
    return Near(LEDGER)


@pytest.fixture
def archive() -> Near:
    return Near(ARCHIVE)


@pytest.fixture
def published() -> contract.Contract:
    """The published description of the API; without it nothing can be held against it."""
    found = contract.published()
    if found is None:
        pytest.skip(contract.ABSENT)
    return found
