"""The look right before sending: where it cannot be had, nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clusters.errors import ClusterError
from runbooks.engine.outcome import Level, Refused, Verdict


@contextmanager
def last_look(what: str) -> Iterator[None]:
    """Turns a failed read into a refusal by R19; a command that needs it has not been sent."""
    try:
        yield
    except ClusterError as error:
        raise unseen(f"{what}, right before sending ({error})") from error


def unseen(fact: str) -> Refused:
    """A refusal by R19: the look was made, and did not tell this."""
    return Refused(
        Verdict(
            code="R19",
            title="What is true right before sending is known",
            level=Level.ABSOLUTE,
            is_met=False,
            saw=f"unknown: {fact}",
            needs="an answer right before sending",
            source="Breakwater: re-check, then send",
            says=f"A fact needed to judge safety is unknown: {fact}. Unknown is treated as unsafe.",
        )
    )
