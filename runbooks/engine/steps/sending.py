"""What a failed call proves, for every kind that sends."""

from __future__ import annotations

from collections.abc import Callable

from clusters.errors import ClusterError, Configuration, NotSent, NotServed, Rejected
from runbooks.engine.outcome import Answer, Result

PROVES: tuple[tuple[type[ClusterError], Result], ...] = (
    (NotSent, Result.NOT_SENT),
    (Configuration, Result.NOT_SENT),
    (NotServed, Result.NOT_SERVED),
    (Rejected, Result.REFUSED),
)


def sending(send: Callable[[], Answer]) -> Answer:
    """The answer of `send`, or what its error proves; anything not listed proves nothing."""
    try:
        return send()
    except ClusterError as error:
        result = next((result for kind, result in PROVES if isinstance(error, kind)), Result.UNKNOWN)
        return Answer(result, str(error))
