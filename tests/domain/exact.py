"""The clusters' own journal against the intents of the runs: each command and each order once, and no other."""

from __future__ import annotations

from collections.abc import Sequence

from runbooks.models import Run, StepRun
from tests.faults.judge import ACTIONS, BY_CHUNKS, Sent, armed, commands_of, orders_of
from tests.fixtures.sandbox import Control

CLIENTS = {"clients.route", "clients.stop", "groups.start", "groups.stop"}


def inexact(control: Control, pair: str, runs: Sequence[Run]) -> list[str]:
    """What was received and not meant, meant and not received, or more or less often than meant."""
    commands = [row for row in control.journal(pair) if not row["validate_only"]]
    orders = control.ask("GET", f"/pairs/{pair}/orders")["orders"]
    produced = [row for row in commands if row["action"] == BY_CHUNKS]
    placing = {str(pk) for pk in StepRun.objects.filter(run__in=runs, kind__in=CLIENTS).values_list("pk", flat=True)}
    meant_orders = Sent({sent: count for sent, count in armed(runs, None).items() if sent[0] in placing})
    return [
        *_differ(armed(runs, ACTIONS), commands_of(row for row in commands if row["action"] != BY_CHUNKS)),
        *_differ(meant_orders, orders_of(orders)),
        *(f"{name} was appended {count} times" for (_, name), count in commands_of(produced).items() if count > 1),
        *(f"{row['action']} on {row['side']} was {row['outcome']}" for row in commands if row["outcome"] != "accepted"),
    ]


def _differ(meant: Sent, got: Sent) -> list[str]:
    return [
        f"{what} of {item} was meant {meant[what, item]} times and received {got[what, item]} times"
        for what, item in sorted(meant.keys() | got.keys())
        if meant[what, item] != got[what, item]
    ]
