"""What time it is, for whatever is read off clusters and judged by how long it has been so.

The wall clock, until the project names a better one: two hosts, or one host whose clock was put right, must not measure
ten seconds of quiet as an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


def _wall() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _wall


def use(source: Callable[[], datetime]) -> None:
    """`source` is asked from any thread, and must not block."""
    global _source
    _source = source


def now() -> datetime:
    """An aware instant in UTC."""
    return _source()
