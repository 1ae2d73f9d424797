from __future__ import annotations

from itertools import combinations, product

import pytest

from tests.domain.allpairs import all_pairs

FACTORS = (
    {"a": "u", "b": "xy"},
    {"a": "uvw", "b": "xy", "c": "uvwx"},
    {"a": "uv", "b": "uv", "c": "uv", "d": "uv", "e": "uv", "f": "uv"},
    {"a": "uvwx", "b": "uvwx", "c": "uvwx"},
)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factors", FACTORS)
def test_every_pair_of_levels_stands_in_a_row(factors, seed):
    rows = all_pairs(factors, seed=seed)
    for (one, its), (other, others) in combinations(factors.items(), 2):
        assert {(row[one], row[other]) for row in rows} == set(product(its, others))
    assert len(rows) <= 2 * max(len(its) * len(others) for its, others in combinations(factors.values(), 2))


def test_the_same_seed_gives_the_same_rows():
    factors = {"a": "uvw", "b": "xy", "c": "uv"}
    assert all_pairs(factors, seed=3) == all_pairs(factors, seed=3)


def test_given_rows_come_first_and_keep_what_they_fix():
    factors = {"a": "uv", "b": "xy", "c": "xy"}
    rows = all_pairs(factors, [{"a": "u"}, {"a": "u", "c": "y"}])
    assert (rows[0]["a"], rows[1]["a"], rows[1]["c"]) == ("u", "u", "y")
    assert {(row["a"], row["b"]) for row in rows} == set(product("uv", "xy"))


def test_what_is_not_allowed_stands_in_no_row():
    rows = all_pairs({"a": "uv", "b": "xy"}, allowed=lambda row: (row["a"], row["b"]) != ("u", "x"))
    assert sorted((row["a"], row["b"]) for row in rows) == [("u", "y"), ("v", "x"), ("v", "y")]


def test_a_given_row_that_cannot_be_is_a_mistake():
    with pytest.raises(ValueError, match="empty"):
        all_pairs({"a": "uv", "b": "xy"}, [{"a": "z"}])
