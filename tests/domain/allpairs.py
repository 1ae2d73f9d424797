"""Few rows that hold every pair of levels of every two factors."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, product

Row = Mapping[str, str]
Pair = frozenset[tuple[str, str]]


def pairs(row: Row) -> frozenset[Pair]:
    return frozenset(frozenset(two) for two in combinations(sorted(row.items()), 2))


def possible(factors: Mapping[str, Sequence[str]], allowed: Callable[[Row], bool]) -> list[Row]:
    rows = (dict(zip(factors, levels, strict=True)) for levels in product(*factors.values()))
    return [row for row in rows if allowed(row)]


def all_pairs(
    factors: Mapping[str, Sequence[str]],
    given: Iterable[Row] = (),
    *,
    allowed: Callable[[Row], bool] = lambda row: True,
    seed: int = 0,
) -> list[Row]:
    """The given rows, which fix some levels each, made whole; then as many more as it takes. Same seed, same rows."""
    candidates = possible(factors, allowed)
    random.Random(seed).shuffle(candidates)
    wanted = {pair for row in candidates for pair in pairs(row)}
    rows: list[Row] = []
    for fixed in given:
        rows.append(_best([row for row in candidates if fixed.items() <= row.items()], wanted, rows))
        wanted -= pairs(rows[-1])
    while wanted:
        rows.append(_best(candidates, wanted, rows))
        wanted -= pairs(rows[-1])
    return rows


def _best(candidates: Sequence[Row], wanted: set[Pair], rows: Iterable[Row]) -> Row:
    """The one with most of what is wanted; among equals the one whose levels were used least."""
    used = Counter(level for row in rows for level in row.items())
    return max(candidates, key=lambda row: (len(pairs(row) & wanted), -sum(used[level] for level in row.items())))
