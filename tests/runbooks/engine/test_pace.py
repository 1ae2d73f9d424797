"""What is usual: of lengths that happened, and nothing where there are too few."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.engine.pace import Pace, pace

LENGTHS = st.lists(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=1)), min_size=3)


def seconds(*each: float) -> list[timedelta]:
    return [timedelta(seconds=one) for one in each]


def test_below_three_nothing_is_usual() -> None:
    assert pace([]) is None
    assert pace(seconds(1, 2)) is None
    assert pace(seconds(3, 1, 2)) == Pace(*seconds(2, 3), times=3)


def test_the_bound_leaves_out_five_of_a_hundred() -> None:
    assert pace(seconds(*range(1, 101))) == Pace(*seconds(50, 95), times=100)


def test_a_clock_that_was_set_back_counts_for_nothing() -> None:
    assert pace(seconds(-5, 1, 2)) is None


def test_it_is_said_as_a_sentence_holds_it() -> None:
    assert str(Pace(*seconds(12.4, 39.2), times=8)) == "usually 12 s, 95 % under 40 s"
    assert str(Pace(*seconds(12, 125), times=8)) == "usually 12 s, 95 % under 2:06"


@settings(deadline=None)
@given(LENGTHS)
def test_both_happened_and_nothing_that_is_usual_is_slow(lengths: list[timedelta]) -> None:
    found = pace(lengths)
    assert found is not None
    assert found.usual in lengths
    assert found.most in lengths
    assert found.usual <= found.most
    assert not found.is_slow(found.usual)
    assert sum(map(found.is_slow, lengths)) <= len(lengths) * 0.05
