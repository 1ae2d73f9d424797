"""The sandbox's pairs in force, polled fast, and a way to look at a side now."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from clusters.facts import SideFacts
from dashboard import inventory, leases, memory, poll
from dashboard.models import Reading, SideLease

PATIENCE = 20.0


@pytest.fixture
def in_force(sandbox, transactional_db) -> Iterator[None]:
    """The sandbox's inventory, loaded."""
    put_in_force(sandbox.inventory_text())
    yield
    poll.close_ways()
    inventory.close_connections()


def put_in_force(text: str) -> None:
    """Polled rarely, so that a reading stays fresh on a busy machine; tests look when they want to."""
    Path(settings.INVENTORY_FILE).write_text(re.sub(r"poll: \d+m?s", "poll: 20s", text))
    inventory.load_file("test")
    memory.forget()


@pytest.fixture
def look(in_force) -> Callable[..., SideFacts]:
    """Poll these sides of a pair once each; the newest facts of the last of them."""

    def once(pair: str, *sides: str) -> SideFacts:
        for side in sides:
            SideLease.objects.filter(pair=pair, side=side).update(started_at=leases.LONG_AGO)
            assert poll.poll_side(pair, side)
        row = Reading.objects.filter(pair=pair, side=sides[-1]).first()
        return memory.unpacked(row.facts or row.good_facts) if row else None

    return once


def wait_until(is_so: Callable[[], object], patience: float = PATIENCE) -> object:
    """What `is_so` says once it is true; fails when it stays false."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := is_so():
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not come true within {patience:.0f} s")
