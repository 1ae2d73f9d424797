"""Signs of life in the database: who would do the next step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from audit.clock import database_now
from runbooks.models import WorkerBeat


def beat(name: str, role: str) -> None:
    now = database_now()
    ahead_s = (datetime.now(UTC) - now).total_seconds()
    WorkerBeat.objects.update_or_create(name=name, role=role, defaults={"at": now, "ahead_s": ahead_s})


def silent_for(role: str, prefix: str = "") -> timedelta | None:
    """Since the last sign of life of that role, of those whose name begins so; None where none was ever given."""
    rows = WorkerBeat.objects.filter(role=role, name__startswith=prefix)
    last = rows.order_by("-at").values_list("at", flat=True).first()
    return database_now() - last if last else None
