"""A cluster that stands in several pairs takes part in one active run in all, as a pair does."""

from __future__ import annotations

from collections.abc import Iterator

from clusters.declared import Inventory, PairEntry
from dashboard import inventory
from runbooks.engine.states import RUN_OVER, Mode
from runbooks.models import Run
from runbooks.services.errors import Stale


def shares_no_cluster(entry: PairEntry) -> None:
    """Stale while a live run or a drill of another pair is active on a cluster of this one.

    Ask with the head's lock held: nobody else starts a run or adopts an inventory meanwhile.
    """
    own = entry.cluster_ids
    active = Run.objects.filter(mode__in=[Mode.LIVE, Mode.DRILL]).exclude(pair=entry.name).exclude(state__in=RUN_OVER)
    for run in active.order_by("pk"):
        clusters = _clusters(run)
        if not clusters:
            raise Stale(
                f"{run} is active, and no inventory that can be read tells its clusters: {entry.name} might share one "
                f"of them. Abort that run, or let it end."
            )
        if own & clusters:
            raise Stale(
                f"{run} is active on a cluster that {entry.name} shares with {run.pair}. Only one run can be: let it "
                f"end, or abort it."
            )


def _clusters(run: Run) -> frozenset[str]:
    """By the inventory the run is pinned to and by the one in force: what it has sent went to the first."""
    return frozenset().union(*_entries(run))


def _entries(run: Run) -> Iterator[frozenset[str]]:
    pinned: Inventory | None = inventory.version(run.inventory_digest)
    for known in (pinned, inventory.in_force()):
        if known and run.pair in known.pairs:
            yield known.pairs[run.pair].cluster_ids
