"""Many threads that ask at the same time get one result, worked out once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from clusters.once import worked_out_once

THREADS = 8


def test_many_who_ask_at_once_make_one_piece_of_work() -> None:
    worked, all_asked = [], threading.Barrier(THREADS + 1)

    @worked_out_once(maxsize=2)
    def work(text: str) -> list[str]:
        all_asked.wait(10)  # until nobody is left who has not asked
        worked.append(text)
        return [text]

    def ask(_: int) -> list[str]:
        threading.Thread(target=all_asked.wait, args=(10,)).start()
        return work("same")

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(ask, range(THREADS)))
    assert worked == ["same"]
    assert all(each is found[0] for each in found)


def test_what_raises_is_worked_out_again() -> None:
    tries = []

    @worked_out_once(maxsize=2)
    def work(text: str) -> str:
        tries.append(text)
        raise ValueError(text)

    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            work("bad")
    assert tries == ["bad", "bad"]
