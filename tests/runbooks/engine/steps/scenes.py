"""What has to have happened on the ledger pair before a step can be tried."""

from __future__ import annotations

import time
import uuid
from typing import Any

from runbooks.engine.steps.cut_save import SaveCut
from runbooks.engine.steps.lag_drained import LagDrained
from runbooks.engine.steps.loss_accept import AcceptLoss, Purpose
from runbooks.engine.steps.loss_reconcile import ReconcileLoss
from runbooks.engine.steps.mirrors_failover import FailOverMirrors
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from runbooks.engine.steps.outage_confirm import ConfirmOutage
from runbooks.engine.steps.topics_quiet import TopicsQuiet
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage

OLD, NEW = "eu-north", "eu-south"
TOPICS = ("accounts", "entries", "transfers")
WORDS = {"statement": "worthless: test records"}
FAILOVER = FailOverMirrors(away_from=OLD, topics=TOPICS)
RESTORE = TruncateAndRestore(side=OLD, topics=TOPICS)


def lose(stage: Stage, control: Control) -> None:
    """The home side is gone, and everything is written down that a failover needs."""
    stage.facts()
    control.fault("ledger", "region-down", OLD)
    stage.do(ConfirmOutage(side=OLD))
    stage.do(SaveCut(away_from=OLD, topics=TOPICS))
    stage.do(AcceptLoss(side=OLD, topics=TOPICS), WORDS)


def fail_over(stage: Stage, control: Control) -> None:
    lose(stage, control)
    stage.do(FAILOVER)


def come_back(stage: Stage, control: Control) -> None:
    """The old home is back, its producers and groups stopped, and what exists only there is settled."""
    for client in ("ledger-writer", "balances", "statements"):
        place(stage, client, None)
    control.heal("ledger", "region-down", OLD)
    stage.do(TopicsQuiet(side=OLD, topics=TOPICS))
    stage.do(ReconcileLoss(side=OLD, topics=TOPICS))
    stage.do(AcceptLoss(side=OLD, topics=TOPICS, purpose=Purpose.TAIL), WORDS)


def restored(stage: Stage, control: Control) -> None:
    """The old home is an empty-handed mirror that has caught up, and nobody writes anywhere."""
    fail_over(stage, control)
    come_back(stage, control)
    stage.do(RESTORE)
    stage.do(TopicsQuiet(side=NEW, topics=TOPICS))
    stage.do(LagDrained(side=OLD, topics=TOPICS))


def place(stage: Stage, client: str, side: str | None) -> None:
    """What an application team does past the runbook: tell the client control where to run something."""
    driver = stage.connections.driver("clients")
    plan = driver.plan(client, to=side, deadline=time.monotonic() + 5)
    driver.apply(plan, run="by-hand", key=uuid.uuid4().hex, deadline=time.monotonic() + 5)


def sent(control: Control, pair: str = "ledger") -> list[dict[str, Any]]:
    """Commands that were no dry run."""
    return [command for command in control.journal(pair) if not command["validate_only"]]
