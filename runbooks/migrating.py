"""A warning before `migrate` changes the tables under runs that are not over."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.management.base import OutputWrapper
from django.db import connections

from runbooks.engine.states import RUN_OVER
from runbooks.models import Run

WHAT_TO_DO = (
    "No step of theirs goes on while the console is upgraded. Better end or pause them first; what was sent keeps its "
    "outcome and is looked at afterwards."
)


def warn(*, using: str, plan: Sequence[object] = (), stdout: OutputWrapper | None = None, **_: object) -> None:
    """Says so and goes on: a migration may be what mends the console in the middle of an incident."""
    if plan and stdout is not None and (active := _active(using)):
        named = ", ".join(f"{pair}-{key} ({state})" for key, pair, state in active)
        stdout.write(f"Runs that are not over: {named}. {WHAT_TO_DO}")


def _active(using: str) -> list[tuple[int, str, str]]:
    """Columns that every release has had: the others may be what is being migrated."""
    if Run._meta.db_table not in connections[using].introspection.table_names():
        return []
    runs = Run.objects.using(using).exclude(state__in=RUN_OVER).order_by("pk")
    return list(runs.values_list("pk", "pair", "state"))
