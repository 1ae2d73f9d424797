"""Signs of life in the database: who would do the next step."""

from __future__ import annotations

from audit.clock import database_now
from runbooks.models import WorkerBeat


def beat(name: str, role: str) -> None:
    WorkerBeat.objects.update_or_create(name=name, role=role, defaults={"at": database_now()})
