"""The Merkle tree of RFC 6962 over the record. Leaf n - 1 is event n: SHA-256(0x00 ‖ the exact bytes of its body).

A `Frontier` grows by leaves and never looks back, so a new root costs only what is new. Proofs are for people
elsewhere: inclusion hands over one event, consistency shows that a tree only grew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(body: bytes | memoryview[int]) -> bytes:
    return hashlib.sha256(b"".join((b"\0", body))).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """A tree that keeps only the roots of its whole subtrees, largest first: one for each bit of its size."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)
        if len(self.peaks) != size.bit_count() or size < 0:
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(self.peaks)}")

    def copy(self) -> Frontier:
        return Frontier(self.size, self.peaks)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Subtree by subtree, the largest that fits each time: level by level is twice as fast as leaf by leaf."""
        done = 0
        while left := len(leaves) - done:
            fits = 1 << (left.bit_length() - 1)
            span = min(fits, self.size & -self.size or fits)
            self._take(_whole(leaves[done : done + span]), span)
            done += span

    def _take(self, peak: bytes, span: int) -> None:
        rest = self.size // span
        while rest & 1:
            peak, rest = node_hash(self.peaks.pop(), peak), rest >> 1
        self.peaks.append(peak)
        self.size += span

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY
        *rest, found = self.peaks
        for peak in reversed(rest):
            found = node_hash(peak, found)
        return found


def _whole(level: Sequence[bytes]) -> bytes:
    """The root of a power of two of leaves."""
    sha256 = hashlib.sha256
    while len(level) > 1:
        level = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def root_of(leaves: Sequence[bytes]) -> bytes:
    tree = Frontier()
    tree.extend(leaves)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of all `leaves` (RFC 6962, 2.1.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split])]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` leads from `leaf` at `index` to `root` of a tree of `size` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], earlier: int) -> list[bytes]:
    """The hashes that show that the tree of the first `earlier` leaves lies in the tree of all (RFC 6962, 2.1.2)."""
    if not 0 <= earlier <= len(leaves):
        raise ValueError(f"a tree of {len(leaves)} never had {earlier} leaves")
    return _subproof(leaves, earlier, is_whole=True) if earlier else []


def _subproof(leaves: Sequence[bytes], earlier: int, *, is_whole: bool) -> list[bytes]:
    if earlier == len(leaves):
        return [] if is_whole else [root_of(leaves)]
    split = _split(len(leaves))
    if earlier <= split:
        return [*_subproof(leaves[:split], earlier, is_whole=is_whole), root_of(leaves[split:])]
    return [*_subproof(leaves[split:], earlier - split, is_whole=False), root_of(leaves[:split])]


def is_consistent(earlier: int, later: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `later` leaves with root `new` begins with the tree of `earlier` with root `old`
    (RFC 9162, 2.1.4.2).
    """
    if not 0 <= earlier <= later:
        return False
    if earlier in (0, later):
        return not proof and old == (EMPTY if earlier == 0 else new)
    path = list(proof) if earlier & (earlier - 1) else [old, *proof]
    if not path:
        return False
    place, last = earlier - 1, later - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    return _walk(path, place, last) == (old, new)


def _walk(path: Sequence[bytes], place: int, last: int) -> tuple[bytes, bytes] | None:
    """Both roots that a consistency proof gives; None for one of the wrong length."""
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
