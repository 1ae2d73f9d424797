"""What a group will read twice or never: per partition, from what is known of its home."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from clusters.facts import Committed, MirrorFacts, MirrorStatus
from runbooks.engine.clamping import Forecast, commits_here, forecast, frozen_commits, names_here, of_group, words
from tests.runbooks.engine.made import NEW, NOW, OLD, TOPIC, case, group, lost, mirror, pair, side, topic

OFFSET = st.integers(0, 300)


@given(OFFSET, OFFSET, OFFSET, st.integers(0, 60), st.integers(0, 60))
def test_the_bounds_hold_whatever_the_group_had_really_read(
    committed: int, end: int, home: int, further: int, written: int
) -> None:
    """It had read to `read` when it was lost, and committed only `home` of that."""
    source_end = max(home + further, end) + written
    read = home + further
    found = Forecast(TOPIC, 0, committed, end, home, source_end, is_exact=False)
    again = max(0, min(read, end) - found.start)
    never = max(0, source_end - max(read, end))
    assert found.again_lower <= again <= found.again_upper
    assert found.never_lower <= never <= found.never_upper
    assert found.start + found.clamped == committed


@given(OFFSET, OFFSET, OFFSET)
def test_a_group_that_was_stopped_in_order_is_known_exactly(committed: int, end: int, home: int) -> None:
    found = Forecast(TOPIC, 0, committed, end, home, None, is_exact=True)
    assert found.again_lower == found.again_upper == max(0, min(home, end) - found.start)
    assert found.never_lower == found.never_upper == 0


def test_an_offset_above_the_end_is_set_back_and_said() -> None:
    (found,) = forecast([Committed(TOPIC, 0, 120)], {(TOPIC, 0): 100}, {(TOPIC, 0): 130}, {}, is_exact=False)
    assert (found.start, found.clamped, found.again_lower, found.again_upper) == (100, 20, 0, 0)
    assert words([found]) == "0 records are read again, 0 never; 20 offsets are above the log end and are set back"
    assert words([]).startswith("nothing is committed here")


def test_without_a_known_home_everything_up_to_the_end_may_be_read_again() -> None:
    (found,) = forecast([Committed(TOPIC, 0, 60)], {(TOPIC, 0): 100}, None, {(TOPIC, 0): 110}, is_exact=True)
    assert (found.again_lower, found.again_upper, found.never_lower, found.never_upper) == (0, 40, 0, 10)


def test_names_cross_over_the_prefixes() -> None:
    theirs = MirrorFacts("l", "eu-north.orders", "orders", MirrorStatus.ACTIVE, "ACTIVE", "", NOW, 1, ())
    mine = replace(theirs, topic="eu-south.orders")
    home = side(OLD, mirrors=(mine,), groups={"g": replace(group("g"), committed=(
        Committed("orders", 0, 7), Committed("eu-south.orders", 0, 9)))})  # fmt: skip
    here = side(NEW, mirrors=(theirs,))
    assert names_here(home, here) == {"orders": "eu-north.orders", "eu-south.orders": "orders"}
    assert commits_here(home, here, "g") == {("eu-north.orders", 0): 7, ("orders", 0): 9}


def test_of_a_lost_home_the_receipt_tells_and_of_one_that_answers_its_coordinator() -> None:
    at_home = group("balances", p0=98, p1=90)
    here = side(NEW, mirrors=(mirror(),), groups={"balances": group("balances", p0=90, p1=90)})
    facts = pair(lost(OLD), here)
    frozen = frozen_commits(facts, OLD, side(OLD, groups={"balances": at_home, "undeclared": group("undeclared")}))
    assert frozen == {"balances": {"entries-0": 98, "entries-1": 90}}
    parts = [{"partition": 0, "source_end": 104, "upper_end": 120}, {"partition": 1, "source_end": None}]
    receipt = {"survivor": NEW, "groups": frozen, "topics": {TOPIC: {"partitions": parts}}}
    first, second = of_group(case(facts, evidence={"receipt": receipt}), NEW, here.groups["balances"])
    assert (first.again_lower, first.again_upper, first.never_upper, first.is_exact) == (8, 10, 20, False)
    assert (second.again_lower, second.again_upper, second.source_end) == (0, 10, None)

    answers = side(OLD, groups={"balances": at_home}, topics={TOPIC: topic(100, 100)})
    first, _ = of_group(case(pair(answers, here)), NEW, here.groups["balances"])
    assert (first.again_lower, first.again_upper, first.is_exact) == (8, 8, True)
