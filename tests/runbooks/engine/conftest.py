from __future__ import annotations

from collections.abc import Iterator

import pytest

from clusters.connections import close_all
from clusters.declared import Inventory
from tests.runbooks.engine.stage import Stage


@pytest.fixture
def orders(inventory: Inventory) -> Iterator[Stage]:
    """Active-active, prefixed."""
    stage = Stage(inventory.pairs["orders"])
    yield stage
    stage.close()
    close_all()


@pytest.fixture
def ledger(inventory: Inventory) -> Iterator[Stage]:
    """Active-passive, no prefix, no Tiered Storage."""
    stage = Stage(inventory.pairs["ledger"])
    yield stage
    stage.close()
    close_all()


@pytest.fixture
def archive(inventory: Inventory) -> Iterator[Stage]:
    """Active-passive, 7.9.1 with Tiered Storage."""
    stage = Stage(inventory.pairs["archive"])
    yield stage
    stage.close()
    close_all()
