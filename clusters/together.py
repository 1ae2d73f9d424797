"""Several reads at once, each of which may fail without taking the others with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from clusters.errors import ClusterError

K = TypeVar("K")
T = TypeVar("T")
AT_ONCE = 8


def together(reads: Mapping[K, Callable[[], Any]]) -> dict[K, Any]:
    """What each read gave, or the ClusterError it ended with. Every read must end by a deadline of its own."""
    with ThreadPoolExecutor(min(AT_ONCE, len(reads) or 1), "read") as pool:
        return dict(zip(reads, pool.map(_tried, reads.values()), strict=True))


def _tried(read: Callable[[], T]) -> T | ClusterError:
    try:
        return read()
    except ClusterError as error:
        return error
