"""Text that is no runbook is refused by line, quickly, and with nothing built from it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.engine.complaint import DefinitionError
from runbooks.engine.text import LIMITS, Spot, read

MAX_BYTES = LIMITS.kib * 1024

REFUSED = {
    "empty": ("", 1, "empty"),
    "only a comment": ("# nothing\n", 1, "empty"),
    "duplicate key": ("a: 1\nb: 2\na: 3\n", 3, "twice"),
    "anchor": ("a: &x [1]\n", 1, "anchors"),
    "alias": ("a: 1\nb: *x\n", 2, "not readable|anchors"),
    "python tag": ("a: !!python/object/apply:os.system [id]\n", 1, "tags"),
    "own tag": ("a: 1\nb: !thing 2\n", 2, "tags"),
    "directive": ("%YAML 1.1\n---\na: yes\n", 2, "directives"),
    "second document": ("a: 1\n---\nb: 2\n", 2, "second document"),
    "tabs": ("a:\n\tb: 1\n", 2, "not readable"),
    "unclosed": ("a: [1,\nb: 2\n", 3, "not readable"),
    "null byte": ("a: \x00\n", 1, "not readable"),
    "lone surrogate": ("a: \ud800\n", 1, "not readable"),
    "complex key": ("? [a]\n: b\n", 1, "single word"),
    "huge number": (f"a: {'9' * 6000}\n", 1, "number"),
    "too long": (f"a: {'x' * MAX_BYTES}\n", 1, "larger than"),
    "too deep": ("a: " + "[" * 20 + "]" * 20, 1, "too much"),
    "too many": ("- a\n" * 5000, 4000, "too much"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_line(name: str) -> None:
    text, line, says = REFUSED[name]
    with pytest.raises(DefinitionError, match=says) as refused:
        read(text)
    assert refused.value.complaints[0].line == line


def test_every_duplicate_is_named_at_once() -> None:
    with pytest.raises(DefinitionError) as refused:
        read("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert [complaint.line for complaint in refused.value.complaints] == [2, 3]


BOMBS = {
    "open brackets": "[" * MAX_BYTES,
    "open braces": "{a: " * (MAX_BYTES // 4),
    "brackets behind text": "a: x\n" * 500 + "[" * (MAX_BYTES - 5000),
    "laughs": "a: &a [x,x]\n"
    + "".join(f"{b}: &{b} [*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "many values": "- a\n" * (MAX_BYTES // 4),
    "question marks": "? " * (MAX_BYTES // 2),
    "dashes": "- " * (MAX_BYTES // 2),
    "quotes": '"' * MAX_BYTES,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_little(name: str) -> None:
    text = BOMBS[name]
    began = time.process_time()
    with pytest.raises(DefinitionError):
        read(text)
    # Work, not time on the wall: it takes a few hundredths of a second here, and seconds to minutes without the limits.
    assert time.process_time() - began < 1.0


def test_values_are_those_of_yaml_1_2() -> None:
    assert read("a: [yes, on, 010, 1e3, ~, true, 2026-11-20, '7']\n").value == {
        "a": Spot([Spot(value, 1) for value in ("yes", "on", 10, 1000.0, None, True, "2026-11-20", "7")], 1)
    }


@given(st.text(alphabet=st.sampled_from("a:{}[]&*!-?|>'\"#%@ \n,1~"), max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read(text)
    except DefinitionError as refused:
        lines = [complaint.line for complaint in refused.complaints]
    else:
        lines = [found.line]
    assert min(lines) >= 1
