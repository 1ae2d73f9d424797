from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import canonical


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@given(PLAIN)
def test_what_can_be_encoded_reads_back_and_encodes_to_the_same_bytes(value: object) -> None:
    try:
        raw = canonical.encode(value)
    except TypeError as refused:
        assert "two keys that read the same" in str(refused)  # noqa: PT017
        return
    assert canonical.encode(json.loads(raw)) == raw


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert canonical.encode({"b": 1, "a": [True, None]}) == b'{"a":[true,null],"b":1}'


def test_two_ways_to_write_one_letter_are_one() -> None:
    assert canonical.encode("e\u0301") == canonical.encode("\u00e9")


def test_an_instant_is_in_utc_with_microseconds() -> None:
    at = datetime(2026, 11, 20, 3, 14, 8, 7, timezone(timedelta(hours=1)))
    assert canonical.encode(at) == b'"2026-11-20T02:14:08.000007Z"'
    with pytest.raises(TypeError, match="no time zone"):
        canonical.encode(at.replace(tzinfo=None))


def test_enums_are_what_they_stand_for() -> None:
    assert canonical.encode([Colour.RED, Level.LOW]) == b'["red",1]'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"lag": {"max": [1, 2.5]}}, r"lag\.max\[1\] is 2\.5 \(float\).*whole number of a smaller unit"),
        ({"raw": b"x"}, r"raw is b'x' \(bytes\).*write it as text"),
        ({"some": {1, 2}}, r"some is \{1, 2\} \(set\)"),
        ({1: "x"}, "the key 1; keys are text"),
        ({"e\u0301": 1, "\u00e9": 2}, "two keys that read the same"),
    ],
)
def test_what_the_record_cannot_hold_is_named(value: object, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        canonical.encode(value)


def test_text_that_no_database_takes_is_kept_readable() -> None:
    assert canonical.clean("a\0b\ud800c") == "a\ufffdb\ufffdc"
    assert canonical.clean("\ud83d\ude00") == "\U0001f600"
    assert canonical.instant(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000000Z"
