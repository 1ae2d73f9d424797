"""What is expected of a side while an incident is open: shown as Expected, by context and not by muting."""

from __future__ import annotations

from collections.abc import Iterable

from audit.clock import database_now
from clusters.health import Expectation as Explained
from clusters.health import Expectations
from dashboard.models import Expectation


def expect(pair: str, side: str, incident: str, states: Iterable[str], why: str = "") -> None:
    """From now until `clear`; called inside the transaction that opens the incident or goes on with it.

    States are words shown on that side itself: mirror statuses, link states, `UNREACHABLE`. They add to those before.
    """
    row, _ = Expectation.objects.get_or_create(
        pair=pair, side=side, incident=incident, defaults={"since": database_now(), "why": why}
    )
    row.states = sorted({*row.states, *states})
    row.why = why or row.why
    row.save(update_fields=["states", "why"])


def clear(incident: str) -> None:
    """The incident is over: from the next poll on nothing is explained by it."""
    Expectation.objects.filter(incident=incident).delete()


def current(pair: str) -> Expectations:
    rows = Expectation.objects.filter(pair=pair).order_by("pk")
    return Expectations(
        tuple(
            Explained(row.side, frozenset(row.states), row.why or f"expected while incident {row.incident} is open")
            for row in rows
        )
    )


def incidents(pair: str) -> tuple[str, ...]:
    """References of the open incidents that explain something on this pair."""
    found = Expectation.objects.filter(pair=pair).order_by("pk").values_list("incident", flat=True)
    return tuple(dict.fromkeys(found))
