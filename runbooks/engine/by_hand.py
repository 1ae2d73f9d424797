"""A step as a person does it without this program: what paper says of it."""

from __future__ import annotations

from dataclasses import dataclass

from clusters.gateway import Commands


@dataclass(frozen=True)
class ByHand:
    """`does` and `expects` get boxes, `notes` blank lines. `looks` change nothing; `sends` are run once."""

    does: tuple[str, ...] = ()
    looks: Commands = ()
    sends: Commands = ()
    expects: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
