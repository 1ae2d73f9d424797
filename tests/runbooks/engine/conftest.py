from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from clusters.connections import close_all
from clusters.declared import Inventory
from tests.runbooks.engine.stage import Stage

# The first draw of a process imports half of Hypothesis: on a busy machine that alone takes longer than it allows.
settings.register_profile("busy machine", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("busy machine")


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
