"""The tree against the vectors of the Certificate Transparency project, and its proofs against any change of a bit."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import tree

# The eight entries of the reference tree, and its root at each size.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [tree.leaf_hash(entry) for entry in ENTRIES]

logs = st.integers(1, 70).map(lambda size: [tree.leaf_hash(b"%d" % number) for number in range(size)])


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


@pytest.mark.parametrize("size", range(9))
def test_the_reference_roots(size: int) -> None:
    assert tree.root_of(LEAVES[:size]).hex() == ROOTS[size]


def test_seven_leaves_as_the_rfc_draws_them() -> None:
    """RFC 6962, 2.1.3: the tree of d0 … d6, its audit paths and its consistency proofs, letter by letter."""
    a, b, c, d, e, f, j = (sha(b"\0", entry) for entry in ENTRIES[:7])
    g, h, i = sha(b"\1", a, b), sha(b"\1", c, d), sha(b"\1", e, f)
    k, l_ = sha(b"\1", g, h), sha(b"\1", i, j)
    leaves = LEAVES[:7]
    assert tree.root_of(leaves) == sha(b"\1", k, l_)
    assert tree.inclusion_proof(leaves, 0) == [b, h, l_]
    assert tree.inclusion_proof(leaves, 3) == [c, g, l_]
    assert tree.inclusion_proof(leaves, 4) == [f, j, k]
    assert tree.inclusion_proof(leaves, 6) == [i, k]
    assert tree.consistency_proof(leaves, 3) == [c, d, g, l_]
    assert tree.consistency_proof(leaves, 4) == [l_]
    assert tree.consistency_proof(leaves, 6) == [i, j, k]


@given(logs, st.data())
def test_a_frontier_that_was_kept_grows_as_if_it_had_seen_all(leaves: list[bytes], data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(leaves)))
    first = tree.Frontier()
    first.extend(leaves[:kept])
    again = tree.Frontier(first.size, first.peaks)
    again.extend(leaves[kept:])
    assert (again.size, again.root()) == (len(leaves), tree.root_of(leaves))
    assert len(again.peaks) == len(leaves).bit_count()


def flipped(value: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(value))


@given(logs, st.data())
def test_an_inclusion_proof_holds_and_no_flipped_bit_does(leaves: list[bytes], data: st.DataObject) -> None:
    index, size, root = data.draw(st.integers(0, len(leaves) - 1)), len(leaves), tree.root_of(leaves)
    proof = tree.inclusion_proof(leaves, index)
    assert tree.is_included(leaves[index], index, size, proof, root)
    parts = [leaves[index], root, *proof]
    bit, which = data.draw(st.integers(0, 255)), data.draw(st.integers(0, len(parts) - 1))
    parts[which] = flipped(parts[which], bit)
    assert not tree.is_included(parts[0], index, size, parts[2:], parts[1])
    assert not tree.is_included(leaves[index], index, size, [*proof, root], root)
    if proof:
        assert not tree.is_included(leaves[index], index, size, proof[:-1], root)
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index))
        assert not tree.is_included(leaves[index], other, size, proof, root)


@given(logs, st.data())
def test_a_consistency_proof_holds_and_no_flipped_bit_does(leaves: list[bytes], data: st.DataObject) -> None:
    earlier, later = data.draw(st.integers(1, len(leaves))), len(leaves)
    old, new = tree.root_of(leaves[:earlier]), tree.root_of(leaves)
    proof = tree.consistency_proof(leaves, earlier)
    assert tree.is_consistent(earlier, later, old, new, proof)
    parts = [old, new, *proof]
    bit, which = data.draw(st.integers(0, 255)), data.draw(st.integers(0, len(parts) - 1))
    parts[which] = flipped(parts[which], bit)
    assert not tree.is_consistent(earlier, later, parts[0], parts[1], parts[2:])
    assert not tree.is_consistent(earlier, later, old, new, [*proof, old])
    if proof:
        assert not tree.is_consistent(earlier, later, old, new, proof[:-1])


@given(logs, st.data())
def test_a_history_that_was_changed_has_no_consistency_proof(leaves: list[bytes], data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, len(leaves)))
    old, place = tree.root_of(leaves[:earlier]), data.draw(st.integers(0, earlier - 1))
    changed = [*leaves[:place], tree.leaf_hash(b"another"), *leaves[place + 1 :]]
    proof = tree.consistency_proof(changed, earlier)
    assert not tree.is_consistent(earlier, len(changed), old, tree.root_of(changed), proof)


def test_the_empty_tree_is_in_every_tree() -> None:
    assert tree.is_consistent(0, 8, tree.EMPTY, tree.root_of(LEAVES), [])
    assert not tree.is_consistent(0, 8, tree.root_of(LEAVES), tree.root_of(LEAVES), [])
    assert not tree.is_consistent(3, 2, LEAVES[0], LEAVES[0], [])
    assert not tree.is_consistent(3, 8, LEAVES[0], LEAVES[1], [])


def test_what_no_tree_has_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no leaf 8 in a tree of 8"):
        tree.inclusion_proof(LEAVES, 8)
    with pytest.raises(ValueError, match="never had 9 leaves"):
        tree.consistency_proof(LEAVES, 9)
    with pytest.raises(ValueError, match="has 2 peaks, not 0"):
        tree.Frontier(3)
