"""Whatever text comes, reading it ends in a tree or in a complaint with a line."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.document import LIMITS, DocumentError, Fields, Items, Scalar, read_document

YAML_ISH = st.text(st.sampled_from("ab:-[]{},'\"\n #&*!|>%@`~01\t\\?"), max_size=80)


@given(st.one_of(st.text(max_size=200), YAML_ISH))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text):
    assert read_or_refused(text)


def read_or_refused(text: str) -> bool:
    try:
        return isinstance(read_document(text), Scalar | Items | Fields)
    except DocumentError as error:
        return all(line >= 1 and said for line, said in error.complaints)


def test_scalars_stay_what_was_written():
    tree = read_document("a: 8.10\nb: no\nc: 0x10\nd: 2026-11-20\ne: ~\nf: '~'\ng: |\n  two\n  lines\n")
    assert isinstance(tree, Fields)
    said = {key: node.text for key, node in tree.nodes.items() if isinstance(node, Scalar)}
    assert said["a"] == "8.10"
    assert said["b"] == "no"
    assert said["c"] == "0x10"
    assert said["d"] == "2026-11-20"
    assert said["g"] == "two\nlines\n"
    empty = {key for key, node in tree.nodes.items() if isinstance(node, Scalar) and node.is_empty}
    assert empty == {"e"}
    assert tree.lines == {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7}


@pytest.mark.parametrize("text", ["[" * LIMITS.kib * 1024, "a: x\n" * 500 + "{a: " * 100_000])
def test_a_bomb_costs_little(text: str) -> None:
    began = time.process_time()
    with pytest.raises(DocumentError, match="brackets are open here"):
        read_document(text)
    # Work, not time on the wall: looking ahead from each open bracket would take minutes.
    assert time.process_time() - began < 1.0
