"""What is worked out of an unchanging text, once, however many threads ask for it at the same time.

After a restart all of them do, and a plain cache would let each read the same file of hundreds of pairs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def worked_out_once(maxsize: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Like `lru_cache`; who asks while somebody works waits for that result. What raises is worked out again."""

    def decorate(work: Callable[P, T]) -> Callable[P, T]:
        # Its own signature is of anything hashable, which hides that of `work`.
        cached = cast(Callable[P, T], lru_cache(maxsize)(work))
        one_at_a_time = threading.RLock()

        @wraps(work)
        def ask(*args: P.args, **kwargs: P.kwargs) -> T:
            with one_at_a_time:
                return cached(*args, **kwargs)

        return ask

    return decorate
