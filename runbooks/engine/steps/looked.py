"""What two looks that lie apart prove: the first is kept in the attempt's memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runbooks.engine.context import StepContext


@dataclass(frozen=True)
class Apart:
    """`since` is when the same was first seen; `length` how long it has been so; `broken` what was different before."""

    since: str
    length: timedelta
    broken: Mapping[str, Any] | None = None


def steady(ctx: StepContext, seen: Mapping[str, Any], same: Callable[[Mapping[str, Any]], bool]) -> Apart:
    """How long what is seen now has been the same. A difference begins anew, and is told."""
    first: Mapping[str, Any] = ctx.memory.get("first") or {}
    since = ctx.memory.get("since")
    if since and same(first):
        return Apart(since, ctx.case.now - datetime.fromisoformat(since))
    return Apart(ctx.case.now.isoformat(), timedelta(0), first if since else None)


def remembered(apart: Apart, seen: Mapping[str, Any]) -> dict[str, Any]:
    return {"since": apart.since, "first": dict(seen)}
