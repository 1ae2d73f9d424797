"""When *not applied* is proven: enough looks in a row, long enough after the request could last have arrived."""

from __future__ import annotations

from datetime import datetime

from dashboard import inventory
from runbooks.engine.outcome import ItemState, Observation
from runbooks.models import Attempt
from runbooks.services.policy import patience

UNTOUCHED = {ItemState.NOT_APPLIED, ItemState.DONE, ItemState.FAILED, ItemState.REFUSED}


def count(attempt: Attempt, found: Observation, now: datetime) -> None:
    """Sets the running count of clear looks. Before the request's deadline no look counts."""
    states = {item.state for item in found.items.values()}
    is_clear = ItemState.NOT_APPLIED in states and states <= UNTOUCHED
    deadline = deadline_of(attempt) if is_clear else None
    if deadline is None or now <= deadline:
        attempt.clear_looks, attempt.clear_since = 0, None
    else:
        attempt.clear_looks, attempt.clear_since = attempt.clear_looks + 1, attempt.clear_since or now


def is_proven_untouched(attempt: Attempt) -> bool:
    """Every item of it that is not done showed its old state in enough looks, over long enough."""
    needs = patience(inventory.pair_entry(attempt.step.run.pair))
    if attempt.clear_looks < needs.looks or attempt.clear_since is None:
        return False
    last = attempt.seen_looks.order_by("-at").values_list("at", flat=True).first()
    return last is not None and last - attempt.clear_since >= needs.over


def deadline_of(attempt: Attempt) -> datetime | None:
    """When the last of its requests could still have been written."""
    return attempt.calls.order_by("-deadline_at").values_list("deadline_at", flat=True).first()
