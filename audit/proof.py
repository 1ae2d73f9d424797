"""What goes beside some events of a record, so that whoever has those alone can work out the root of a signed head.

It is the inclusion proof of RFC 6962 for many leaves at once: the roots of the largest subtrees that hold none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from audit.tree import node_hash


class Part(NamedTuple):
    """A subtree. `needed`: the roots of what in it is not handed over, left to right; None where nothing of it is."""

    span: int
    root: bytes
    needed: tuple[bytes, ...] | None

    @property
    def roots(self) -> tuple[bytes, ...]:
        return (self.root,) if self.needed is None else self.needed


def proof(leaves: Iterable[tuple[bytes, bool]]) -> list[bytes]:
    """The hashes for all leaves of a tree, in order, each with whether it is handed over. Looks at each leaf once."""
    parts: list[Part] = []
    for leaf, is_handed_over in leaves:
        part = Part(1, leaf, () if is_handed_over else None)
        while parts and parts[-1].span == part.span:
            part = _joined(parts.pop(), part)
        parts.append(part)
    while len(parts) > 1:
        right = parts.pop()
        parts.append(_joined(parts.pop(), right))
    return list(parts[0].roots) if parts else []


def _joined(left: Part, right: Part) -> Part:
    root, span = node_hash(left.root, right.root), left.span + right.span
    if left.needed is None and right.needed is None:
        return Part(span, root, None)
    return Part(span, root, left.roots + right.roots)
