"""Whether anybody would carry out the next step, by a right clock: what every page says where that is not so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.clock import database_now
from runbooks.engine.vantage import span
from runbooks.models import Outbox, WorkerBeat

SILENT = timedelta(seconds=30)  # six pulses of a worker, thirty sweeps of the executor
QUEUES = ("act", "observe")
SKEWED_S = 5.0


@dataclass(frozen=True)
class Notice:
    """What is wrong, and what that means for whoever confirms something now."""

    title: str
    text: str


def notices() -> tuple[Notice, ...]:
    """Every page asks: the clock and the few signs of life, once each."""
    now, beats = database_now(), list(WorkerBeat.objects.order_by("at"))
    return tuple(found for found in (_missing(beats, now), _skewed(beats, now)) if found)


def _missing(beats: Sequence[WorkerBeat], now: datetime) -> Notice | None:
    """None while everybody who ever gave a sign of life still does. A role that never did is not waited for."""
    last = {worker.role: worker.at for worker in beats}  # the newest of each comes last
    if not last:
        waits = Outbox.objects.filter(done_at=None, due_at__lt=now - SILENT).exists()
        return NOBODY if waits else None
    silent = {role: at for role, at in last.items() if now - at > SILENT}
    if "executor" in silent:
        return _no_executor(silent["executor"])
    queues = [queue for queue in QUEUES if queue in silent]
    return _late(queues, min(silent[queue] for queue in queues)) if queues else None


def _skewed(beats: Sequence[WorkerBeat], now: datetime) -> Notice | None:
    """The worst clock of those that are alive. Facts carry the instant at which their reader believes it read them."""
    alive = [worker for worker in beats if now - worker.at <= SILENT]
    worst = max(alive, key=lambda worker: abs(worker.ahead_s), default=None)
    if worst is None or abs(worst.ahead_s) < SKEWED_S:
        return None
    way = "ahead of" if worst.ahead_s > 0 else "behind"
    return Notice(
        f"The clock of {worst.name} is {span(timedelta(seconds=abs(worst.ahead_s)))} {way} the database's.",
        "What it reads carries a wrong instant: ages are off by as much, and facts may be refused as too old. Leases, "
        "expiries and the record go by the database's clock. Set that host's clock right.",
    )


NOBODY = Notice(
    "Nobody carries out steps.",
    "No worker and no executor has ever given a sign of life: what is confirmed waits, and nothing is sent. Start "
    "manage.py run_executor; it needs no broker.",
)


def _no_executor(since: datetime) -> Notice:
    """It is the executor that asks workers for theirs, so their silence then says nothing of them."""
    return Notice(
        "The executor gives no sign of life.",
        f"The last was at {_clock(since)}. Nobody asks the workers for theirs either, so a step that is confirmed may "
        "wait; lost work is not found again, and what expires stays open. Start manage.py run_executor.",
    )


def _late(queues: list[str], since: datetime) -> Notice:
    named = " and ".join(queues)
    return Notice(
        "Workers give no sign of life.",
        f"None has answered on the queue {named} since {_clock(since)}: the executor does their work, some seconds "
        "later each time.",
    )


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"
